"""`lianju serve`."""

import click

__all__ = ["serve"]


@click.command()
@click.option("--check", is_flag=True, help="Check whether the bot could start, offline, and exit.")
@click.pass_context
def serve(ctx: click.Context, check: bool) -> None:
    """Run the Discord bot until it is stopped."""
    if check:
        from .check import run_checks

        ctx.exit(run_checks())
    from ..serve import run
    from ..settings import load_settings

    ctx.exit(run(load_settings()))
