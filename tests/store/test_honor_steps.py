"""Pages of honor in the database: what was read a while ago undoes nothing."""

from .test_honors import FANS, NOW, due, love, post, rows
from .test_honors import page as page


async def test_verse_that_another_process_has_posted_meanwhile_is_not_dropped(store, page, query):
    await love(store, *FANS[:3])
    await love(store, FANS[0])
    (late,) = await store.honors.due(NOW)
    assert late.step == "drop"
    await love(store, FANS[0])
    await store.honors.drop(late)
    (verse,) = await store.honors.due(NOW)
    assert await store.honors.claim(verse, NOW, posting=True)
    await store.honors.drop(late)
    assert (await store.honors.get(verse.id)).begun_at == NOW
    await store.honors.unpost(verse)
    posted = await post(store)
    await store.honors.drop(late)
    assert await store.honors.get(verse.id) == posted
    assert await due(store, NOW + 999) == []
    assert rows(query) == 1
