"""Which poems can be revised, and who is credited with what is posted."""

from dataclasses import replace

import pytest
from lianju.bot.linked import Line
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.verses import Verse

from . import revisions
from .bundle_with_prosody import write_bundle_with_prosody
from .commands import ask, button, english, press
from .interactions import BOT, custom_ids, labels, on_message, person, poem, slash, texts
from .messages import written
from .revisions import (
    POST,
    REVISE,
    WRITE,
    begin_button,
    bold,
    changed,
    kept_lines,
    open_form,
    poem_of,
    send,
)

USER, STRANGER, FAN = 77, 78, 79
LINE, SECOND = "黄河远上白", "一片孤城万"
QUATRAIN = Verse.of("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼")
PRIVATE = {"guild": None, "channel": 98}
PLACES = [{}, {"guild": None}, {"guild": None, "installed_by_user": True}]


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


async def posted(fake, bot, message, user=STRANGER, **place):
    """Posts a poem; returns its message."""
    exchange = await revisions.press(fake, bot, message, POST, user=user, **place)
    (answer,) = exchange.messages
    assert not answer["flags"] & 64
    return answer


async def authors(fake, bot, store, message):
    """Who is credited with a poem that somebody keeps; nothing else is kept."""
    await press(fake, bot, message, custom_ids(message, "lianju:heart:")[0], user=FAN)
    (kept,) = await store.favorites.all(FAN)
    return kept.author_id


async def finished(fake, bot, store, *lines):
    """The message of a table that is finished with these lines."""
    data = slash("lianju start", form="jueju5", rules="free")
    message = await ask(fake, bot, data, private=False)
    (table,) = await store.linked.shown_in(99)
    await store.linked.save(table, replace(table, lines=lines, state="finished"), USER, 2e9)
    await bot.get_cog("Lianju lines of linked verse").redraw(bot, table.id)
    return message


@pytest.mark.parametrize("place", PLACES)
async def test_one_of_several_poems_is_chosen(place, fake, bot):
    answer = await ask(fake, bot, poem(LINE, form="jueju", count=3), private=False, **place)
    poems = [text.split("\n")[1:] for text in texts(answer)[1:4]]
    choice = await press(fake, bot, answer, begin_button(answer), user=STRANGER, **place)
    assert texts(choice) == [english("revise-choose"), *map("\n".join, poems)]
    message = await press(fake, bot, choice, custom_ids(choice)[1], user=STRANGER, **place)
    assert message is choice
    assert poem_of(message) == poems[1]
    await changed(fake, bot, message, WRITE, user=STRANGER, **place)
    answer = await posted(fake, bot, message, **place)
    assert texts(answer)[1].split("\n")[1:] == poem_of_posted(answer)
    assert fake.refusals == []


def poem_of_posted(message):
    return texts(message)[1].split("\n")[1:]


async def test_a_choice_is_for_whoever_asked_for_it(fake, bot):
    answer = await ask(fake, bot, poem(LINE, form="jueju", count=2), private=False)
    choice = await press(fake, bot, answer, begin_button(answer), user=STRANGER)
    payload = fake.press(choice, custom_ids(choice)[0], user=FAN)
    await bot.receive(payload)
    assert fake.exchange(payload).messages[0]["content"] == english("revise-not-yours")


async def test_all_given_lines_are_kept(fake, bot):
    answer = await ask(fake, bot, poem(f"{LINE}，{SECOND}", count=1), private=False)
    message = await press(fake, bot, answer, begin_button(answer))
    assert poem_of(message)[:2] == [LINE, SECOND]
    assert len(poem_of(message)) == 3
    assert kept_lines(message) == [0, 1]


async def test_an_acrostic_keeps_its_characters(fake, bot, store):
    data = slash("acrostic", heads="山海", chars=5, count=1)
    answer = await ask(fake, bot, data, private=False)
    message = await press(fake, bot, answer, begin_button(answer), user=STRANGER)
    assert bold(message) == ["山？？？？", "海？？？？"]
    await changed(fake, bot, message, "lines", ["1"], user=STRANGER)
    await changed(fake, bot, message, "lines", [], user=STRANGER)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    assert [line[0] for line in poem_of(message)] == ["山", "海"]
    answer = await posted(fake, bot, message)
    assert texts(answer)[0] == "### 山？？？？，海？？？？"
    assert await authors(fake, bot, store, answer) == USER


async def test_rules_and_script_are_those_of_the_answer(fake, bot, engine, monkeypatch):
    requests, compose = [], engine.compose

    async def noted(request, *others):
        requests.append(request)
        return await compose(request, *others)

    monkeypatch.setattr(engine, "compose", noted)
    options = {"rules": "loose", "known": "allow", "script": "traditional", "rhyme": "东"}
    data = poem(LINE, form="jueju", count=1, seed=6, **options)
    answer = await ask(fake, bot, data, private=False)
    message = await press(fake, bot, answer, begin_button(answer))
    for _ in range(2):
        await changed(fake, bot, message, WRITE, user=USER)
    _, second, third = requests
    for request in (second, third):
        assert {name: getattr(request, name) for name in options} == options
    assert [request.search.seed for request in requests] == [6, 7, 8]
    answer = await posted(fake, bot, message, user=USER)
    await press_again(fake, bot, answer)
    assert {name: getattr(requests[-1], name) for name in options} == options
    assert requests[-1].form == third.form


async def press_again(fake, bot, message, user=USER):
    """Asks for another batch; returns it."""
    payload = fake.press(message, button(message, "Another batch"), user=user)
    await bot.receive(payload)
    (answer,) = fake.exchange(payload).messages
    return answer


async def test_what_was_posted_can_be_asked_for_again_and_revised(fake, bot):
    answer = await ask(fake, bot, poem(LINE, form="jueju", count=1), private=False)
    message = await press(fake, bot, answer, begin_button(answer), user=STRANGER)
    await changed(fake, bot, message, "lines", ["0", "2"], user=STRANGER)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    answer = await posted(fake, bot, message)
    first, third = poem_of_posted(answer)[0], poem_of_posted(answer)[2]
    again = await press_again(fake, bot, answer, STRANGER)
    assert poem_of_posted(again) != poem_of_posted(answer)
    assert poem_of_posted(again)[::2] == [first, third]
    assert texts(again)[0] == texts(answer)[0]
    details = await press(fake, bot, answer, button(answer, "Details"), user=FAN)
    assert english("details-form", form="revision") in texts(details)[0]
    message = await press(fake, bot, again, begin_button(again), user=FAN)
    assert kept_lines(message) == [0, 2]
    await changed(fake, bot, message, WRITE, user=FAN)
    assert poem_of(message)[::2] == [first, third]
    assert poem_of(message) != poem_of_posted(again)


@pytest.mark.parametrize(
    ("user", "signed"), [(USER, ["-# reader", "-# 联句"]), (STRANGER, ["-# 联句"])]
)
async def test_a_picture_of_what_was_posted(user, signed, fake, bot, resources):
    answer = await ask(fake, bot, poem(LINE, form="jueju", count=1), private=False)
    message = await press(fake, bot, answer, begin_button(answer), user=user)
    await changed(fake, bot, message, WRITE, user=user)
    answer = await posted(fake, bot, message, user)
    picture = await press(fake, bot, answer, button(answer, "Picture"), user=FAN)
    # As of any answer: who posted it, if the line was theirs, and the bot.
    assert texts(picture)[0].split("\n") == [*poem_of_posted(answer), *signed]
    resources.pictures.close()


async def test_couplets_and_other_languages_have_no_button(fake, bot, store):
    couplet = await ask(fake, bot, slash("couplet", line="春花夜月"), private=False)
    assert REVISE not in labels(couplet).values()
    await store.favorites.toggle(USER, 42, Verse("two roads", "diverged"), USER, 1_700_000_000)
    page = await ask(fake, bot, slash("favorites list"))
    assert custom_ids(page, "lianju:revise:") == []


@pytest.mark.parametrize(
    ("kept_in", "author", "credited"),
    [(42, FAN + 1, FAN + 1), (43, FAN + 1, None), (None, STRANGER, STRANGER), (42, None, None)],
)
async def test_a_favorite_credits_whoever_gave_its_line(
    kept_in, author, credited, fake, bot, store
):
    await store.favorites.toggle(STRANGER, kept_in, QUATRAIN, author, 1_700_000_000)
    await store.favorites.toggle(STRANGER, kept_in, Verse("two", "words"), author, 1_700_000_000)
    (kept,) = [each for each in await store.favorites.all(STRANGER) if each.verse == QUATRAIN]
    page = await ask(fake, bot, slash("favorites list"), user=STRANGER)
    menu = begin_button(page)
    payload = fake.press(page, menu, [str(kept.id)], user=FAN)
    await bot.receive(payload)
    assert "`/favorites list`" in fake.exchange(payload).messages[0]["content"]
    message = await press(fake, bot, page, menu, [str(kept.id)], user=STRANGER)
    assert poem_of(message) == list(QUATRAIN.lines)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    answer = await posted(fake, bot, message)
    assert await authors(fake, bot, store, answer) == credited
    await store.favorites.remove(STRANGER, kept.id)
    payload = fake.press(page, menu, [str(kept.id)], user=STRANGER)
    await bot.receive(payload)
    assert fake.exchange(payload).messages[0]["content"] == english("picture-gone")


@pytest.mark.parametrize(("by", "credited"), [("member", USER), ("lianju", None), ("poet", None)])
async def test_linked_verse_credits_whoever_wrote_its_first_line(by, credited, fake, bot, store):
    lines = [Line(text, "member", USER + place, 1.7e9) for place, text in enumerate(QUATRAIN.lines)]
    lines[0] = Line(QUATRAIN.line, by, USER, 1.7e9)
    message = await finished(fake, bot, store, *lines)
    assert REVISE in labels(message).values()
    message = await press(fake, bot, message, begin_button(message), user=STRANGER)
    assert poem_of(message) == list(QUATRAIN.lines)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    assert await authors(fake, bot, store, await posted(fake, bot, message)) == credited


@pytest.mark.parametrize("elsewhere", [{"guild": 43, "channel": 98}, {"channel": 98}, PRIVATE])
async def test_linked_verse_of_another_channel_is_not_shown(elsewhere, fake, bot, store):
    lines = [Line(text, "member", USER, 1.7e9) for text in QUATRAIN.lines]
    message = await finished(fake, bot, store, *lines)
    payload = fake.press(message, begin_button(message), user=STRANGER, **elsewhere)
    await bot.receive(payload)
    (told,) = fake.exchange(payload).messages
    assert told["content"] == english("linked-poem-gone")  # as if it were not stored at all


@pytest.mark.parametrize(
    ("text", "credited"),
    [
        (f"{LINE}，?，?，?", USER),
        (f"{SECOND}，?，?，?", STRANGER),
        (f"{SECOND[:4]}？，?，?，?", None),
        (f"?，{SECOND}，?，?", None),
    ],
)
async def test_credit_is_for_whoever_gave_the_first_line(text, credited, fake, bot, store):
    answer = await ask(fake, bot, poem(LINE, form="jueju", count=1), private=False)
    message = await press(fake, bot, answer, begin_button(answer), user=STRANGER)
    opened, _ = await open_form(fake, bot, message, user=STRANGER)
    await send(fake, bot, opened, text, user=STRANGER)
    assert await authors(fake, bot, store, await posted(fake, bot, message)) == credited


async def test_the_line_of_a_message_stays_credited_to_its_writer(fake, bot, store):
    said = written(LINE, person(FAN + 1), timestamp="2027-01-15T08:00:00+00:00")
    answer = await ask(fake, bot, on_message("Answer this line", said), private=False)
    choice = await press(fake, bot, answer, begin_button(answer), user=STRANGER)
    message = await press(fake, bot, choice, custom_ids(choice)[0], user=STRANGER)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    assert await authors(fake, bot, store, await posted(fake, bot, message)) == FAN + 1


async def test_a_bot_is_not_credited(fake, bot, store):
    said = written(LINE, BOT | {"id": "5"})
    answer = await ask(fake, bot, on_message("Answer this line", said), private=False)
    choice = await press(fake, bot, answer, begin_button(answer), user=STRANGER)
    message = await press(fake, bot, choice, custom_ids(choice)[0], user=STRANGER)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    assert await authors(fake, bot, store, await posted(fake, bot, message)) is None


async def test_who_was_forgotten_is_credited_no_more(fake, bot, store, clock):
    answer = await ask(fake, bot, poem(LINE, form="jueju", count=1), private=False)
    message = await press(fake, bot, answer, begin_button(answer), user=STRANGER)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    await store.delete_user(USER, clock.now + 10**6)
    answer = await posted(fake, bot, message)
    assert await authors(fake, bot, store, answer) is None
