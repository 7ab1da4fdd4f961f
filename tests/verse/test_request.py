import pytest
from lianju.bot.verse import (
    Acrostic,
    Beam,
    Couplet,
    NextLine,
    Poem,
    Request,
    RequestError,
    Rerank,
    Sample,
    form_from,
)
from lianju.bot.verse.form import form_named


@pytest.mark.parametrize(
    ("make", "facts"),
    [
        (lambda: Beam(0), {"name": "width", "value": 0, "low": 1, "high": 64}),
        (lambda: Beam(65), {"name": "width", "value": 65}),
        (lambda: Rerank(width=0), {"name": "width", "value": 0}),
        (lambda: Request("白日", count=0), {"name": "count", "value": 0, "low": 1, "high": 20}),
        (lambda: Request("白日", search=Sample(), count=21), {"name": "count", "value": 21}),
        (lambda: NextLine(0), {"name": "length", "value": 0, "low": 1, "high": 64}),
        (lambda: NextLine(-7), {"name": "length", "value": -7}),
        (lambda: Sample(temperature=0), {"name": "temperature", "low": 0.1, "high": 2.0}),
        (lambda: Sample(temperature=2.1), {"name": "temperature", "value": 2.1}),
        (lambda: Sample(top_k=0), {"name": "top_k", "low": 1, "high": 1000}),
        (lambda: Sample(top_k=1001), {"name": "top_k", "value": 1001}),
        (lambda: Sample(top_p=0.01), {"name": "top_p", "low": 0.05, "high": 1.0}),
        (lambda: Sample(top_p=1.01), {"name": "top_p", "value": 1.01}),
        (lambda: Sample(seed=-1), {"name": "seed", "low": 0, "high": 2**32 - 1}),
    ],
)
def test_a_number_out_of_range_is_refused_and_not_clamped(make, facts):
    with pytest.raises(RequestError) as caught:
        make()
    assert caught.value.key == "request-range"
    assert caught.value.facts.items() >= facts.items()


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: Request("白日", search=Beam(3), count=4), "request-width"),
        (lambda: Request("白日", search=Rerank(width=3), count=4), "request-width"),
        (lambda: Request("白日", script="latin"), "unknown-choice"),
        (lambda: Request("白日", rules="lenient"), "unknown-choice"),
        (lambda: Request("白日", known="some"), "unknown-choice"),
        (lambda: Poem("sonnet"), "unknown-choice"),
        (lambda: form_named("sonnet"), "unknown-choice"),
        (lambda: form_named("jueju", length=5), "request-form-length"),
        (lambda: Acrostic(6), "request-chars"),
        (lambda: Acrostic(7, "sonnet"), "unknown-choice"),
        (lambda: Request("白日", Poem("jueju"), Beam(plain=True)), "request-plain"),
        (lambda: Request("白日", Acrostic(), Beam(plain=True)), "request-plain"),
        (lambda: Request("白日", search=Beam(plain=True), rhyme="东"), "request-plain"),
        (lambda: Request("白日", search=Beam(plain=True), rules="loose"), "request-plain"),
        (lambda: Request("白日", rhyme="东", rules="free"), "request-free-rhyme"),
        (lambda: form_named("couplet"), "unknown-choice"),
        (lambda: form_from("couplet", length=5), "request-form-length"),
        (lambda: form_from("couplet", heads="春夏"), "request-heads-couplet"),
        (lambda: form_from("couplet", chars=5), "request-chars-alone"),
        (lambda: form_from("jueju", upper=True), "request-upper-alone"),
    ],
)
def test_values_that_exclude_each_other_are_refused(make, key):
    with pytest.raises(RequestError) as caught:
        make()
    assert caught.value.key == key


def test_sampling_gives_any_number_of_candidates():
    assert Request("白日", search=Sample(), count=20).count == 20


def test_forms_have_the_names_of_the_options():
    assert [form_named(name).name for name in ("next", "jueju", "lushi")] == [
        "next",
        "jueju",
        "lushi",
    ]
    assert (Acrostic().name, Acrostic(kind="lushi").name) == ("next", "lushi")
    for upper in (False, True):
        assert form_from("couplet", upper=upper) == Couplet(upper)
        assert form_from("couplet", upper=upper).name == "couplet"
