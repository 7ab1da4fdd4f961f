"""What `/poem` offers while its line is typed."""

import logging

import pytest
from lianju.bot.engine import ServiceError
from lianju.bot.store import StoreBusyError
from lianju.bot.verse import AnthologyPoem, BusyError, DeadlineError
from lianju.bot.verses import Verse

from .bundle_with_prosody import write_bundle_with_prosody
from .interactions import poem, slash

TYPED = [
    ("poem", "line", {}),
    ("poem", "rhyme", {"line": "黄河"}),
    ("acrostic", "rhyme", {"heads": "春夏"}),
    ("favorites remove", "verse", {}),
]
LINE = "黄河远上白云间"
OTHERS = ("白日依山尽", "床前明月光")


async def offered(fake, bot, typed, **place):
    payload = fake.complete(slash("poem", focused="line", line=typed), **place)
    await bot.receive(payload)
    exchange = fake.exchange(payload)
    assert exchange.type == 8
    assert [choice["name"] for choice in exchange.choices] == [
        choice["value"] for choice in exchange.choices
    ]
    return [choice["value"] for choice in exchange.choices]


async def test_the_users_newest_line_comes_first(fake, bot, clock):
    for line in (LINE, *OTHERS, LINE):
        await bot.receive(fake.interaction(poem(f" {line} ")))
        clock.now += 10
    assert await offered(fake, bot, "") == [LINE, OTHERS[1], OTHERS[0]]
    assert await offered(fake, bot, "明月") == [OTHERS[1]]
    assert await offered(fake, bot, "", guild=None) == [LINE, OTHERS[1], OTHERS[0]]
    assert await offered(fake, bot, "", user=78) == []


async def test_lines_with_the_most_hearts_in_the_server_follow(fake, bot, store, clock):
    await store.recent_lines.add(77, OTHERS[0], clock.now)
    for user in (1, 2):
        await store.favorites.toggle(user, 42, Verse("x", OTHERS[1]), 9, 1)
    await store.favorites.toggle(1, 42, Verse("x", LINE), 9, 1)
    await store.favorites.toggle(1, 42, Verse("x", OTHERS[0]), 9, 1)  # offered once
    assert await offered(fake, bot, "") == [OTHERS[0], OTHERS[1], LINE]
    assert await offered(fake, bot, "", guild=43) == [OTHERS[0]]
    assert await offered(fake, bot, "", guild=None) == [OTHERS[0]]


async def test_poems_are_not_suggested(fake, bot, store):
    await store.favorites.toggle(1, 42, Verse.of(LINE, *OTHERS), 9, 1)
    await store.favorites.toggle(1, 42, Verse(LINE, OTHERS[1]), 9, 1)
    assert await offered(fake, bot, "") == [OTHERS[1]]


async def test_suggestions_keep_discords_limits(fake, bot, store, clock):
    for number in range(40):
        await store.recent_lines.add(77, f"诗{number}", clock.now + number)
    await store.favorites.toggle(1, 42, Verse("x", "长" * 101), 9, 1)
    await store.favorites.toggle(1, 42, Verse("x", "长" * 100), 9, 1)
    assert len(await offered(fake, bot, "")) == 25
    assert await offered(fake, bot, "长") == ["长" * 100]


async def test_line_too_long_to_be_suggested_is_not_stored(fake, bot, store):
    await bot.receive(fake.interaction(poem(LINE + "，" * 120)))
    assert await store.recent_lines.recent(77, "", 25) == []


@pytest.mark.parametrize("line", ["。", "龘"])
async def test_line_that_was_refused_is_not_stored(line, fake, bot, store):
    await bot.receive(fake.interaction(poem(line)))
    assert await store.recent_lines.recent(77, "", 25) == []


@pytest.mark.parametrize("error", [StoreBusyError(), RuntimeError(LINE)])
async def test_store_error_gives_no_suggestions(error, fake, bot, store, monkeypatch, caplog):
    async def fail(*args):
        raise error

    caplog.set_level(logging.INFO)
    monkeypatch.setattr(store.recent_lines, "recent", fail)
    assert await offered(fake, bot, LINE) == []
    assert LINE not in caplog.text


@pytest.mark.parametrize("error", [StoreBusyError(), RuntimeError(LINE)])
async def test_failure_to_store_a_line_does_not_fail_the_answer(
    error, fake, bot, store, monkeypatch, caplog
):
    async def fail(*args):
        raise error

    caplog.set_level(logging.INFO)
    monkeypatch.setattr(store.recent_lines, "add", fail)
    payload = fake.interaction(poem(LINE))
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    assert message["components"]
    assert "outcome=answered" in caplog.text
    assert LINE not in caplog.text


@pytest.fixture
def log(caplog):
    """All that is logged, with its tracebacks."""
    caplog.set_level(logging.INFO)
    return lambda: caplog.text


@pytest.mark.parametrize(("command", "option", "others"), TYPED)
async def test_text_that_cannot_be_encoded_has_no_suggestions(
    command, option, others, fake, bot, resources, log
):
    payload = fake.complete(
        slash(command, focused=option, **others, **{option: "\ud800"}), user=271828
    )
    await bot.receive(payload)
    assert fake.exchange(payload).choices == []
    assert "271828" not in log()
    assert resources.failures.total() == 0


@pytest.mark.parametrize(("status", "failures"), [(400, 1), (404, 0)])
@pytest.mark.parametrize(("command", "option", "others"), TYPED)
async def test_autocomplete_that_discord_refuses_names_no_user(
    command, option, others, status, failures, fake, bot, resources, log
):
    fake.failures["callback"] = [status]
    payload = fake.complete(slash(command, focused=option, **others, **{option: ""}), user=271828)
    await bot.receive(payload)
    assert fake.exchange(payload).choices is None
    assert resources.failures.total() == failures
    assert log().count("answer to an autocomplete failed error=HTTPException") == failures
    assert "271828" not in log()


async def test_failed_autocompletes_are_counted(fake, bot, resources, store, monkeypatch, log):
    async def fail(*_):
        raise StoreBusyError

    monkeypatch.setattr(store.favorites, "matching", fail)
    for _ in range(3):
        await bot.receive(fake.complete(slash("favorites remove", focused="verse", verse="")))
    assert resources.failures == {"autocomplete": 3}
    assert "autocomplete failed error=StoreBusyError failures=3" in log()


async def test_expired_line_is_not_offered_though_it_is_not_deleted_yet(fake, bot, clock, store):
    await store.recent_lines.add(77, LINE, clock.now)
    clock.now += 30 * 24 * 60 * 60
    assert await offered(fake, bot, "") == [LINE]
    clock.now += 1
    assert await offered(fake, bot, "") == []


class TestKnownLines:
    """Lines of the anthology, which come last."""

    KNOWN = AnthologyPoem(
        "1", "出塞", "王之渙", "七绝", 100, (LINE, "一片孤城万仞山", "黄河九曲", "黄河")
    )

    @pytest.fixture
    def bundle(self, tmp_path):
        return write_bundle_with_prosody(tmp_path / "known", poems=[self.KNOWN])

    async def test_known_lines_that_begin_so_come_after_the_members_own(self, fake, bot):
        await bot.receive(fake.interaction(poem("长河黄河")))
        known = [LINE, "黄河九曲", "黄河"]
        assert await offered(fake, bot, "黄河") == ["长河黄河", *known]
        assert await offered(fake, bot, " 黄河", user=78, guild=None) == known
        assert await offered(fake, bot, "一片", user=78) == ["一片孤城万仞山"]
        assert await offered(fake, bot, "片", user=78) == []
        assert await offered(fake, bot, "", user=78) == []

    async def test_a_line_of_the_members_own_is_offered_once(self, fake, bot):
        await bot.receive(fake.interaction(poem(LINE)))
        assert await offered(fake, bot, "黄河远") == [LINE]

    async def test_known_lines_are_in_the_members_script(self, fake, bot):
        traditional = ["黃河遠上白雲間", "黃河九曲", "黃河"]
        assert await offered(fake, bot, "黃河") == traditional
        assert await offered(fake, bot, "黄河", locale="zh-TW") == traditional

    @pytest.mark.parametrize(
        "error",
        [ServiceError("service-away"), DeadlineError(), BusyError("busy-full"), TimeoutError()],
        ids=repr,
    )
    async def test_without_the_service_the_members_own_lines_are_offered(
        self, error, fake, bot, engine, monkeypatch
    ):
        async def fail():
            raise error

        await bot.receive(fake.interaction(poem(LINE)))
        monkeypatch.setattr(engine, "anthology", fail)
        assert await offered(fake, bot, "黄河") == [LINE]
