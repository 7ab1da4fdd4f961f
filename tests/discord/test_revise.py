"""*Revise* as members use it, to the poem that they post."""

import asyncio

import pytest
from lianju.bot import revising
from lianju.bot.engine import ServiceError
from lianju.bot.i18n import Localizer
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.verse import BusyError, DeadlineError, NothingAllowedError

from . import revisions
from .bundle_with_prosody import write_bundle_with_prosody
from .commands import ask, button, english, press
from .interactions import custom_ids, labels, poem, texts
from .linked_verse import restarted
from .revisions import (
    FORM,
    LINE,
    POST,
    QUATRAIN,
    REVISE,
    STRANGER,
    UNDO,
    WRITE,
    begin,
    begin_button,
    bold,
    changed,
    is_off,
    kept_lines,
    menu,
    note,
    open_form,
    poem_of,
    send,
    versions,
)

OTHER = 79


@pytest.fixture
def bundle(tmp_path):
    return write_bundle_with_prosody(tmp_path / "toy")


@pytest.fixture(autouse=True)
def _no_cooldown(resources, clock):
    """Each request comes a minute after the one before."""

    def passing():
        clock.now += 60
        return clock.now

    resources.limiter = RequestLimiter(passing, clock)


async def test_a_poem_is_revised_and_posted_for_everybody(fake, bot, store):
    answer = await ask(fake, bot, poem(LINE, **QUATRAIN), private=False)
    original = texts(answer)[1].split("\n")[1:]
    message = await press(fake, bot, answer, begin_button(answer), user=STRANGER)
    assert poem_of(message) == original
    assert kept_lines(message) == [0]
    assert bold(message) == [LINE, *["？" * 5] * 3]
    assert is_off(message, UNDO)
    assert is_off(message, POST)
    await changed(fake, bot, message, "lines", ["0", "2"], user=STRANGER)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    first = poem_of(message)
    assert [first[0], first[2]] == [LINE, original[2]]
    assert first[1] != original[1]
    assert kept_lines(message) == [0, 2]
    await changed(fake, bot, message, WRITE, user=STRANGER)
    second = poem_of(message)
    assert second not in (first, original)
    assert [second[0], second[2]] == [LINE, original[2]]
    exchange = await revisions.press(fake, bot, message, POST, user=STRANGER)
    (posted,) = exchange.messages
    assert not posted["flags"] & 64
    assert posted["allowed_mentions"]["parse"] == []
    assert texts(posted)[0] == f"### {LINE}，?，{original[2]}，?"
    assert texts(posted)[1].split("\n")[1:] == second
    assert english("answer-revised", user=f"<@{STRANGER}>") in texts(posted)[-1]
    assert texts(message) == [f"### {english('revise-posted')}", "\n".join(second)]
    assert custom_ids(message) == []
    assert fake.refusals == []
    assert list(labels(posted).values()) == ["♥", "Another batch", "Details", "Picture", REVISE]


async def test_every_step_is_undone_to_the_very_beginning(fake, bot):
    message = await begin(fake, bot)
    seen = [(poem_of(message), kept_lines(message))]
    for chosen in (["0"], ["0", "1"], ["3"]):
        await changed(fake, bot, message, "lines", chosen, user=STRANGER)
        seen[-1] = (poem_of(message), kept_lines(message))
        await changed(fake, bot, message, WRITE, user=STRANGER)
        seen.append((poem_of(message), kept_lines(message)))
    assert len({tuple(lines) for lines, _ in seen}) == 4
    assert [each.replace("，", "").replace("。", "") for each in versions(message)] == [
        "".join(lines) for lines, _ in seen
    ]
    for state in reversed(seen[:-1]):
        await changed(fake, bot, message, UNDO, user=STRANGER)
        assert (poem_of(message), kept_lines(message)) == state
    assert is_off(message, UNDO)
    assert is_off(message, POST)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    assert poem_of(message) not in [lines for lines, _ in seen]  # undone ones do not come again


async def test_any_version_is_chosen_in_the_menu(fake, bot):
    message, seen = await begin(fake, bot), []
    for _ in range(3):
        await changed(fake, bot, message, WRITE, user=STRANGER)
        seen.append(poem_of(message))
    await changed(fake, bot, message, UNDO, user=STRANGER)
    options = [each["value"] for each in menu(message, "version")["options"]]
    for number in (3, 1):  # the one undone, and an earlier one
        await changed(fake, bot, message, "version", [options[number]], user=STRANGER)
        assert poem_of(message) == seen[number - 1]
        assert len(versions(message)) == 4
    await changed(fake, bot, message, WRITE, user=STRANGER)
    assert poem_of(message) not in seen
    await changed(fake, bot, message, UNDO, user=STRANGER)
    assert poem_of(message) == seen[0]


async def test_characters_are_kept_and_written_into_the_form(fake, bot):
    message = await begin(fake, bot)
    original = poem_of(message)
    opened, text = await open_form(fake, bot, message, user=STRANGER)
    assert text.split("\n") == [LINE, "?", "?", "?"]
    first, last = original[1][0], original[3][3:]
    wanted = [LINE, f"{first}？？？？", "?", f"？？？{last}"]
    exchange = await send(fake, bot, opened, "\n".join(wanted), user=STRANGER)
    assert exchange.messages == []
    for _ in range(2):  # and again by *Write the rest*
        lines = poem_of(message)
        assert (lines[0], lines[1][0], lines[3][3:]) == (LINE, first, last)
        assert bold(message) == [LINE, wanted[1], "？？？？？", wanted[3]]
        options = menu(message, "lines")["options"]
        assert [option.get("description") for option in options] == [
            None,
            wanted[1],
            None,
            wanted[3],
        ]
        await changed(fake, bot, message, WRITE, user=STRANGER)
    _, text = await open_form(fake, bot, message, user=STRANGER)
    assert text.split("\n") == wanted
    exchange = await revisions.press(fake, bot, message, POST, user=STRANGER)
    (posted,) = exchange.messages
    assert texts(posted)[0] == f"### {'，'.join(wanted)}"


SHAPE = {"lines": 4, "length": 5}
REFUSED = [
    (f"{LINE}，?，?", "revise-shape", SHAPE),
    (f"{LINE}间，?，?，?", "revise-shape", SHAPE),
    ("<@77> @everyone ? ?", "revise-shape", SHAPE),
    ("白" * 200, "revise-shape", SHAPE),
    (" ", "revise-shape", SHAPE),
    (f"{LINE[:4]}🙂，?，?，?", "linked-line-characters", {"named": "🙂"}),
    ("\ud800河远上白，?，?，?", "prompt-not-text", {}),
    ("?，?，?，？？", "revise-shape", SHAPE),
    ("?，?，?，?", "revise-none-kept", {}),
    ("鼎鼐鬲甗簋，?，?，?", "prompt-unknown", {"named": "鼎 鼐 鬲 甗 簋", "more": 0}),
    (f"{LINE}，傻逼？？？，?，?", "prompt-keep-blocked", {}),
]


async def test_what_is_refused_stands_in_the_form_again(fake, bot, caplog):
    message = await begin(fake, bot)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    before = (poem_of(message), kept_lines(message), versions(message))
    caplog.set_level("INFO")
    for text, key, facts in REFUSED:
        opened, _ = await open_form(fake, bot, message, user=STRANGER)
        exchange = await send(fake, bot, opened, text, user=STRANGER)
        assert exchange.updates
        assert exchange.messages == []
        assert note(message) == english(key, **facts)
        assert (poem_of(message), kept_lines(message), versions(message)) == before
        assert message["allowed_mentions"]["parse"] == []
        if text.strip():
            _, again = await open_form(fake, bot, message, user=STRANGER)
            assert again == text.replace("\ud800", "\ufffd")
            assert text not in caplog.text
    await changed(fake, bot, message, WRITE, user=STRANGER)  # it goes on
    assert len(versions(message)) == 3
    assert note(message) == ""
    assert fake.refusals == []


async def test_everything_kept_or_nothing_is_refused(fake, bot):
    message = await begin(fake, bot)
    for chosen, key in (("0123", "revise-all-kept"), ("", "revise-none-kept")):
        await changed(fake, bot, message, "lines", list(chosen), user=STRANGER)
        await changed(fake, bot, message, WRITE, user=STRANGER)
        assert note(message) == english(key)
        assert versions(message) == []


async def test_who_waits_keeps_what_was_typed(fake, bot, store, resources, clock):
    await store.guild_settings.change(42, cooldown_s=60)
    resources.limiter = RequestLimiter(clock, clock)
    message = await begin(fake, bot)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    lines = poem_of(message)
    opened, _ = await open_form(fake, bot, message, user=STRANGER)
    text = f"{LINE}，?，{lines[2]}，?"
    await send(fake, bot, opened, text, user=STRANGER)
    assert note(message) == english("limit-cooldown", retry_at=str(int(clock.now) + 60))
    assert poem_of(message) == lines
    await changed(fake, bot, message, WRITE, user=STRANGER)  # also too early
    clock.now += 61
    opened, again = await open_form(fake, bot, message, user=STRANGER)
    assert again == text
    await send(fake, bot, opened, again, user=STRANGER)
    assert poem_of(message)[2] == lines[2]
    assert len(versions(message)) == 3


async def test_an_engine_that_cannot_write_is_told_of(fake, bot, engine, monkeypatch):
    message = await begin(fake, bot)
    compose = engine.compose
    for error in (
        BusyError("busy-full"),
        ServiceError("service-away"),
        DeadlineError(),
        NothingAllowedError("search-nothing"),
    ):
        monkeypatch.setattr(engine, "compose", failing(error))
        await changed(fake, bot, message, WRITE, user=STRANGER)
        assert note(message) == str(error)
        assert versions(message) == []
    before = texts(message)
    monkeypatch.setattr(engine, "compose", failing(ZeroDivisionError()))
    exchange = await revisions.press(fake, bot, message, WRITE, user=STRANGER)
    (told,) = exchange.messages
    assert told["flags"] & 64
    assert "incident" in told["content"]
    assert texts(message) == before
    monkeypatch.setattr(engine, "compose", compose)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    assert len(versions(message)) == 2


def failing(error):
    async def fail(*_):
        raise error

    return fail


async def test_a_step_never_shows_what_was_seen(fake, bot):
    message = await begin(fake, bot)
    opened, _ = await open_form(fake, bot, message, user=STRANGER)
    lines = poem_of(message)
    text = f"{lines[0]}，{lines[1]}，{lines[2]}，{lines[3][:4]}？"  # one character alone is open
    await send(fake, bot, opened, text, user=STRANGER)
    seen = [lines[3], poem_of(message)[3]]
    while not note(message).startswith(english("revise-nothing-new")):
        await changed(fake, bot, message, WRITE, user=STRANGER)
        seen.append(poem_of(message)[3])
    assert len(set(seen[:-1])) == len(seen[:-1]) > 2


async def test_only_who_began_may_go_on(fake, bot):
    message = await begin(fake, bot)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    before = texts(message)
    option = menu(message, "version")["options"][0]["value"]
    presses = [(WRITE, None), (UNDO, None), (POST, None), (FORM, None)]
    presses += [("lines", ["1"]), ("version", [option])]
    for label, values in presses:
        exchange = await revisions.press(fake, bot, message, label, values, user=OTHER)
        (told,) = exchange.messages
        assert told["flags"] & 64
        assert told["content"] == english("revise-not-yours")
    opened, _ = await open_form(fake, bot, message, user=STRANGER)
    exchange = await send(fake, bot, opened, f"{LINE}，?，?，?", user=OTHER)
    assert exchange.messages[0]["content"] == english("revise-not-yours")
    assert texts(message) == before


async def test_two_steps_at_once_lose_nothing(fake, bot, engine, monkeypatch):
    message = await begin(fake, bot)
    opened, _ = await open_form(fake, bot, message, user=STRANGER)
    begun, may_go_on = asyncio.Event(), asyncio.Event()
    compose = engine.compose

    async def held(*arguments):
        begun.set()
        await may_go_on.wait()
        return await compose(*arguments)

    monkeypatch.setattr(engine, "compose", held)
    first = fake.press(message, button(message, WRITE), user=STRANGER)
    running = bot.begin(first)
    await begun.wait()
    text = f"{LINE}，?，?，?"
    exchange = await send(fake, bot, opened, text, user=STRANGER)
    (told,) = exchange.messages
    assert told["flags"] & 64
    assert texts(told) == [english("revise-late"), f"```text\n{text}\n```"]
    may_go_on.set()
    await running
    assert len(versions(message)) == 2


async def test_a_restart_loses_nothing(fake, bot, engine, store, clock):
    message = await begin(fake, bot)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    await changed(fake, bot, message, "lines", ["0", "3"], user=STRANGER)
    kept = poem_of(message)[3]
    opened, _ = await open_form(fake, bot, message, user=STRANGER)
    await bot.close()
    async with restarted(fake, engine, store, clock) as (reborn, resources):
        clock.now += 60
        await changed(fake, reborn, message, WRITE, user=STRANGER)
        assert len(versions(message)) == 3
        assert poem_of(message)[3] == kept
        await changed(fake, reborn, message, UNDO, user=STRANGER)
        clock.now += 60
        exchange = await send(fake, reborn, opened, f"{LINE}，?，?，{kept}", user=STRANGER)
        assert exchange.messages == []
        assert len(versions(message)) == 4
        exchange = await revisions.press(fake, reborn, message, POST, user=STRANGER)
        (posted,) = exchange.messages
        assert texts(posted)[1].split("\n")[4] == kept
        assert resources.running == set()
    assert fake.refusals == []


async def test_versions_are_limited(fake, bot, monkeypatch):
    monkeypatch.setattr(revising, "MAX_VERSIONS", 2)
    message = await begin(fake, bot)
    for told in ("", english("revise-full", most=2)):
        await changed(fake, bot, message, WRITE, user=STRANGER)
        assert note(message) == told
    lines = poem_of(message)
    await changed(fake, bot, message, UNDO, user=STRANGER)
    await changed(fake, bot, message, "lines", ["0", "1"], user=STRANGER)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    assert note(message) == ""
    assert poem_of(message) != lines
    assert len(versions(message)) == 2


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW"])
async def test_it_speaks_the_language_of_the_member(language, fake, bot):
    answer = await ask(fake, bot, poem(LINE, **QUATRAIN), private=False)
    message = await press(fake, bot, answer, begin_button(answer), user=STRANGER, locale=language)
    localizer = Localizer(language)
    said = ["revise-write", "revise-form", "revise-undo", "revise-post"]
    assert list(labels(message).values()) == [localizer.format(key) for key in said]
    assert localizer.format("revise-legend") in texts(message)[0]


async def test_what_a_member_revises_is_not_logged_or_stored(fake, bot, tmp_path, caplog):
    caplog.set_level("INFO", "lianju")
    message = await begin(fake, bot)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    lines = poem_of(message)
    await revisions.press(fake, bot, message, POST, user=STRANGER)
    logged = [record.getMessage() for record in caplog.records if "command=revise" in record.msg]
    assert len(logged) == 3
    assert "lines=4 version=1" in logged[1]
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("lianju.sqlite3*"))
    for line in lines[1:]:
        assert line not in caplog.text
        assert line.encode() not in stored
