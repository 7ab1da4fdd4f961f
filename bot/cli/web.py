"""`lianju web`."""

import click

from ..errors import missing_extra

__all__ = ["web"]

MAX_PORT = 65535


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, MAX_PORT),
    default=8080,
    show_default=True,
    help="The port to listen at.",
)
@click.pass_context
def web(ctx: click.Context, host: str, port: int) -> None:
    """Serve the page and the JSON interface until it is stopped."""
    from ..settings import load_settings

    try:
        from ..web.server import run
    except ModuleNotFoundError as error:
        raise missing_extra(error, "web") from None
    ctx.exit(run(load_settings(), host, port))
