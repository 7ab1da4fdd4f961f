import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values
from lianju.bot.i18n import Localizer
from lianju.bot.settings import Settings, SettingsError, load_settings, variable
from pydantic import ValidationError

EXAMPLE = Path(__file__).parents[1] / ".env.example"


@pytest.fixture(autouse=True)
def _bare(tmp_path, monkeypatch):
    """An empty working folder, and an environment that sets nothing."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith("LIANJU_") or name.upper() == "DISCORD_TOKEN":
            monkeypatch.delenv(name)


def dotenv(text, encoding="utf-8"):
    Path(".env").write_text(text, encoding=encoding)


def test_example_lists_every_setting_and_nothing_else():
    assert set(dotenv_values(EXAMPLE)) == {variable(field) for field in Settings.model_fields}


def test_example_shows_the_real_defaults(tmp_path):
    defaults = load_settings()
    shutil.copy(EXAMPLE, tmp_path / ".env")
    assert load_settings() == defaults
    shown = {name for name, value in dotenv_values(EXAMPLE).items() if value}
    plain = {
        variable(name)
        for name, field in Settings.model_fields.items()
        if isinstance(field.default, str | int | float)
    }
    assert shown == plain


def test_every_setting_has_a_comment_above_it():
    blocks = EXAMPLE.read_text(encoding="utf-8").strip().split("\n\n")[1:]
    for block in blocks:
        *comment, setting = block.splitlines()
        assert comment
        assert all(line.startswith("# ") for line in comment)
        assert not setting.startswith("#")


@pytest.mark.parametrize("language", ["en", "zh-CN", "zh-TW"])
def test_every_setting_has_a_text_of_its_own_that_says_what_is_allowed(language):
    names = [variable(field) for field in Settings.model_fields]
    texts = {Localizer(language).format("setting-allowed", name=name) for name in names}
    assert len(texts) == len(names)


def test_database_is_a_file_in_the_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert load_settings().database.startswith("sqlite+aiosqlite:///")
    assert load_settings().database.endswith("/lianju/lianju.sqlite3")


def test_environment_overrides_dotenv(monkeypatch):
    dotenv("LIANJU_THREADS=3\nLIANJU_QUEUE=7\nOTHER_PROGRAM=1\n")
    monkeypatch.setenv("LIANJU_THREADS", "2")
    settings = load_settings()
    assert (settings.threads, settings.queue) == (2, 7)


def test_dotenv_of_a_windows_editor_is_read():
    dotenv("LIANJU_QUEUE=9\r\n", encoding="utf-8-sig")
    assert load_settings().queue == 9


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().threads = 5


@pytest.mark.parametrize("where", ["environment", "dotenv"])
def test_unknown_name_is_refused_with_the_likely_one(where, monkeypatch):
    if where == "dotenv":
        dotenv("LIANJU_BUNDEL=x\n")
    else:
        monkeypatch.setenv("LIANJU_BUNDEL", "x")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.key == "setting-unknown-similar"
    assert caught.value.facts == {"name": "LIANJU_BUNDEL", "similar": "LIANJU_BUNDLE"}


def test_unknown_name_like_no_other_is_refused_with_all_names(monkeypatch):
    monkeypatch.setenv("LIANJU_X", "1")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.key == "setting-unknown"
    assert caught.value.facts["names"].split(", ") == sorted(map(variable, Settings.model_fields))


def test_token_under_our_prefix_is_pointed_to_its_name(monkeypatch):
    monkeypatch.setenv("LIANJU_DISCORD_TOKEN", "hush")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.facts["similar"] == "DISCORD_TOKEN"
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("LIANJU_THREADS", "many", "from 0 (every core) to 256"),
        ("LIANJU_THREADS", "-1", "from 0 (every core) to 256"),
        ("LIANJU_THREADS", "257", "from 0 (every core) to 256"),
        ("LIANJU_QUEUE", "0", "from 1 to 10000"),
        ("LIANJU_WEB_RATE", "-1", "from 0 (no limit) to 10000"),
        ("LIANJU_WEB_PROXIES", "proxy.example", "IP addresses or networks"),
        ("LIANJU_WEB_PROXIES", "127.0.0.1, 10.0.0.1/8", "IP addresses or networks"),
        ("LIANJU_DEADLINE", "nan", "from 1 to 840"),
        ("LIANJU_DEADLINE", "841", "from 1 to 840"),
        ("LIANJU_RETENTION_DAYS", "0", "from 1 to 365"),
        ("LIANJU_RETENTION_DAYS", "366", "from 1 to 365"),
        ("LIANJU_LOG_FORMAT", "xml", "text or json"),
        ("LIANJU_LOG_LEVEL", "trace", "debug, info, warning or error"),
        ("LIANJU_PROVIDER", "tpu", "auto, cuda or cpu"),
        ("LIANJU_TEST_GUILD", "my server", "digits only"),
        ("LIANJU_TEST_GUILD", "0", "digits only"),
        ("LIANJU_ALLOW_PLAINTEXT", "maybe", "true or false"),
        ("LIANJU_MONITOR", ":9100", "127.0.0.1:9100 or [::1]:9100"),
        ("LIANJU_MONITOR", "9100", "127.0.0.1:9100 or [::1]:9100"),
        ("LIANJU_MONITOR", "127.0.0.1", "127.0.0.1:9100 or [::1]:9100"),
        ("LIANJU_MONITOR", "127.0.0.1:0", "127.0.0.1:9100 or [::1]:9100"),
        ("LIANJU_MONITOR", "127.0.0.1:65536", "127.0.0.1:9100 or [::1]:9100"),
        ("LIANJU_MONITOR", "127.0.0.256:9100", "127.0.0.1:9100 or [::1]:9100"),
        ("LIANJU_MONITOR", "localhost:9100", "127.0.0.1:9100 or [::1]:9100"),
        ("LIANJU_MONITOR", "::1:9100", "127.0.0.1:9100 or [::1]:9100"),
        ("LIANJU_MONITOR", "[1:2]:9100", "127.0.0.1:9100 or [::1]:9100"),
        ("LIANJU_MONITOR", "http://127.0.0.1:9100", "127.0.0.1:9100 or [::1]:9100"),
    ],
)
def test_bad_value_is_refused_with_value_and_range(name, value, allowed, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.key == "setting-value"
    assert caught.value.facts == {"name": name, "value": repr(value)}
    for language in ("en", "zh-CN", "zh-TW"):
        sentence = Localizer(language).format(caught.value.key, **caught.value.facts)
        assert all(number in sentence for number in re.findall(r"\d+", allowed))
    assert allowed in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIANJU_DATABASE", "postgresql://me:hush@host/db"),
        ("LIANJU_REST_BASE", "me:hush@proxy"),
        ("LIANJU_REST_BASE", "https://me:hush@proxy/api"),
        ("LIANJU_GATEWAY", "wss://me:hush@proxy/"),
        ("LIANJU_GATEWAY", "https://gateway"),
        ("LIANJU_GATEWAY", "wss://gateway:port"),
        ("LIANJU_GATEWAY", "wss://gateway:99999"),
        ("LIANJU_GATEWAY", "wss://[::1"),
        ("LIANJU_GATEWAY", "wss://[gateway]/"),
        ("LIANJU_REST_BASE", "https://[1:2]:80/"),
        ("LIANJU_REST_BASE", "https://proxy..home/api"),
        ("LIANJU_REST_BASE", f"https://{'a' * 64}/api"),
        ("LIANJU_REST_BASE", "https://:80/api"),
        ("LIANJU_ENGINE", "https://me:hush@service"),
        ("LIANJU_ENGINE", "https://one,two"),
        ("LIANJU_ENGINE", "https://one,"),
        ("LIANJU_ENGINE", "https://one https://two"),
        ("LIANJU_ENGINE_TOKEN", "hush hush"),
        ("LIANJU_ENGINE_TOKEN", "hushé"),
    ],
)
def test_addresses_may_hold_passwords_and_are_not_repeated(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.key == "setting-secret-value"
    assert caught.value.facts == {"name": name}


@pytest.mark.parametrize("address", ["127.0.0.1:9100", "0.0.0.0:1", "[::1]:65535", "[::]:9100"])
def test_monitor_listens_at_an_address(address, monkeypatch):
    monkeypatch.setenv("LIANJU_MONITOR", address)
    assert load_settings().monitor == address


def test_token_is_not_shown_by_its_settings(monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "hush.hush.hush")
    monkeypatch.setenv("SENTRY_DSN", "https://hush@sentry.example/1")
    settings = load_settings()
    assert settings.discord_token.get_secret_value() == "hush.hush.hush"
    assert "hush" not in repr(settings) + str(settings)


@pytest.mark.parametrize(
    ("content", "key", "facts"),
    [
        (b"LIANJU_QUEUE=9\nthis is no setting\n", "dotenv-line", {"line": "2"}),
        (b"LIANJU_QUEUE\n", "dotenv-line", {"line": "1"}),
        (b"LIANJU_QUEUE=\xff\xfe\n", "dotenv-not-utf8", {}),
    ],
)
def test_broken_dotenv_is_refused(content, key, facts):
    Path(".env").write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert (caught.value.key, caught.value.facts) == (key, facts)


def test_home_folder_may_be_written_as_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LIANJU_BUNDLE", "~/bundle")
    assert load_settings().bundle == tmp_path / "bundle"


def test_home_folder_of_nobody_is_refused(monkeypatch):
    monkeypatch.setenv("LIANJU_BUNDLE", "~no.such.user/bundle")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.key == "setting-value"
    assert caught.value.facts["name"] == "LIANJU_BUNDLE"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIANJU_REST_BASE", "http://proxy:8080/api"),
        ("LIANJU_REST_BASE", "http://127.0.0.1.example/api"),
        ("LIANJU_REST_BASE", "http://10.0.0.1"),
        ("LIANJU_GATEWAY", "ws://localhost.example"),
        ("LIANJU_GATEWAY", "ws://[fe80::1%eth0]:80"),
    ],
)
def test_token_is_not_sent_unencrypted_unless_that_is_allowed(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert (caught.value.key, caught.value.facts) == ("setting-plaintext", {"name": name})
    monkeypatch.setenv("LIANJU_ALLOW_PLAINTEXT", "true")
    assert getattr(load_settings(), name.removeprefix("LIANJU_").lower()) == value


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.9.9.9:1", "[::1]"])
def test_addresses_of_this_machine_need_no_encryption(host, monkeypatch):
    monkeypatch.setenv("LIANJU_REST_BASE", f"http://{host}/api")
    monkeypatch.setenv("LIANJU_GATEWAY", f"ws://{host}")
    assert load_settings().gateway == f"ws://{host}"


def test_services_may_have_several_addresses(monkeypatch):
    assert load_settings().engine_addresses == ()
    monkeypatch.setenv("LIANJU_ENGINE", "https://one.example/ , http://[::1]:8080/lianju")
    assert load_settings().engine_addresses == ("https://one.example", "http://[::1]:8080/lianju")


def test_token_of_the_service_is_not_shown_by_its_settings(monkeypatch):
    monkeypatch.setenv("LIANJU_ENGINE_TOKEN", "hush")
    settings = load_settings()
    assert settings.engine_token.get_secret_value() == "hush"
    assert "hush" not in repr(settings) + str(settings)


def test_token_of_the_service_is_not_sent_unencrypted_unless_that_is_allowed(monkeypatch):
    monkeypatch.setenv("LIANJU_ENGINE", "http://127.0.0.1:1,http://10.0.0.1:8080")
    assert len(load_settings().engine_addresses) == 2  # nothing is to be hidden
    monkeypatch.setenv("LIANJU_ENGINE_TOKEN", "hush")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert (caught.value.key, caught.value.facts) == (
        "setting-plaintext",
        {"name": "LIANJU_ENGINE"},
    )
    monkeypatch.setenv("LIANJU_ALLOW_PLAINTEXT", "true")
    assert len(load_settings().engine_addresses) == 2


def lianju(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "lianju.bot", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("command", [("poem", "黄河远上白云间"), ("serve",)])
def test_command_line_refuses_wrong_settings_in_one_sentence(command):
    done = lianju(*command, LIANJU_QUEUE="none")
    assert done.returncode == 2
    assert done.stdout == ""
    error = SettingsError("setting-value", name="LIANJU_QUEUE", value="'none'")
    assert done.stderr == f"lianju: {error}\n"


@pytest.mark.parametrize("module", ["lianju.bot.settings", "lianju.bot.cli"])
def test_start_of_the_command_line_imports_no_heavy_library(module):
    heavy = ("numpy", "onnxruntime", "discord", "sqlalchemy")
    code = f"import sys, {module}; print(*(name for name in {heavy} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


# --- in code ---


def test_settings_in_code_read_neither_the_environment_nor_dotenv(monkeypatch):
    defaults = Settings()
    monkeypatch.setenv("LIANJU_THREADS", "7")
    monkeypatch.setenv("DISCORD_TOKEN", "hush")
    dotenv("LIANJU_QUEUE=9\n")
    assert Settings() == defaults
    assert Settings(threads=3).threads == 3
    assert (load_settings().threads, load_settings().queue) == (7, 9)


def test_settings_in_code_are_those_of_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("LIANJU_BUNDLE", str(tmp_path))
    monkeypatch.setenv("LIANJU_DEADLINE", "9")
    monkeypatch.setenv("DISCORD_TOKEN", "hush")
    given = Settings(bundle=tmp_path, deadline=9, discord_token="hush")
    assert given.model_dump() == load_settings().model_dump()


@pytest.mark.parametrize(
    ("values", "key", "facts"),
    [
        ({"threads": -1}, "setting-value", {"name": "LIANJU_THREADS", "value": "'-1'"}),
        ({"databse": "x"}, "setting-unknown-similar", {"name": "databse", "similar": "database"}),
        ({"database": "me:hush@host"}, "setting-secret-value", {"name": "LIANJU_DATABASE"}),
        ({"gateway": "ws://elsewhere"}, "setting-plaintext", {"name": "LIANJU_GATEWAY"}),
        (
            {"engine": "http://elsewhere", "engine_token": "hush"},
            "setting-plaintext",
            {"name": "LIANJU_ENGINE"},
        ),
    ],
)
def test_a_wrong_setting_in_code_is_one_sentence(values, key, facts):
    with pytest.raises(SettingsError) as caught:
        Settings(**values)
    assert (caught.value.key, caught.value.facts) == (key, facts)
    assert "hush" not in str(caught.value)


def test_an_unknown_setting_in_code_is_answered_with_all_names():
    with pytest.raises(SettingsError) as caught:
        Settings(colour="red")
    assert caught.value.key == "setting-unknown"
    assert caught.value.facts["names"].split(", ") == sorted(Settings.model_fields)
