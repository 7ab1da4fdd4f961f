"""`lianju serve --check`: checks offline whether the bot could start."""

import asyncio
import base64
import binascii
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import numpy as np

from ..client import StartError
from ..engine import BundleInfo, RemoteEngine
from ..errors import LianjuError
from ..sentry import reporting
from ..serve import load_monitor, read_token
from ..settings import Settings, SettingsError, load_settings
from ..store import name_of, open_store
from ..verse import BundleError, OnnxModel, RequestError, default_directory, load_bundle
from .language import format_error, locale_localizer, path_error

__all__ = ["run_checks"]

FAILED = 2  # exit status


def run_checks() -> int:
    """Prints one line for each thing that the bot needs.

    Returns:
        The exit status: 0, or 2 if anything is missing or wrong.
    """
    # What is logged meanwhile is reported as well.
    logging.getLogger("lianju").addHandler(logging.NullHandler())
    try:
        settings = load_settings()
    except SettingsError as error:
        _report("FAILED", "settings", format_error(error))
        return FAILED  # without settings nothing else can be checked
    _report("ok", "settings", locale_localizer().format("check-settings"))
    engine = {"engine": _engine} if settings.engine_addresses else {"bundle": _bundle}
    checks = engine | {"database": _database, "token": _token}
    if settings.couplet_bundle is not None and not settings.engine_addresses:
        checks["couplets"] = partial(_run, settings.couplet_bundle, couplets=True)
    if settings.monitor is not None:
        checks["monitor"] = _monitor
    if settings.sentry_dsn is not None:
        checks["sentry"] = _sentry
    passed = [_passes(name, check, settings) for name, check in checks.items()]
    return 0 if all(passed) else FAILED


def _passes(name: str, check: Callable[[Settings], str], settings: Settings) -> bool:
    try:
        found = check(settings)
    except LianjuError as error:
        _report("FAILED", name, format_error(error))
        return False
    except OSError as error:  # such as a folder that cannot be searched
        _report("FAILED", name, format_error(path_error(error)))
        return False
    _report("ok", name, found)
    return True


def _report(verdict: str, name: str, details: str) -> None:
    click.echo(f"{verdict:6}  {name:8}  {details}")


def _bundle(settings: Settings) -> str:
    return _run(settings.bundle or default_directory(), settings)


def _run(directory: Path, settings: Settings, *, couplets: bool = False) -> str:
    """Takes a step with the model of a bundle, which may have to be one for couplets."""
    bundle = load_bundle(directory)
    if couplets and bundle.manifest.encoder is None:
        raise RequestError("request-no-couplets")
    if not couplets and bundle.manifest.encoder is not None:
        raise RequestError("request-couplets-only")
    model = OnnxModel(bundle, settings.provider, settings.threads)
    token, parent = np.array([bundle.vocabulary.end]), np.array([0])
    try:
        has_encoder = bundle.manifest.encoder is not None
        state = model.encode(token[None]) if has_encoder else model.initial_state()
        output = model.step(token, parent, state, k=1)
    except LianjuError:
        raise
    except Exception as error:  # ONNX Runtime's errors share no other base
        raise BundleError("start-model-failed", path=str(bundle.directory)) from error
    if not np.isfinite(output.top_log_prob).all():
        raise BundleError("start-model-values", path=str(bundle.directory))
    manifest = bundle.manifest
    return locale_localizer().format(
        "check-bundle", name=manifest.name, version=manifest.version, provider=model.provider
    )


def _engine(settings: Settings) -> str:
    """Names what answers at each address; all of them must."""
    answers = []
    for address in settings.engine_addresses:
        try:
            bundle = asyncio.run(_ask_engine(settings, address))
        except LianjuError as error:
            raise StartError(
                "check-engine-failed", address=address, reason=format_error(error)
            ) from None
        facts = {"address": address, "name": bundle.name, "version": bundle.version}
        answers.append(locale_localizer().format("check-engine", **facts))
    return ", ".join(answers)


async def _ask_engine(settings: Settings, address: str) -> BundleInfo:
    engine = RemoteEngine([address], settings.engine_token)
    try:
        return await engine.bundle()
    finally:
        await engine.close()


def _database(settings: Settings) -> str:
    asyncio.run(_open_and_close(settings.database))
    return name_of(settings.database)


async def _open_and_close(url: str) -> None:
    store = await open_store(url)
    await store.close()


def _monitor(settings: Settings) -> str:
    load_monitor()
    return locale_localizer().format("check-monitor", address=str(settings.monitor))


def _sentry(settings: Settings) -> str:
    with reporting(settings.sentry_dsn):
        return locale_localizer().format("check-sentry")


def _token(settings: Settings) -> str:
    """Names the token's application; the first of its three parts is the id in base64.

    https://discord.com/developers/docs/reference#authentication
    """
    first, *others = read_token(settings).split(".")
    try:
        application = int(base64.b64decode(first + "=" * (-len(first) % 4), "-_", validate=True))
    except (binascii.Error, ValueError):
        application = None
    if application is None or len(others) != 2:
        raise StartError("start-token-parts")
    return locale_localizer().format("check-token", application=str(application))
