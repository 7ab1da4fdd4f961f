"""The rules of pages of honor."""

import calendar
import datetime
from dataclasses import replace
from itertools import product

import pytest
from lianju.bot.honor import STATES, Heart, HonoredVerse, Month, best_loved, retry_after
from lianju.bot.verses import Verse

VERSE = Verse("床前明月光", "疑是地上霜")
NOVEMBER = Month.at(datetime.datetime(2026, 11, 30, 23, 59, 59, tzinfo=datetime.UTC).timestamp())


SHOWN = {"state": "posted", "channel_id": 70, "message_id": 9}


def hearts(count, author=1, at=0, first=10):
    return tuple(Heart(first + n, author, (), at) for n in range(count))


@pytest.mark.parametrize("state", STATES)
def test_next_step_of_every_situation(state):
    """As the page that describes it says, sentence by sentence."""
    for exists, count, author, message, begun, page in product(
        (True, False), (0, 2, 3), (1, None), (None, 7), (None, 9), (None, 70)
    ):
        verse = HonoredVerse(
            1,
            5,
            VERSE if exists else None,
            hearts(count, author) if exists else (),
            state,
            channel_id=70,
            message_id=message,
            begun_at=begun,
            page_channel_id=page,
            threshold=3,
        )
        loved = count if exists else 0
        never = exists and (state == "withdrawn" or (state == "unnamed" and not (loved and author)))
        wanted = "delete_unposted"
        if begun and not message:
            wanted = "find"
        elif message and (never or not loved):
            wanted = "delete_message"
        elif never:
            wanted = "nothing"
        elif not loved:
            wanted = "delete_unposted"
        elif message:
            wanted = "edit"
        elif page and loved >= 3:
            wanted = "post"
        assert verse.step == wanted, verse


def test_names_are_those_of_all_who_wrote_together_or_of_the_first_author():
    alone = HonoredVerse(1, 5, VERSE, (*hearts(1, 2, 9), *hearts(1, 3, 8, 20)), "posted")
    assert (alone.writers, alone.all_writers) == ((3,), {2, 3})
    heart, other = Heart(10, None, (4,), 1), Heart(11, None, (4, 5), 2)
    together = HonoredVerse(1, 5, VERSE, (heart, other), "posted")
    assert (together.writers, together.is_linked) == ((4, 5), True)
    assert HonoredVerse(1, 5, VERSE, hearts(1, None), "posted").writers == ()


def test_months_are_those_of_the_calendar():
    for number in range(NOVEMBER.number - 700, NOVEMBER.number + 100):
        year, month = divmod(number, 12)
        start = calendar.timegm((year, month + 1, 1, 0, 0, 0))
        assert Month(number).start == start
        assert Month.at(start) == Month(number)
        assert Month.at(start - 1) == Month(number).before
        assert Month(number).following.first == datetime.date(
            year + (month == 11), (month + 1) % 12 + 1, 1
        )


def test_booklet_has_the_best_loved_of_the_month():
    inside, outside = NOVEMBER.start, NOVEMBER.following.start
    few = HonoredVerse(1, 5, VERSE, hearts(2, at=inside) + hearts(5, at=outside, first=30), **SHOWN)
    many = HonoredVerse(2, 5, VERSE, hearts(3, at=inside), **SHOWN)
    old = HonoredVerse(3, 5, VERSE, hearts(9, at=inside - 1), **SHOWN)
    waiting = HonoredVerse(4, 5, VERSE, hearts(9, at=inside), "waiting")
    own = HonoredVerse(5, 5, VERSE, hearts(1, author=10, at=inside), **SHOWN)
    named = HonoredVerse(6, 5, VERSE, hearts(1, at=inside), **SHOWN | {"state": "unnamed"})
    unnamed = replace(named, id=7, hearts=hearts(9, None, inside))
    unposted = replace(named, id=8, message_id=None)
    withdrawn = replace(many, id=9, state="withdrawn")
    every = [few, old, own, waiting, many, named, unnamed, unposted, withdrawn]
    chosen = best_loved(every, NOVEMBER)
    assert [(each.id, count) for each, count in chosen] == [(2, 3), (1, 2), (6, 1)]
    lots = [HonoredVerse(n, 5, VERSE, hearts(1, at=inside), **SHOWN) for n in range(99)]
    assert [each.id for each, _ in best_loved(lots, NOVEMBER)] == list(range(99))


def test_waits_grow_and_end():
    waits = [retry_after(n) for n in (*range(1, 20), 10**6)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (60, 60 * 60)
