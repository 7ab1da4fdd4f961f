"""Messages and forms of linked verse, held against Discord's limits in every language."""

from dataclasses import replace
from typing import get_args

import pytest
from lianju.bot.i18n import LANGUAGES, Localizer
from lianju.bot.linked import FORMS, MAX_PLAYERS, Line, open_table
from lianju.bot.linked.next_line import next_line
from lianju.bot.ui.linked import TableView, table_layout
from lianju.bot.ui.linked_private import (
    finish_layout,
    line_modal,
    offers_layout,
    question_layout,
    refused_layout,
)
from lianju.bot.verse import CheckedLine, Fault
from lianju.bot.verse.clinic.line import FaultKind
from lianju.bot.verse.prosody.readings import CharacterReadings
from lianju.bot.verses import RankedVerse, Verse

from .interactions import labels
from .limits import form_fault
from .test_pages import LATE, MOST, NAUGHTY, Favorite, favorites_layout, leaderboard_layout, sent

READINGS = CharacterReadings([("东", "平", "东风红空中翁天地"), ("董", "上", "水月落日雨")])
languages = pytest.mark.parametrize("localizer", [Localizer(each) for each in LANGUAGES])


def largest(form, lines):
    """A table whose message is as long as it can be."""
    players = range(MOST - MAX_PLAYERS + 1, MOST)
    options = {"order": "turns", "minutes": 1440, "named": players}
    table = open_table(MOST, MOST, MOST, 2**33, form=form, **options)
    length = table.length
    poem = tuple(Line("风" * length, "member", MOST - n % 9, 2**33) for n in range(lines))
    return replace(table, lines=poem, id=10**18 - 1)


@languages
@pytest.mark.parametrize("form", FORMS)
def test_the_message_of_a_table_keeps_the_limits(form, localizer):
    for lines in {0, 1, 3, FORMS[form].lines - 1}:
        table = largest(form, lines)
        rules = next_line(table.texts, table.length, table.most_lines, "strict", READINGS)
        message = sent(table_layout(TableView(table, rules, "东" * 10), localizer))
        assert len(labels(message)) == 6
        assert form_fault(line_modal(table, rules, localizer, NAUGHTY * 3).to_dict()) is None
        joinable = replace(table, named=False, players=table.players[:1], turn_ends_at=None)
        assert len(labels(sent(table_layout(TableView(joinable, rules), localizer)))) == 7
    for state in ("finished", "idle"):
        closed = replace(largest(form, FORMS[form].lines), state=state)
        sent(table_layout(TableView(closed, hearts=10**9), localizer))
    poet = Line("风" * 5, "poet", None, 0.0, NAUGHTY * 20)
    sent(table_layout(TableView(replace(largest(form, 0), lines=(poet,), state="idle")), localizer))


@languages
@pytest.mark.parametrize("rules", ["strict", "loose"])
def test_private_messages_keep_the_limits(rules, localizer):
    table = replace(largest("pailu7", 23), rules=rules)
    faults = tuple(
        Fault(kind, place % 7, "风", tone, frozenset((0, 1)))
        for place, kind in enumerate(get_args(FaultKind))
        for tone in ("level", "oblique")
    )
    checked = CheckedLine("风" * 7, faults=faults)
    choices = dict.fromkeys(range(7), "水月落")
    readings = CharacterReadings([("东", "平", "风"), ("冬", "平", "")])
    message = sent(question_layout(localizer, table, "风" * 7, checked, readings, choices))
    assert len(labels(message)) == (1 if rules == "strict" else 2)
    for text in ("风" * 100, NAUGHTY * 20, "a:b:c\n", "\ud83c" * 50, "😀" * 50):
        sent(refused_layout(localizer, "x" * 2000, table.id, 23, text))
    for takes in (True, False):
        sent(offers_layout(localizer, table, ["风" * 7, "水" * 7, "月" * 7], takes=takes))
    sent(finish_layout(localizer, table))


@languages
def test_lists_with_the_writers_of_poems_keep_the_limits(localizer):
    verse, writers = Verse.of(*["风" * 7] * 24), tuple(range(MOST - MAX_PLAYERS, MOST))
    kept = [Favorite(number, verse, 2**40, MOST, writers) for number in range(10)]
    sent(favorites_layout(localizer, MOST, "newest", LATE, kept, "x" * 400))
    loved = [RankedVerse(verse, 10**9, None, writers)] * 10
    sent(leaderboard_layout(localizer, MOST, "couplets", "all", LATE, loved))
