"""The page: a line in, five answers out, without cookies and with or without JavaScript.

Everything that it shows follows from its query string, so that a link gives everybody the same
answer. All addresses in it are relative, so that it works below any path of a proxy.
"""

import secrets
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ..engine import BundleInfo, Engine
from ..errors import LianjuError
from ..i18n import LANGUAGES, Localizer
from ..picture import Pictures
from ..verse import Answer, check_choice
from ..verse.request import DRAWN_SEEDS
from .address_limit import AddressLimit
from .api import endpoint, json_endpoint, read_body, until_gone
from .assets import SECURITY_HEADERS, serve_asset
from .errors import error_headers, status_of
from .language import localizer_of
from .picture import picture_response, read_card
from .query import Query
from .render import render_page

__all__ = ["page_routes"]

FORM_TYPE = "application/x-www-form-urlencoded"
MAX_ADDRESS = 3000  # characters; some proxies refuse more than 4,096
ROBOTS = "User-agent: *\nDisallow: /*?\n"  # every page with a query runs the model


def page_routes(engine: Engine, deadline_s: float, rate: int) -> list[Route]:
    """Returns the routes of the page.

    Args:
        engine: Answers requests.
        deadline_s: Seconds that an answer may take at most.
        rate: How many answers an address may ask for within a minute; 0 for any number.
    """
    page = Page(engine, deadline_s, AddressLimit(rate))
    return [
        Route("/", endpoint(page.respond, page.show_error), methods=["GET", "POST"]),
        Route("/picture", endpoint(page.draw, page.show_error), methods=["GET"]),
        Route("/static/{name}", json_endpoint(serve_asset), methods=["GET"]),
        Route("/robots.txt", _robots, methods=["GET"]),
    ]


class Page:
    """Answers the requests for the page.

    Args:
        engine: Answers requests for verse.
        deadline_s: Seconds that an answer may take at most.
        limit: How often an address may ask.
    """

    def __init__(self, engine: Engine, deadline_s: float, limit: AddressLimit) -> None:
        self._engine = engine
        self._deadline_s = deadline_s
        self._limit = limit
        self._pictures = Pictures()

    async def respond(self, request: Request) -> Response:
        """Shows the form, and an answer if the query string asks for one.

        What the form sends is redirected to the address that has it.
        """
        if request.method != "POST":
            return await self._show(request, Query.read(request.query_params))
        body = (await read_body(request, FORM_TYPE)).decode("utf-8", "replace")
        query = Query.read_form(dict(parse_qsl(body, keep_blank_values=True)))
        if len(query.address()) > MAX_ADDRESS:
            return await self._show(request, query)
        return RedirectResponse(query.address(), 303, SECURITY_HEADERS)

    async def draw(self, request: Request) -> Response:
        """Draws the verse of the query string."""
        card = read_card(request.query_params)
        self._limit.admit(_address(request))
        return picture_response(await until_gone(request, self._pictures.draw(card)))

    async def show_error(self, request: Request, error: LianjuError) -> Response:
        """Shows the form as it was filled in, and what is wrong."""
        query = getattr(request.state, "query", None) or Query.read(request.query_params)
        return await self._render(request, query, error=error)

    async def _show(self, request: Request, query: Query) -> Response:
        request.state.query = query
        if query.lang:
            check_choice(query.lang, tuple(LANGUAGES))
        if query.is_empty:
            return await self._render(request, query)
        wanted = query.to_request()
        address = _address(request)
        self._limit.admit(address)
        composing = self._engine.compose(wanted, self._deadline_s, ("address", address))
        answer = await until_gone(request, composing)
        return await self._render(request, query, answer)

    async def _render(
        self,
        request: Request,
        query: Query,
        answer: Answer | None = None,
        error: LianjuError | None = None,
    ) -> Response:
        localizer = Localizer(query.lang) if query.lang in LANGUAGES else localizer_of(request)
        seed = secrets.randbelow(DRAWN_SEEDS)
        text = render_page(query, localizer, await self._bundle(), seed, answer, error)
        headers = SECURITY_HEADERS | {
            "Cache-Control": "private, no-cache",
            "Content-Language": localizer.language,
            "Vary": "Accept-Language",
        }
        if not query.is_empty:
            headers["X-Robots-Tag"] = "noindex, nofollow"
        if error is not None:
            headers |= error_headers(error)
        return HTMLResponse(text, 200 if error is None else status_of(error), headers)

    async def _bundle(self) -> BundleInfo | None:
        try:
            return await self._engine.bundle()
        except LianjuError:  # without a service the page has no suggestions of rhymes
            return None


def _address(request: Request) -> str | None:
    return None if request.client is None else request.client.host


async def _robots(_: Request) -> Response:
    return PlainTextResponse(ROBOTS)
