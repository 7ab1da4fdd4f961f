"""The operator's settings: given in code, or read from the environment and then from `.env`."""

import difflib
import io
import ipaddress
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import LianjuError
from .verse.model.provider import Provider

__all__ = [
    "LogFormat",
    "LogLevel",
    "Settings",
    "SettingsError",
    "hides_token",
    "load_settings",
    "parse_shards",
    "variable",
]

PREFIX = "LIANJU_"
TOKEN = "DISCORD_TOKEN"  # noqa: S105 -- the variable's name
SENTRY_DSN = "SENTRY_DSN"
OTHER_NAMES = {"discord_token": TOKEN, "sentry_dsn": SENTRY_DSN}
DOTENV = Path(".env")
MAX_PORT = 65_535
MAY_CONTAIN_SECRETS = (
    TOKEN,
    SENTRY_DSN,
    "LIANJU_DATABASE",
    "LIANJU_ENGINE",
    "LIANJU_ENGINE_TOKEN",
    "LIANJU_GATEWAY",
    "LIANJU_REST_BASE",
)
HTTP_ADDRESS = re.compile(r"^https?://[^\s/?#@]+[^\s?#@]*$")
HEADER_TOKEN = re.compile("[!-~]+")
ENCODING = "utf-8-sig"  # Windows editors put a byte order mark before the first key


def _expand_user(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:  # there is no such user
        raise ValueError from error


def _check_address(address: str) -> str:
    try:
        url = urlsplit(address)
        _ = url.port  # raises an error if it is none
        host = url.hostname or ""
        if ":" in host:
            ipaddress.IPv6Address(host.partition("%")[0])
        elif not host.encode("idna"):
            raise ValueError
    except UnicodeError as error:  # a part of the name is empty or too long
        raise ValueError from error
    return address


def _check_addresses(addresses: str) -> str:
    for address in addresses.split(","):
        if not HTTP_ADDRESS.fullmatch(address.strip()):
            raise ValueError(address)
        _check_address(address.strip())
    return addresses


def _check_token(token: SecretStr) -> SecretStr:
    if not HEADER_TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError
    return token


def _check_shards(text: str) -> str:
    parse_shards(text)
    return text


def _check_networks(networks: str) -> str:
    for network in networks.split(","):
        ipaddress.ip_network(network.strip())
    return networks


def _check_listening(address: str) -> str:
    host, _, port = address.rpartition(":")
    # A name may mean several addresses, and no address all of them.
    if host.startswith("["):
        ipaddress.IPv6Address(host.removeprefix("[").removesuffix("]"))
    else:
        ipaddress.IPv4Address(host)
    if not 0 < int(port) <= MAX_PORT:
        raise ValueError
    return address


Folder = Annotated[Path, AfterValidator(_expand_user)]
# Without a user and password: they would clash with the token of every request.
Address = Annotated[
    str,
    StringConstraints(pattern=HTTP_ADDRESS.pattern),
    AfterValidator(_check_address),
]
GatewayAddress = Annotated[
    str,
    StringConstraints(pattern=r"^wss?://[^\s/?#@]+[^\s?#@]*$"),
    AfterValidator(_check_address),
]
# One or more, separated by commas.
Addresses = Annotated[str, AfterValidator(_check_addresses)]
# Addresses or networks such as 10.0.0.0/8, separated by commas.
Networks = Annotated[str, AfterValidator(_check_networks)]
# As HTTP headers may contain it, and a token that is guessed is none.
EngineToken = Annotated[SecretStr, AfterValidator(_check_token)]
Shards = Annotated[str, AfterValidator(_check_shards)]
ListeningAddress = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9.]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$"),
    AfterValidator(_check_listening),
]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
DatabaseUrl = Annotated[
    str,
    StringConstraints(
        pattern=r"^(sqlite\+aiosqlite:///[^\s\x00][^\x00]*|postgresql\+asyncpg://[^\s\x00]+)$"
    ),
]


class SettingsError(LianjuError):
    """There is an unknown setting, or a value that is not allowed."""


def _default_database() -> str:
    return f"sqlite+aiosqlite:///{(user_data_path('lianju') / 'lianju.sqlite3').as_posix()}"


class Settings(BaseModel):
    """The settings in force; the message `setting-allowed` says what each may contain.

    What is not given has its default: only `load_settings` reads the environment and `.env`.

    Raises:
        SettingsError: A name is unknown, or a value is not allowed.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="forbid")

    discord_token: SecretStr | None = Field(default=None, validation_alias=TOKEN)
    test_guild: int | None = Field(default=None, gt=0, lt=2**63)
    rest_base: Address | None = None
    gateway: GatewayAddress | None = None
    allow_plaintext: bool = False
    engine: Addresses | None = None
    engine_token: EngineToken | None = None
    bundle: Folder | None = None
    couplet_bundle: Folder | None = None
    provider: Provider = "auto"
    threads: int = Field(default=0, ge=0, le=256)
    queue: int = Field(default=64, ge=1, le=10_000)
    # An interaction can be answered for 15 minutes; 840 s leave a minute for the reply itself.
    deadline: float = Field(default=30, ge=1, le=840)
    shards: Shards | None = None
    web_rate: int = Field(default=20, ge=0, le=10_000)
    web_proxies: Networks | None = None
    monitor: ListeningAddress | None = None
    sentry_dsn: SecretStr | None = Field(default=None, validation_alias=SENTRY_DSN)
    log_format: LogFormat = "text"
    log_level: LogLevel = "info"
    retention_days: int = Field(default=30, ge=1, le=365)
    database: DatabaseUrl = Field(default_factory=_default_database, repr=False)  # has a password

    if not TYPE_CHECKING:  # type checkers know the fields as its arguments

        def __init__(self, **values: Any) -> None:
            try:
                super().__init__(**values)
            except ValidationError as error:
                raise _settings_error(error) from None
            _check_together(self)

    @property
    def engine_addresses(self) -> tuple[str, ...]:
        """The addresses of the service that answers; none if the engine is in this process."""
        addresses = (self.engine or "").split(",")
        return tuple(address.strip().rstrip("/") for address in addresses if address.strip())


class _EnvironmentSettings(Settings, BaseSettings):
    """Settings that the environment and `.env` fill."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=DOTENV,
        env_file_encoding=ENCODING,
        env_ignore_empty=True,
        # `.env` is shared with other programs; load_settings refuses unknown names of ours.
        extra="ignore",
    )


def parse_shards(text: str) -> tuple[range, int]:
    """Returns the shards of a process, such as 0 to 3 for `0-3/16`, and how many the bot has.

    Raises:
        ValueError: The text names no such shards.
    """
    found = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?/([0-9]{1,5})", text)
    if found is None:
        raise ValueError
    first, count = int(found[1]), int(found[3])
    last = first if found[2] is None else int(found[2])
    if not first <= last < count:
        raise ValueError
    return range(first, last + 1), count


def variable(field: str) -> str:
    """Returns the environment variable that sets a field of `Settings`."""
    return OTHER_NAMES.get(field, PREFIX + field.upper())


def load_settings() -> Settings:
    """Reads the environment, then `.env` in the working folder; an empty value is the default.

    Raises:
        SettingsError: A `LIANJU_` name is unknown, a value is not allowed, or `.env` cannot be
            read; the message names the variable and never contains the token.
    """
    _refuse_unknown([*os.environ, *_dotenv_names()])
    return _EnvironmentSettings()


def _check_together(settings: Settings) -> None:
    """Checks settings that depend on each other.

    Raises:
        SettingsError: Others could read a token on its way to an address, or use the same file.
    """
    if settings.shards is not None and settings.database.startswith("sqlite"):
        shards, count = parse_shards(settings.shards)
        if len(shards) < count:
            raise SettingsError("setting-shards-sqlite", name=variable("shards"))
    if settings.allow_plaintext:
        return
    for name in ("rest_base", "gateway"):
        if not hides_token(getattr(settings, name) or ""):
            raise SettingsError("setting-plaintext", name=variable(name))
    if settings.engine_token is not None and not all(map(hides_token, settings.engine_addresses)):
        raise SettingsError("setting-plaintext", name=variable("engine"))


def hides_token(address: str) -> bool:
    """Returns whether nobody can read the token on its way to an address.

    That is so if the connection is encrypted, or does not leave this machine.
    """
    url = urlsplit(address)
    if url.scheme not in ("http", "ws") or url.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(url.hostname or "").is_loopback
    except ValueError:  # another name
        return False


def _dotenv_names() -> list[str]:
    if not DOTENV.is_file():
        return []
    try:
        text = DOTENV.read_text(encoding=ENCODING)
    except UnicodeDecodeError:
        raise SettingsError("dotenv-not-utf8") from None
    except OSError as error:
        raise SettingsError("dotenv-unreadable", reason=str(error.strerror)) from None
    names = []
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            raise SettingsError("dotenv-line", line=str(binding.original.line))
        if binding.key is not None:
            names.append(binding.key)
    return names


def _refuse_unknown(names: Iterable[str]) -> None:
    known = {variable(field) for field in Settings.model_fields}
    for name in names:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise _unknown(name, name.upper(), known)


def _unknown(name: str, spelling: str, known: Iterable[str]) -> SettingsError:
    """Returns the error for a name that is none of the known ones, with the most similar."""
    similar = difflib.get_close_matches(spelling, known, n=1, cutoff=0.75)
    if similar:
        return SettingsError("setting-unknown-similar", name=name, similar=similar[0])
    return SettingsError("setting-unknown", name=name, names=", ".join(sorted(known)))


def _settings_error(error: ValidationError) -> SettingsError:
    """Returns an error for the first wrong value, without the value if it may contain a secret."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        return _unknown(name, name, list(Settings.model_fields))
    name = name if name in OTHER_NAMES.values() else variable(name)
    if name in MAY_CONTAIN_SECRETS:
        return SettingsError("setting-secret-value", name=name)
    return SettingsError("setting-value", name=name, value=repr(str(first["input"])))
