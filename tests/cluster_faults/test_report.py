"""The run fails where something was lost."""

from collections import Counter

import pytest

from ..campaign.faulty_discord import FaultyDiscord
from .__main__ import report
from .members import LOST, UNANSWERED, VERSE, Members

KEY = (1, 2, "白日依山尽", "黄河入海流")


@pytest.fixture
def seen():
    """One member was told that a verse is kept."""
    seen = Members(FaultyDiscord(), 1)
    seen.begin("nothing")
    seen.phases[-1].fates.update([VERSE, LOST])
    seen.ledger.begin(KEY)
    seen.ledger.finish(KEY, "toggled")
    return seen


def test_what_members_were_told_is_stored(seen):
    assert report(seen, Counter([KEY]))


@pytest.mark.parametrize("stored", [[], [KEY, KEY], [KEY, (3, *KEY[1:])]])
def test_a_favorite_is_lost_or_doubled_or_nobodys(seen, stored):
    if len(set(stored)) > 1:  # the member was told that it is removed again
        seen.ledger.begin(stored[1])
        seen.ledger.finish(stored[1], "toggled")
        seen.ledger.begin(stored[1])
        seen.ledger.finish(stored[1], "toggled")
    assert not report(seen, Counter(stored))


def test_somebody_was_not_answered(seen):
    seen.phases[-1].fates[UNANSWERED] += 1
    assert not report(seen, Counter([KEY]))


def test_a_favorite_that_was_lost_with_the_bot_may_be_stored_or_not(seen):
    other = (3, *KEY[1:])
    seen.ledger.begin(other)
    seen.ledger.finish(other, "unclear")
    assert report(seen, Counter([KEY, other]))
    assert report(seen, Counter([KEY]))
