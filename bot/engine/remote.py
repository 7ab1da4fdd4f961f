"""The engine in another process, asked over HTTP: `lianju web`, or anything that keeps its API."""

import asyncio
import hashlib
import itertools
import logging
from collections.abc import Coroutine, Hashable, Sequence
from typing import Any, TypeVar

import aiohttp
from pydantic import BaseModel, SecretStr, ValidationError

from ..errors import LianjuError
from ..observer import NOBODY, Observer
from ..verse import (
    Answer,
    Anthology,
    Blank,
    BusyError,
    CandidateScore,
    DeadlineError,
    Mended,
    PromptError,
    Request,
    RhymeBook,
)
from .anthology import AnthologyFields
from .bundle import BundleInfo
from .errors import ErrorBody, ServiceError
from .mend_fields import MendedFields, MendFields
from .protocol import CLOSE_TIMEOUT_S, Accepted
from .score_fields import ScoreFields
from .shared import Shared
from .wire import AnswerFields, RequestFields

__all__ = ["RemoteEngine"]

CONNECT_S = 2.0
KEEP_ALIVE_S = 4.0  # less than uvicorn's 5: where both close at once, a request is lost
ACCEPTED_AFTER_S = 0.5  # without a refusal: then a request counts as accepted
GRACE_S = 1.5  # after the deadline, for the answer to be sent
DESCRIBE_S = 10.0
FRESH_S = 5.0  # how long a description of the bundle is used
DOWN_S = 5.0  # how long an address that cannot be reached or is silent is tried last
MAX_SENT = 2  # how often a request is sent: one that crashes a service shall not crash them all
NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
TOKEN_REFUSED, TOO_MANY, SERVER_ERRORS = 401, 429, range(500, 600)

_log = logging.getLogger(__name__)

T = TypeVar("T")
Fields = TypeVar("Fields", bound=BaseModel)


class _BrokenError(Exception):
    """A connection failed, or what answered is no service but perhaps a proxy in front of one.

    Attributes:
        was_sent: Whether the service may have had the request.
    """

    def __init__(self, was_sent: bool = True) -> None:
        super().__init__()
        self.was_sent = was_sent


class RemoteEngine:
    """Asks a service, which may have several addresses.

    Requests go to the addresses in turn. Where a connection fails, the request goes on to the next
    address, or once more to the only one; its seed is drawn before, so that the answer is the same.
    An address that fails or is silent is tried last for a while.

    Args:
        addresses: Such as https://lianju.example, without a slash at the end; at least one.
        token: What the service asks for.
        observer: Is told which bundle answers.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        token: SecretStr | None = None,
        observer: Observer = NOBODY,
    ) -> None:
        self._addresses = tuple(addresses)
        self._observer = observer
        headers = {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._turns = itertools.count()
        self._down_until = dict.fromkeys(self._addresses, 0.0)
        self._is_away = False
        self._description: tuple[float, BundleInfo] | None = None
        self._describing = Shared(self._describe)
        self._anthology: tuple[tuple[str, str], Anthology] | None = None
        self._fetching_anthology = Shared(self._fetch_anthology)

    async def compose(
        self,
        request: Request,
        deadline_s: float,
        group: Hashable | None = None,
        on_accepted: Accepted | None = None,
    ) -> Answer:
        """Answers a request; see `Engine`."""
        try:
            fields = RequestFields.of(request.with_drawn_seed())
        except ValidationError:  # of all that a request may have, JSON lacks lone surrogates
            raise PromptError("prompt-not-text") from None
        body = fields.model_dump(exclude_unset=True)
        asking = self._ask("/v1/compose", body, AnswerFields, deadline_s, group)
        answer = await (asking if on_accepted is None else _accepting(asking, on_accepted))
        try:
            return answer.to_answer()
        except LianjuError:
            raise ServiceError("service-odd") from None

    async def score(
        self,
        line: str,
        candidates: Sequence[str],
        deadline_s: float,
        group: Hashable | None = None,
    ) -> list[CandidateScore]:
        """Scores what could follow a line; see `Engine`."""
        body = {"line": line, "candidates": list(candidates)}
        scores = await self._ask("/v1/score", body, ScoreFields, deadline_s, group)
        return scores.to_scores()

    async def mend(
        self,
        lines: Sequence[str],
        blanks: Sequence[Blank],
        deadline_s: float,
        group: Hashable | None = None,
        book: RhymeBook = "pingshui",
    ) -> Mended:
        """Finds characters for places of a poem; see `Engine`."""
        body = MendFields.of(lines, blanks, book).model_dump(exclude_unset=True)
        mended = await self._ask("/v1/mend", body, MendedFields, deadline_s, group)
        return mended.to_mended()

    async def bundle(self) -> BundleInfo:
        """Describes the bundle; see `Engine`. Callers share one request."""
        if self._description is not None and self._now() < self._description[0] + FRESH_S:
            return self._description[1]
        return await self._describing()

    async def anthology(self) -> Anthology:
        """Returns the poems with title and poet; see `Engine`. Callers share one request."""
        bundle = await self.bundle()
        if self._anthology is not None and self._anthology[0] == (bundle.name, bundle.version):
            return self._anthology[1]
        return await self._fetching_anthology()

    async def reload(self) -> None:
        """Asks for the bundle again; a service reloads it by itself."""
        self._description = None
        bundle = await self.bundle()
        figures = {"bundle": bundle.name, "version": bundle.version, "provider": bundle.provider}
        line = " ".join(f"{name}={value}" for name, value in figures.items())
        _log.info("service %s", line, extra=figures)

    async def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Closes all connections; see `Engine`."""
        del timeout_s  # nothing is waited for
        await self._session.close()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _describe(self) -> BundleInfo:
        description = await self._ask("/v1/bundle", None, BundleInfo, DESCRIBE_S)
        self._description = self._now(), description
        self._observer.bundle_loaded(description.name, description.version, description.provider)
        return description

    async def _fetch_anthology(self) -> Anthology:
        bundle = await self.bundle()
        fields = await self._ask("/v1/anthology", None, AnthologyFields, DESCRIBE_S)
        try:
            anthology = await asyncio.to_thread(fields.to_anthology)
        except ValueError:
            raise ServiceError("service-odd") from None
        # Another address may have answered, with another version than that of the description.
        of = fields.name or bundle.name, fields.version or bundle.version
        self._anthology = of, anthology
        return anthology

    async def _ask(
        self,
        path: str,
        body: dict[str, Any] | None,
        model: type[Fields],
        deadline_s: float,
        group: Hashable | None = None,
    ) -> Fields:
        """Sends a request to one address after the other until one answers.

        Args:
            path: The path.
            body: The fields of the body, without the deadline; None for a GET request.
            model: What the service answers with.
            deadline_s: Seconds that it may take.
            group: Whose share of the queue it takes.

        Raises:
            LianjuError: Why there is no answer.
        """
        ends_at = self._now() + deadline_s
        refusal: LianjuError | None = None
        broken, cause = 0, ""
        for address in self._order():
            left_s = ends_at - self._now()
            if left_s <= 0:
                raise DeadlineError
            try:
                async with asyncio.timeout(left_s + GRACE_S):
                    status, content = await self._exchange(address + path, body, left_s, group)
                answer = _read(status, content, model)
            except TimeoutError:  # the service itself would have told of the deadline before
                self._down_until[address] = self._now() + DOWN_S
                raise DeadlineError from None
            except _BrokenError as error:
                if self._session.closed:
                    raise BusyError("busy-closing") from None
                self._down_until[address] = self._now() + DOWN_S
                cause = type(error.__cause__ or error).__name__.strip("_")
                broken += error.was_sent
                if broken == MAX_SENT:
                    break
            except LianjuError as error:
                if error.key != "busy-closing":
                    self._note_up(address)
                    raise
                self._down_until[address] = self._now() + DOWN_S
                refusal = error  # another address may be open
            else:
                self._note_up(address)
                return answer
        if refusal is not None:
            raise refusal
        self._note_away(cause)
        raise ServiceError("service-away")

    def _order(self) -> list[str]:
        """Returns the addresses to try: those that are up first, in turn; an only one twice."""
        turn, now = next(self._turns) % len(self._addresses), self._now()
        turned = [*self._addresses[turn:], *self._addresses[:turn]]
        order = sorted(turned, key=lambda address: self._down_until[address] > now)
        return order if len(order) > 1 else order * 2

    async def _exchange(
        self, url: str, body: dict[str, Any] | None, left_s: float, group: Hashable | None
    ) -> tuple[int, bytes]:
        """Sends one request, and returns the status and the content of the response.

        Raises:
            BusyError: The engine is closed.
            _BrokenError: The connection failed.
        """
        if self._session.closed:
            raise BusyError("busy-closing")
        headers = {} if group is None else {"Lianju-Group": _opaque(group)}
        content = None
        if body is not None:
            content = body | {"deadline_ms": max(1, int(left_s * 1e3))}
        method = "GET" if body is None else "POST"
        try:
            async with self._session.request(
                method, url, json=content, headers=headers, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except aiohttp.ClientError as error:
            raise _BrokenError(was_sent=not isinstance(error, NOT_CONNECTED)) from error

    def _note_up(self, address: str) -> None:
        """Logs that the service is back, if it was away."""
        self._down_until[address] = 0.0
        if self._is_away:
            _log.info("service back address=%s", address)
        self._is_away = False

    def _note_away(self, cause: str) -> None:
        """Logs that the service is away, if it was not."""
        self._description = None
        if not self._is_away:
            fields = {"addresses": ",".join(self._addresses), "error": cause}
            line = " ".join(f"{name}={value}" for name, value in fields.items())
            _log.warning("service away %s", line, extra=fields)
        self._is_away = True


async def _accepting(asking: Coroutine[Any, Any, T], on_accepted: Accepted) -> T:
    """Waits for an answer; a request that is not refused at once counts as accepted."""
    task = asyncio.ensure_future(asking)
    try:
        done, _ = await asyncio.wait({task}, timeout=ACCEPTED_AFTER_S)
        if not done:
            await on_accepted()
        return await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _opaque(group: Hashable) -> str:
    """Returns a name for a group that says nothing of it, the same from every bot."""
    return hashlib.blake2b(str(group).encode(), digest_size=16).hexdigest()


def _read(status: int, content: bytes, model: type[Fields]) -> Fields:
    """Returns what a response has.

    Raises:
        LianjuError: The service refused the request, or answered with something else.
        _BrokenError: What answered is not the service.
    """
    if status == TOKEN_REFUSED:
        raise ServiceError("service-token")
    try:
        if status == 200:
            return model.model_validate_json(content)
        error = ErrorBody.model_validate_json(content)
    except ValueError:  # pydantic's ValidationError is one
        if status in SERVER_ERRORS:
            raise _BrokenError from None
        if status == TOO_MANY:
            raise BusyError("busy-full") from None
        raise ServiceError("service-odd") from None
    raise error.to_error(status)
