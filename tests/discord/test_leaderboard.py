import pytest
from lianju.bot.cogs.leaderboard import Leaderboard
from lianju.bot.verses import Verse

from .bots import OtherBot
from .commands import ask, button, english, press
from .interactions import custom_ids, slash, texts
from .limits import within

USER, STRANGER = 77, 78
DAY = 24 * 60 * 60
COUPLETS = slash("leaderboard")
MEMBERS = slash("leaderboard", of="members")


@pytest.fixture
def keep(store, clock):
    """Lets members add a favorite, or remove it."""

    async def keep(answer, author, fans, *, guild=42, days_ago=0.0):
        couplet = Verse("黄河远上白云间", answer)
        for fan in fans:
            await store.favorites.toggle(fan, guild, couplet, author, clock.now - days_ago * DAY)

    return keep


def rows(message):
    """The page's entries."""
    (page,) = (text for text in texts(message) if text.startswith("**"))
    return page.split("\n")


async def test_verses_are_ranked_by_hearts(fake, bot, keep):
    await keep("第一句", 1, [1, 2])
    await keep("第二句", 2, [1, 2, 3])
    await keep("第三句", 2, [4], guild=43)
    message = await ask(fake, bot, COUPLETS, private=False)
    assert rows(message) == [
        "**1.** 黄河远上白云间，第二句",
        "-# ♥ 3 · line by <@2>",
        "**2.** 黄河远上白云间，第一句",
        "-# ♥ 2 · line by <@1>",
    ]
    assert texts(message)[-1] == "-# all time · page 1 of 1"
    assert message["mentions"] == []


async def test_members_are_ranked_by_hearts_from_others(fake, bot, keep):
    await keep("第一句", 1, [1, 2])
    await keep("第二句", 2, [1, 2, 3])
    await keep("第三句", 3, [3])
    message = await ask(fake, bot, MEMBERS, private=False)
    assert rows(message) == ["**1.** <@2> · ♥ 2", "**2.** <@1> · ♥ 1"]


async def test_ties_are_in_a_fixed_order(fake, bot, keep):
    for number in range(12):
        await keep(f"第{number:02}句", 100 - number, [1], days_ago=number)
    for _ in range(2):
        message = await ask(fake, bot, COUPLETS, private=False)
        earliest_first = [f"第{number:02}句" for number in range(11, 1, -1)]
        assert [row[-4:] for row in rows(message)[::2]] == earliest_first
        message = await ask(fake, bot, MEMBERS, private=False)
        lowest_first = [f"<@{member}>" for member in range(89, 99)]
        assert [row.split()[1] for row in rows(message)] == lowest_first


@pytest.mark.parametrize(
    ("period", "answers"),
    [
        ("all", ["第一句", "第二句", "第三句", "第四句"]),
        ("month", ["第一句", "第二句", "第三句"]),
        ("week", ["第一句"]),
    ],
)
@pytest.mark.parametrize("of", ["couplets", "members"])
async def test_period_limits_the_leaderboard_to_its_days(of, period, answers, fake, bot, keep):
    await keep("第四句", 4, [9], days_ago=30.01)
    await keep("第三句", 3, [8, 9], days_ago=30)
    await keep("第二句", 2, [7, 8, 9], days_ago=7.01)
    await keep("第一句", 1, [6, 7, 8, 9], days_ago=7)
    data = slash("leaderboard", of=of, period=period)
    message = await ask(fake, bot, data, private=False)
    if of == "couplets":
        assert [row[-3:] for row in rows(message)[::2]] == answers
    else:
        assert [row.split()[1] for row in rows(message)] == [
            f"<@{member}>" for member in range(1, len(answers) + 1)
        ]


async def test_empty_leaderboard_says_so(fake, bot, keep):
    await keep("第一句", 1, [1])
    message = await ask(fake, bot, slash("leaderboard", of="members", period="week"), private=False)
    assert texts(message)[-1] == (
        "Nobody here has received a heart from another member yet (the last 7 days)."
    )
    assert custom_ids(message) == []


@pytest.fixture
async def long(fake, bot, keep):
    """A leaderboard of three pages, asked for by 77."""
    for number in range(23):
        await keep(f"第{number:02}句", 500 + number, [1], days_ago=100 - number)
    return await ask(fake, bot, COUPLETS, private=False)


async def test_requester_turns_the_page_in_public(fake, bot, long):
    message = await press(fake, bot, long, button(long, "Next"))
    assert message["id"] == long["id"]
    assert rows(message)[0] == "**11.** 黄河远上白云间，第10句"
    assert texts(message)[-1] == "-# all time · page 2 of 3"
    message = await press(fake, bot, message, button(message, "Next"))
    assert rows(message)[0] == "**21.** 黄河远上白云间，第20句"
    message = await press(fake, bot, message, button(message, "Previous"))
    assert rows(message)[0] == "**11.** 黄河远上白云间，第10句"


async def test_another_member_turns_a_private_copy(fake, bot, long):
    copy = await press(fake, bot, long, button(long, "Next"), user=STRANGER)
    assert copy["id"] != long["id"]
    assert rows(copy)[0] == "**11.** 黄河远上白云间，第10句"
    assert texts(long)[-1] == "-# all time · page 1 of 3"
    again = await press(fake, bot, copy, button(copy, "Next"), user=STRANGER)
    assert again["id"] == copy["id"]
    assert rows(again)[0] == "**21.** 黄河远上白云间，第20句"


async def test_buttons_work_after_a_restart(fake, bot, long, resources):
    await bot.close()
    async with OtherBot() as reborn:
        await reborn.login(fake.token)
        await reborn.add_cog(Leaderboard(resources))
        reborn.add_dynamic_items(*Leaderboard.items)
        message = await press(fake, reborn, long, button(long, "Next"))
    assert rows(message)[0] == "**11.** 黄河远上白云间，第10句"


async def test_page_beyond_the_end_shows_the_last_page(fake, bot, long, keep):
    for number in range(3, 23):
        await keep(f"第{number:02}句", 500 + number, [1])  # taken back
    message = await press(fake, bot, long, button(long, "Next"))
    assert [row[-4:] for row in rows(message)[::2]] == ["第00句", "第01句", "第02句"]


async def test_deleted_user_is_not_named(fake, bot, keep, store):
    await keep("第一句", 1, [2])
    await store.delete_user(1, 0)
    assert rows(await ask(fake, bot, COUPLETS, private=False)) == [
        "**1.** 黄河远上白云间，第一句",
        "-# ♥ 1",
    ]
    assert "Nobody here" in texts(await ask(fake, bot, MEMBERS, private=False))[-1]


async def test_leaderboard_is_private_where_the_bot_does_not_answer(fake, bot, keep, store):
    await keep("第一句", 1, [2])
    await store.guild_settings.change(42, channels=frozenset([7]))
    assert rows(await ask(fake, bot, COUPLETS, channel=99, private=True))
    assert rows(await ask(fake, bot, COUPLETS, channel=7, private=False))
    assert rows(await ask(fake, bot, COUPLETS, channel=99, thread_of=7, private=False))


async def test_there_is_no_leaderboard_outside_servers(fake, bot, keep):
    """Discord does not offer it there; nobody's own favorites are shown if somebody asks."""
    await keep("第一句", 1, [2], guild=None)
    message = await ask(fake, bot, COUPLETS, guild=None)
    assert message["content"] == english("leaderboard-no-server")


async def test_server_chooses_the_language(fake, bot, keep, store):
    await keep("第一句", 1, [2])
    await store.guild_settings.change(42, language="zh-TW")
    message = await ask(fake, bot, COUPLETS, private=False)
    assert texts(message)[0] == "### ♥ 最受喜愛的詩作"
    assert rows(message)[1] == "-# ♥ 1 · 出題：<@1>"


async def test_mentions_are_text_and_ping_nobody(fake, bot, keep):
    await keep("@everyone <@5>", 1, [2])
    payload = fake.interaction(COUPLETS)
    await bot.receive(payload)
    message = fake.exchange(payload).original
    assert message["allowed_mentions"] == {"parse": []}
    (page,) = (
        p["content"] for p in within(message["components"]) if "**1.**" in p.get("content", "")
    )
    assert "\\@everyone \\<\\@5\\>" in page
