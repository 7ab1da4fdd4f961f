"""What an operator may set, read from the environment and then from `.env`."""

import difflib
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from dotenv.parser import parse_stream
from platformdirs import user_data_path
from pydantic import AfterValidator, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import LianjuError

__all__ = ["LogFormat", "LogLevel", "Settings", "SettingsError", "load_settings", "variable"]

PREFIX = "LIANJU_"
TOKEN = "DISCORD_TOKEN"  # noqa: S105 -- the variable's name
DOTENV = Path(".env")
MAY_HOLD_SECRETS = ("discord_token", "database", "rest_base", "gateway")
ENCODING = "utf-8-sig"  # Windows editors put a mark before the first key

Folder = Annotated[Path, AfterValidator(Path.expanduser)]
# Without a user and password: they would clash with the token of every request.
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+[^\s?#@]*$")]
GatewayAddress = Annotated[str, StringConstraints(pattern=r"^wss?://[^\s/?#@]+[^\s?#@]*$")]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
DatabaseUrl = Annotated[str, StringConstraints(pattern=r"^sqlite\+aiosqlite:///\S")]


class SettingsError(LianjuError):
    """The environment or `.env` holds something that is no setting, or no value for one."""


def _default_database() -> str:
    return f"sqlite+aiosqlite:///{(user_data_path('lianju') / 'lianju.sqlite3').as_posix()}"


class Settings(BaseSettings):
    """The settings in force; each field's description says what its variable may hold."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_prefix=PREFIX,
        env_file=DOTENV,
        env_file_encoding=ENCODING,
        env_ignore_empty=True,
        populate_by_name=True,
        # `.env` is shared with other programs; unknown names of ours are refused by load_settings.
        extra="ignore",
    )

    discord_token: Annotated[SecretStr | None, Field(validation_alias=TOKEN)] = Field(
        default=None, description="the token from the Bot page of the Discord developer portal"
    )
    test_guild: int | None = Field(
        default=None, gt=0, lt=2**63, description="the id of a Discord server, digits only"
    )
    rest_base: Address | None = Field(
        default=None,
        description=(
            "an http:// or https:// address such as https://discord.com/api/v10, "
            "without a user or password"
        ),
    )
    gateway: GatewayAddress | None = Field(
        default=None, description="a ws:// or wss:// address such as wss://gateway.discord.gg"
    )
    bundle: Folder | None = Field(default=None, description="the folder of a bundle")
    provider: Literal["auto", "cuda", "cpu"] = Field(
        default="auto", description="auto, cuda or cpu"
    )
    threads: int = Field(
        default=0, ge=0, le=256, description="a whole number from 0 (every core) to 256"
    )
    queue: int = Field(default=64, ge=1, le=10_000, description="a whole number from 1 to 10000")
    # An interaction can be answered for 15 minutes; 840 s leave a minute for the reply itself.
    deadline: float = Field(
        default=30, ge=1, le=840, description="a number of seconds from 1 to 840"
    )
    log_format: LogFormat = Field(default="text", description="text or json")
    log_level: LogLevel = Field(default="info", description="debug, info, warning or error")
    retention_days: int = Field(
        default=30, ge=1, le=365, description="a whole number of days from 1 to 365"
    )
    database: DatabaseUrl = Field(
        default_factory=_default_database,
        description="a URL such as sqlite+aiosqlite:////srv/lianju.sqlite3",
    )


def variable(field: str) -> str:
    """The environment variable that sets a field of `Settings`."""
    return TOKEN if field == "discord_token" else PREFIX + field.upper()


def load_settings() -> Settings:
    """Reads the environment, then `.env` in the working folder; an empty value is the default.

    Raises:
        SettingsError: A `LIANJU_` name is unknown, a value is not allowed, or `.env` cannot be
            read; the message names the variable and never holds the token.
    """
    _refuse_unknown([*os.environ, *_dotenv_names()])
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None


def _dotenv_names() -> list[str]:
    if not DOTENV.is_file():
        return []
    try:
        text = DOTENV.read_text(encoding=ENCODING)
    except UnicodeDecodeError:
        raise SettingsError(".env in the working folder is not UTF-8: save it as such.") from None
    except OSError as error:
        raise SettingsError(
            f".env in the working folder cannot be read ({error.strerror}): allow it or remove it."
        ) from None
    names = []
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            raise SettingsError(
                f"Line {binding.original.line} of .env is no setting: write NAME=value."
            )
        if binding.key is not None:
            names.append(binding.key)
    return names


def _refuse_unknown(names: Iterable[str]) -> None:
    known = {variable(field) for field in Settings.model_fields}
    for name in names:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.75)
            hint = (
                f"did you mean {near[0]}?" if near else f"choose from {', '.join(sorted(known))}."
            )
            raise SettingsError(f"{name} is not a setting: {hint}")


def _sentence(error: ValidationError) -> str:
    """One sentence for the first thing wrong; a value that may hold a secret is left out."""
    first = error.errors(include_url=False, include_context=False)[0]
    field = str(first["loc"][0])
    field = "discord_token" if field == TOKEN else field
    shown = "" if field in MAY_HOLD_SECRETS else f", not {str(first['input'])!r}"
    return f"{variable(field)} must be {Settings.model_fields[field].description}{shown}."
