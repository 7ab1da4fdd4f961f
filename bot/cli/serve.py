"""`lianju serve`."""

import click

__all__ = ["reload", "serve"]


@click.command()
@click.option(
    "--check", is_flag=True, help="Say whether it could start, without going online, and stop."
)
@click.pass_context
def serve(ctx: click.Context, check: bool) -> None:
    """Run the Discord bot, until it is told to stop."""
    if check:
        from .check import run_checks

        ctx.exit(run_checks())
    from ..serve import run
    from ..settings import load_settings

    ctx.exit(run(load_settings()))


@click.command()
def reload() -> None:
    """Have the running `lianju serve` load its bundle anew, and say how that went."""
    from ..reload import ask_to_reload
    from ..settings import load_settings

    click.echo(ask_to_reload(load_settings().database))
