from .interactions import HANGS_S
from .soak import LINES, soak, table


async def test_every_request_is_answered_and_memory_is_reported(bundle):
    # Patient in all respects, so that a slow machine is no failure.
    settings = {
        "LIANJU_BUNDLE": bundle,
        "LIANJU_PROVIDER": "cpu",
        "LIANJU_THREADS": 1,
        "LIANJU_DEADLINE": 840,
    }
    rows, complaints = await soak(250, 64, idle_s=0, seconds_to_acknowledge=HANGS_S, **settings)
    assert not complaints
    assert [(row.moment, row.after, row.refused) for row in rows] == [
        ("started", 0, 0),
        ("busy", 100, 0),
        ("busy", 250, 0),
        ("idle", 250, 0),
    ]
    assert all(0 < row.private_mb < row.resident_mb <= row.peak_mb for row in rows)
    assert len(table(rows).splitlines()) == 5


def test_prompts_are_a_few_hundred():
    assert 300 < len(set(LINES)) < 500
