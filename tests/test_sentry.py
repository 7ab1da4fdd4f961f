"""Reports to Sentry: what they hold, and what never leaves the process."""

import json
import logging
import os
import subprocess
import sys

import aiohttp
import pytest
import sentry_sdk
from lianju.bot.errors import LianjuError
from lianju.bot.logs import format_traceback
from lianju.bot.sentry import SentryError, reporting
from lianju.bot.settings import SENTRY_DSN
from pydantic import SecretStr
from sentry_sdk.transport import Transport

DSN = SecretStr("http://public@sentry.example/1")
LINE, TOKEN, USER = "黄河远上白云间", "MTAwMA.secret.token", 913_377_204_558_311_424

_log = logging.getLogger("lianju.bot.cogs.base")


class FakeTransport(Transport):
    """Keeps what would be sent."""

    sent = None

    def capture_envelope(self, envelope):
        self.sent.append(envelope)


@pytest.fixture
def sent(monkeypatch):
    """The envelopes that are sent meanwhile."""
    init = sentry_sdk.init
    monkeypatch.setattr(
        sentry_sdk, "init", lambda *args, **options: init(*args, transport=FakeTransport, **options)
    )
    monkeypatch.setattr(FakeTransport, "sent", [])
    yield FakeTransport.sent
    init()  # without a DSN: nothing is reported any more


def events(sent):
    return [event for envelope in sent if (event := envelope.get_event()) is not None]


def wholly(sent):
    """Everything that is sent, as text."""
    return b"".join(envelope.serialize() for envelope in sent).decode()


def fail(line, user):
    """Fails as a request might: user, line and token are in its variables and in its messages."""
    token = TOKEN
    try:
        {}[f"no {line}"]
    except KeyError as error:
        raise RuntimeError(f"{user} wrote {line} with {token}") from error


def report_incident(incident="0badcafe"):
    try:
        fail(LINE, USER)
    except RuntimeError as error:
        _log.error(
            "incident=%s\n%s", incident, format_traceback(error), extra={"incident": incident}
        )


def test_incident_is_reported_with_its_id_and_where_it_happened(sent):
    with reporting(DSN):
        report_incident()
    (event,) = events(sent)
    assert event["tags"] == {"incident": "0badcafe"}
    assert [each["type"] for each in event["exception"]["values"]] == ["KeyError", "RuntimeError"]
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert [frame["function"] for frame in frames] == ["report_incident", "fail"]
    assert event["release"].startswith("lianju@")


def test_nothing_is_sent_that_users_wrote_and_no_names_of_the_machine(sent, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "host-of-mine")
    with reporting(DSN):
        logging.getLogger("lianju.bot.cogs.base").warning("a breadcrumb of %s", LINE)
        sentry_sdk.set_user({"id": str(USER)})
        sentry_sdk.set_tag("line", LINE)
        sentry_sdk.add_breadcrumb(message=LINE)
        report_incident()
    text = wholly(sent)
    written = json.dumps(LINE)[1:-1]
    assert events(sent)
    for secret in (LINE, written, TOKEN, str(USER), "host-of-mine", sys.argv[0], "breadcrumb"):
        assert secret not in text, secret


@pytest.mark.parametrize(
    ("logger", "level", "error", "is_reported"),
    [
        ("lianju.bot.verse.serving.scheduler", "error", RuntimeError(LINE), True),
        ("discord.client", "error", RuntimeError(LINE), True),
        ("discord.shard", "error", ConnectionResetError(LINE), False),
        ("lianju.bot.serve", "error", LianjuError("busy-full"), False),
        ("discord.client", "warning", RuntimeError(LINE), False),
        ("urllib3.connectionpool", "error", RuntimeError(LINE), False),
    ],
)
def test_tracebacks_in_the_log_are_reported_unless_they_are_no_surprise(
    logger, level, error, is_reported, sent
):
    with reporting(DSN):
        getattr(logging.getLogger(logger), level)("%s", LINE, exc_info=error)
    assert len(events(sent)) == is_reported
    assert LINE not in wholly(sent)


def test_outage_of_discord_is_not_reported(sent):
    with reporting(DSN):
        _log.error("lost", exc_info=aiohttp.ClientConnectionError(LINE))
    assert events(sent) == []


def test_error_that_ends_the_process_is_reported_and_raised(sent):
    with pytest.raises(ZeroDivisionError), reporting(DSN):
        raise ZeroDivisionError
    (event,) = events(sent)
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"


def test_nothing_is_reported_before_and_after(sent):
    with reporting(DSN):
        pass
    report_incident()
    with reporting(None):
        report_incident()
    assert sent == []


@pytest.mark.parametrize("dsn", ["sentry.example", "https://sentry.example/1", "ftp://a@b/1"])
def test_what_is_no_dsn_is_refused_without_repeating_it(dsn):
    with pytest.raises(SentryError) as caught, reporting(SecretStr(dsn)):
        pass
    assert (caught.value.key, caught.value.facts) == ("setting-secret-value", {"name": SENTRY_DSN})


def test_missing_sdk_is_one_sentence(tmp_path):
    code = (
        "import sys\n"
        "sys.modules['sentry_sdk'] = None\n"
        "from lianju.bot.cli import main\n"
        "sys.exit(main(['serve']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DISCORD_TOKEN": "a.b.c", "SENTRY_DSN": DSN.get_secret_value()},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"lianju: {SentryError('sentry-missing')}\n"
