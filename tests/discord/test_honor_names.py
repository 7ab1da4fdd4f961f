"""The names on a page of honor: those of writers who are stored, whatever happens meanwhile."""

import pytest
from lianju.bot.cogs.honor_posts import HonorPosts
from lianju.bot.honor import EDIT_EVERY_S

from .honor_pages import CHANNEL, FANS, SECOND, WRITER, love, shown
from .honor_pages import honors as honors
from .honor_pages import page as page
from .honor_pages import server as server
from .test_honor_booklets import OTHER


@pytest.mark.parametrize("linked", [True, False], ids=["together", "one after the other"])
async def test_writer_who_is_forgotten_before_a_turn_of_the_clock_comes_to_it_is_not_named(
    linked, fake, store, page, honors, clock, monkeypatch
):
    """The turn has read both verses; the first one takes a while."""
    await love(store, *FANS[:3], verse=OTHER, author=9)
    if linked:
        await love(store, *FANS[:3], author=None, writers={WRITER: 1.0, SECOND: 1.0})
    else:
        await love(store, *FANS[:3])
        await love(store, *FANS[3:5], author=SECOND)
    act, acted = HonorPosts.act, []

    async def forget_after_the_first(self, verse, now):
        await act(self, verse, now)
        acted.append(verse)
        if len(acted) == 1:
            await store.delete_user(WRITER, clock.now)

    monkeypatch.setattr(HonorPosts, "act", forget_after_the_first)
    await honors.tick()
    await honors.tick()  # which reads the second one anew
    said = [str(shown(message)) for message in fake.posted[str(CHANNEL)]]
    assert len(said) == 2
    assert "member 1、" not in said[1]
    assert "member 2" in said[1]


async def test_names_follow_the_hearts_even_if_their_number_is_the_same(
    fake, store, page, honors, clock
):
    await love(store, FANS[0], at=100)
    await love(store, *FANS[1:4], author=SECOND, at=200)
    await honors.tick()
    (message,) = fake.standing(CHANNEL)
    assert "member 1、" in str(shown(message))
    await love(store, FANS[0])
    await love(store, FANS[5], author=SECOND, at=300)
    clock.now += EDIT_EVERY_S
    await honors.tick()
    assert shown(message)[0] == ["♥ 4"]
    assert "member 1、" not in str(shown(message))
    assert "member 2、" in str(shown(message))
