"""`/check` as members use it: with a poem, by its form, and again until nothing is wrong."""

import asyncio

import pytest
from lianju.bot.clinic_text import ClinicText
from lianju.bot.cogs import FEATURES
from lianju.bot.cogs.clinic import Clinic
from lianju.bot.engine import readings_of
from lianju.bot.i18n import LANGUAGES, Localizer
from lianju.bot.verse import PromptError, begin_checkup

from .bots import OtherBot
from .bundle_with_prosody import LETTERS, READINGS, write_bundle_with_prosody
from .commands import ask, button, english
from .interactions import EPHEMERAL, slash, texts

LEVEL, OBLIQUE = (
    [letter for letter in LETTERS if READINGS[letter] in groups] for groups in ("东", ("董", "屋"))
)


def written(*lines):
    """A poem with these tones, no character of which comes twice."""
    level, oblique = iter(LEVEL), iter(OBLIQUE)
    return ["".join(next({"平": level, "仄": oblique}[tone]) for tone in line) for line in lines]


CLEAN = written("仄仄平平仄", "平平仄仄平", "平平平仄仄", "仄仄仄平平")
FAULTY = written("仄仄平平仄", "平平仄平平", "平平平仄仄", "仄仄仄平平")


@pytest.fixture
def bundle(tmp_path):
    return write_bundle_with_prosody(tmp_path / "toy", lines=CLEAN[:1])


@pytest.fixture
async def expected(engine):
    """The sentences about a poem."""

    async def find(lines, language="en"):
        begun = begin_checkup("，".join(lines), readings_of((await engine.bundle()).rhymes))
        mended = await engine.mend(begun.text.lines, begun.blanks, 30)
        return ClinicText(begun.with_mended(mended), Localizer(language))

    return find


def table(message):
    return [row.split() for row in texts(message)[1].strip("`\n").split("\n")]


async def open_form(fake, bot, payload):
    await bot.receive(payload)
    exchange = fake.exchange(payload)
    assert exchange.messages == []
    return exchange


def field(exchange):
    (part,) = exchange.form["components"]
    return part["component"]


async def submit(fake, bot, exchange, poem, **place):
    payload = fake.submit(exchange, {field(exchange)["custom_id"]: poem}, **place)
    await bot.receive(payload)
    return fake.exchange(payload)


async def test_a_poem_is_told_of_to_its_writer_alone(fake, bot, expected):
    message = await ask(fake, bot, slash("check", poem="，".join(FAULTY)))
    text = await expected(FAULTY)
    assert texts(message)[0] == f"### {text.heading()}"
    rows = text.rows()
    assert [row[1:3] for row in table(message)] == [[row.line, row.tones] for row in rows]
    assert [row[3] for row in table(message)] == [row.pattern for row in rows]
    assert [row[-1].endswith("✗") for row in table(message)] == [False, True, False, False]
    (fault,) = text.faults(1)
    assert "would do" in fault
    told = texts(message)[2].split("\n")
    assert told[:2] == [f"**{text.verdict()}**", f"- line 2: {fault}"]
    assert f"-# line 1: {english('clinic-known')}" in told
    assert fake.refusals == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_clean_poem_is_praised_in_every_language(language, fake, bot, expected):
    data = slash("check", poem=" ".join(CLEAN))
    message = await ask(fake, bot, data, locale="en-US" if language == "en" else language)
    text = await expected(CLEAN, language)
    assert texts(message)[0] == f"### {text.heading()}"
    assert texts(message)[2].startswith(f"**{text.verdict()}**")
    assert "✗" not in texts(message)[1]
    assert texts(message)[-1] == f"-# {text.legend()}"


@pytest.mark.parametrize("place", [{}, {"guild": None}, {"guild": None, "installed_by_user": True}])
async def test_without_a_poem_a_form_takes_it(place, fake, bot):
    opened = await open_form(fake, bot, fake.interaction(slash("check"), **place))
    assert field(opened)["style"] == 2  # a paragraph
    exchange = await submit(fake, bot, opened, "\n".join(FAULTY), **place)
    (message,) = exchange.messages
    assert message["flags"] & EPHEMERAL
    assert message["allowed_mentions"]["parse"] == []
    assert [row[1] for row in table(message)] == FAULTY


async def test_a_poem_is_changed_until_nothing_is_wrong(fake, bot, clock):
    message = await ask(fake, bot, slash("check", poem="，".join(FAULTY)))
    again = button(message, english("clinic-again"))
    opened = await open_form(fake, bot, fake.press(message, again))
    assert field(opened)["value"].split("\n") == FAULTY
    clock.now += 60
    exchange = await submit(fake, bot, opened, "\n".join(CLEAN))
    assert exchange.messages == []  # the same message, as it is now
    assert [row[1] for row in table(exchange.original)] == CLEAN
    assert english("clinic-verdict", verdict="clean", lines=0) in texts(exchange.original)[2]
    assert fake.refusals == []


async def test_a_title_is_told_as_such_and_kept_through_a_change(fake, bot, expected):
    heading = "《登`楼》 唐·王之涣"
    opened = await open_form(fake, bot, fake.interaction(slash("check")))
    exchange = await submit(fake, bot, opened, "\n".join((*heading.split(), *FAULTY)))
    (message,) = exchange.messages
    rows = texts(message)[1].strip("`\n").split("\n")
    assert rows[0] == heading.replace("`", "'")
    assert [row.split()[1] for row in rows[1:]] == FAULTY
    assert texts(message)[0] == f"### {(await expected(FAULTY)).heading()}"
    assert "《登\\`楼》 唐·王之涣" in texts(message)[2].split("\n")[0]
    again = await open_form(
        fake, bot, fake.press(message, button(message, english("clinic-again")))
    )
    assert field(again)["value"].split("\n") == [rows[0], *FAULTY]


async def test_rhymes_of_today_are_kept_through_form_and_change(fake, bot, clock):
    opened = await open_form(fake, bot, fake.interaction(slash("check", rhymes="xinyun")))
    exchange = await submit(fake, bot, opened, "春风一夜到天山，万里江河白雪间")
    (message,) = exchange.messages
    assert "中华新韵" in texts(message)[-1]
    assert "寒" in texts(message)[0]
    clock.now += 60
    again = await open_form(fake, bot, fake.press(message, button(message, "Change")))
    exchange = await submit(fake, bot, again, field(again)["value"])
    assert "中华新韵" in texts(exchange.original)[-1]
    clock.now += 60
    refused = await ask(fake, bot, slash("check", rhymes="xinyun", poem="x"))
    again = await open_form(fake, bot, fake.press(refused, button(refused, "Change")))
    clock.now += 60
    exchange = await submit(fake, bot, again, "春风一夜到天山，万里江河白雪间")
    assert "中华新韵" in texts(exchange.original)[-1]


async def test_a_form_that_was_open_while_the_bot_restarted_works(fake, bot, resources):
    opened = await open_form(fake, bot, fake.interaction(slash("check")))
    async with OtherBot() as restarted:
        await restarted.login(fake.token)
        await restarted.add_cog(Clinic(resources))
        exchange = await submit(fake, restarted, opened, "\n".join(FAULTY))
    (message,) = exchange.messages
    assert [row[1] for row in table(message)] == FAULTY


@pytest.mark.parametrize(
    "poem",
    [
        "白日依山尽",
        "hello",
        "🙂🙂🙂🙂🙂 " * 4,
        "<@77> 白日依山尽，黄河入海流",
        "白" * 1000,
        "白" * 4000,
        " ",
        "\ud800白日依山尽",
    ],
    ids=len,
)
async def test_what_is_no_poem_is_one_private_sentence(poem, fake, bot, engine, caplog):
    with pytest.raises(PromptError) as wrong:
        begin_checkup(poem, readings_of((await engine.bundle()).rhymes))
    opened = await open_form(fake, bot, fake.interaction(slash("check")))
    caplog.set_level("INFO")
    exchange = await submit(fake, bot, opened, poem)
    (message,) = exchange.messages
    assert message["flags"] & EPHEMERAL
    sentence, _ = texts(message)
    assert sentence == Localizer("en").format_error(wrong.value)
    again = await open_form(fake, bot, fake.press(message, button(message, "Change")))
    assert field(again)["value"].strip() == poem[:1000].replace("\ud800", "\ufffd").strip()
    assert message["allowed_mentions"]["parse"] == []
    assert poem.strip() == "" or poem not in caplog.text


async def test_what_a_member_writes_is_not_logged(fake, bot, caplog):
    caplog.set_level("DEBUG", logger="lianju")
    await ask(fake, bot, slash("check", poem="，".join(FAULTY)))
    (line,) = [record.getMessage() for record in caplog.records if "check" in record.getMessage()]
    assert "lines=4 places=1" in line
    assert not any(verse in caplog.text for verse in FAULTY)


async def test_a_poem_of_all_faults_fits_into_a_message(fake, bot):
    lines = written(*["平平平平平", "仄仄仄仄仄"] * 3)
    message = await ask(fake, bot, slash("check", poem=" ".join(lines * 4)))
    assert len(table(message)) == 24
    assert "more" in texts(message)[2].split("\n")[-1]


async def test_one_poem_at_a_time(fake, bot, engine, monkeypatch):
    begun, may_go_on = asyncio.Event(), asyncio.Event()
    mend = engine.mend

    async def held(*arguments):
        begun.set()
        await may_go_on.wait()
        return await mend(*arguments)

    monkeypatch.setattr(engine, "mend", held)
    first = fake.interaction(slash("check", poem="，".join(CLEAN)))
    running = bot.begin(first)
    await begun.wait()
    second = fake.interaction(slash("check", poem="，".join(CLEAN)))
    await bot.receive(second)
    (refusal,) = fake.exchange(second).messages
    assert texts(refusal)[0] == english("limit-running")
    may_go_on.set()
    await running
    assert len(table(fake.exchange(first).messages[0])) == 4


async def test_forms_of_others_are_left_alone(fake, bot):
    opened = await open_form(fake, bot, fake.interaction(slash("check")))
    opened.form["custom_id"] = "somebody:else"
    exchange = await submit(fake, bot, opened, "白日依山尽")
    assert not exchange.acknowledged


async def test_a_bundle_without_tones_is_refused(fake, resources, engine, monkeypatch):
    async def bundle():
        return described.model_copy(update={"rhymes": ()})

    described = await engine.bundle()
    monkeypatch.setattr(engine, "bundle", bundle)
    async with OtherBot() as host:
        await host.login(fake.token)
        for cog in FEATURES:
            await host.add_cog(cog(resources))
        payload = fake.interaction(slash("check", poem="，".join(CLEAN)))
        await host.receive(payload)
    (message,) = fake.exchange(payload).messages
    assert texts(message)[0] == english("request-no-tones")


async def test_a_change_that_is_refused_keeps_what_was_written(fake, bot, clock):
    message = await ask(fake, bot, slash("check", poem="，".join(CLEAN)))
    opened = await open_form(fake, bot, fake.press(message, button(message, "Change")))
    clock.now += 60
    exchange = await submit(fake, bot, opened, "\n".join([*CLEAN[:3], "🙂"]))
    refused = exchange.original
    opened = await open_form(fake, bot, fake.press(refused, button(refused, "Change")))
    assert field(opened)["value"].split("\n") == [*CLEAN[:3], "🙂"]
    assert fake.refusals == []
