"""Layouts of lists and settings, held against Discord's limits."""

import re
from types import SimpleNamespace

import discord
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lianju.bot.guild_settings import CHANNELS, GuildSettings
from lianju.bot.i18n import LANGUAGES, Localizer
from lianju.bot.store import DeletedData
from lianju.bot.ui.favorites import PAGE_BUTTON as FAVORITES_PAGE_BUTTON
from lianju.bot.ui.favorites import REMOVE_MENU, favorites_layout, label, removed
from lianju.bot.ui.guild_settings import change_text, channels_layout, reset_text, settings_text
from lianju.bot.ui.leaderboard import PAGE_BUTTON as LEADERBOARD_PAGE_BUTTON
from lianju.bot.ui.leaderboard import leaderboard_layout
from lianju.bot.ui.pages import PAGE_SIZE, PageInfo, read_page
from lianju.bot.ui.privacy import DELETE_BUTTON, confirmation_layout, deleted_layout, privacy_layout
from lianju.bot.verses import Favorite, Page, RankedMember, RankedVerse, Verse

from .interactions import V2, custom_ids
from .limits import fault, within

MOST = 2**63 - 1  # of an id
LATE = PageInfo(999_998, 9_999_990)
NAUGHTY = "*_~`|<>[]#@/\\"

LONG = Verse(NAUGHTY * 50, NAUGHTY * 50)
LONG_FAVORITES = [Favorite(number, LONG, 2**40, MOST) for number in range(PAGE_SIZE)]
LONG_HEARTED = [RankedVerse(LONG, 10**9, MOST)] * PAGE_SIZE

speeches = st.sampled_from([Localizer(language) for language in LANGUAGES])
lines = st.text(st.characters(exclude_characters="\n\r"), min_size=1, max_size=2000)
couplets = st.one_of(
    st.builds(Verse, lines, lines),
    st.just(LONG),
    st.just(Verse("𠮷" * 64, "𠮷" * 64)),
)
favorites = st.lists(couplets, max_size=PAGE_SIZE).map(
    lambda couplets: [Favorite(i, each, 2**40, MOST) for i, each in enumerate(couplets, 2**62)]
)
loved = st.lists(
    st.builds(RankedVerse, couplets, st.just(10**9), st.sampled_from([None, MOST])),
    max_size=PAGE_SIZE,
)


def sent(layout):
    """A layout as a message, which Discord must take."""
    message = {"flags": V2, "components": layout.to_components()}
    assert fault(message) is None
    return message


@example(Localizer("en"), LONG_FAVORITES, "newest")
@given(speeches, favorites, st.sampled_from(["newest", "oldest"]))
def test_favorites_keep_the_limits(localizer, favorites, order):
    note = removed(localizer, favorites[0].verse) if favorites else None
    message = sent(favorites_layout(localizer, MOST, order, LATE, favorites, note))
    for custom_id in custom_ids(message, "lianju:favourites"):
        found = re.fullmatch(FAVORITES_PAGE_BUTTON, custom_id)
        assert (found["owner"], found["order"]) == (str(MOST), order)
    for custom_id in custom_ids(message, "lianju:unfavourite"):
        assert re.fullmatch(REMOVE_MENU, custom_id)["page"] == str(LATE.number)


@example(Localizer("en"), LONG_HEARTED, "month")
@given(speeches, loved, st.sampled_from(["all", "month", "week"]))
def test_leaderboard_of_verses_keeps_the_limits(localizer, loved, period):
    message = sent(leaderboard_layout(localizer, MOST, "couplets", period, LATE, loved))
    for custom_id in custom_ids(message):
        found = re.fullmatch(LEADERBOARD_PAGE_BUTTON, custom_id)
        assert found.groups()[:3] == (str(MOST), "couplets", period)


@given(speeches, st.integers(0, PAGE_SIZE))
def test_leaderboard_of_members_keeps_the_limits(localizer, members):
    loved = [RankedMember(MOST, 10**9)] * members
    sent(leaderboard_layout(localizer, MOST, "members", "all", LATE, loved))


@given(couplets)
def test_label_of_a_choice_keeps_the_limits(couplet):
    assert 1 <= len(label(couplet)) <= 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_guild_settings_keep_the_limits(language):
    localizer = Localizer(language)
    most = GuildSettings(64, 10, 3600, "traditional", "zh-TW", frozenset(range(MOST - 25, MOST)))
    for text in (
        settings_text(localizer, most),
        reset_text(localizer, most),
        *(change_text(localizer, GuildSettings(), most, name) for name in vars(most)),
    ):
        assert 1 <= len(text) <= 4000
    sent(channels_layout(localizer, most.channels, None, saved=True))
    (menu,) = (
        part
        for part in within(sent(channels_layout(localizer, [], None, saved=False))["components"])
        if part["type"] == 8
    )
    assert (menu["min_values"], menu["max_values"]) == (0, CHANNELS.high)


@pytest.mark.parametrize(
    ("existing", "chosen"),
    [([7, 9], [7]), ([], [7, 12])],  # a server whose channels are not known has none
)
def test_menu_begins_with_the_channels_that_still_exist(existing, chosen):
    guild = SimpleNamespace(channels=[discord.Object(channel) for channel in existing])
    layout = channels_layout(Localizer("en"), [12, 7], guild, saved=False)
    (menu,) = (part for part in within(sent(layout)["components"]) if part["type"] == 8)
    assert [value["id"] for value in menu.get("default_values", [])] == chosen


@pytest.mark.parametrize("language", LANGUAGES)
def test_privacy_keeps_the_limits(language):
    localizer = Localizer(language)
    for layout in (
        privacy_layout(localizer, MOST, 3650),
        confirmation_layout(localizer, MOST),
        deleted_layout(localizer, DeletedData(10**9, 10**9, 10**9)),
        deleted_layout(localizer, DeletedData(0, 0, 0)),
    ):
        for custom_id in custom_ids(sent(layout)):
            assert re.fullmatch(DELETE_BUTTON, custom_id)["owner"] == str(MOST)


async def test_layouts_are_not_kept_by_discord_py():
    """Or discord.py would keep it, and give up on a private one after 15 minutes."""
    assert privacy_layout(Localizer("en"), MOST, 30).is_finished()


@pytest.mark.parametrize(
    ("total", "pages"), [(0, 1), (1, 1), (PAGE_SIZE, 1), (PAGE_SIZE + 1, 2), (10 * PAGE_SIZE, 10)]
)
def test_pages_are_counted(total, pages):
    assert PageInfo(0, total).pages == pages


@pytest.mark.parametrize(
    ("total", "asked", "page", "entries"),
    [
        (25, 0, 0, range(10)),
        (25, 2, 2, range(20, 25)),
        (25, 9, 2, range(20, 25)),  # the list was longer when the button was made
        (20, 2, 1, range(10, 20)),
        (0, 3, 0, range(0)),
    ],
)
async def test_page_number_beyond_the_end_becomes_the_last(total, asked, page, entries):
    async def read(offset, limit):
        return Page(list(range(total))[offset : offset + limit], total)

    assert await read_page(read, asked) == (PageInfo(page, total), list(entries))


@pytest.mark.parametrize(
    ("page", "alive"), [(0, [False, True]), (1, [True, True]), (2, [True, False])]
)
def test_turn_buttons_are_disabled_at_the_ends(page, alive):
    favorites = [Favorite(1, Verse("a", "b"), 0, None)]
    layout = favorites_layout(Localizer("en"), 77, "newest", PageInfo(page, 21), favorites)
    buttons = [part for part in within(sent(layout)["components"]) if part["type"] == 2]
    assert [not button.get("disabled", False) for button in buttons] == alive
    assert [int(button["custom_id"].rpartition(":")[2]) for button in buttons] == [
        page - 1,
        page + 1,
    ]


def test_single_page_has_no_turn_buttons():
    favorites = [Favorite(1, Verse("a", "b"), 0, None)]
    layout = favorites_layout(Localizer("en"), 77, "newest", PageInfo(0, PAGE_SIZE), favorites)
    assert custom_ids(sent(layout), "lianju:favourites") == []
