from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.errors import LianjuError
from lianju.bot.verse import Acrostic, Couplet, NextLine, Poem, Request, Rerank
from lianju.bot.web.query import Query

LINE, HEADS = "黄河远上白云间", "春夏秋冬"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(str.strip)
queries = st.builds(
    Query,
    line=st.none() | texts,
    heads=st.none() | texts,
    form=texts.filter(bool),
    chars=texts,
    upper=texts,
    rhyme=texts,
    rules=texts.filter(bool),
    known=texts.filter(bool),
    script=texts.filter(bool),
    seed=texts,
    layout=texts.filter(bool),
    lang=texts,
)


def read(address):
    return Query.read(dict(parse_qsl(urlsplit(address).query, keep_blank_values=True)))


@given(queries)
def test_the_address_has_everything(query):
    assert read(query.address()) == query


def test_the_address_has_nothing_else():
    assert Query().address() == "./"
    assert Query(line="a b").address() == "?line=a+b"
    assert Query(line="a").address(seed="7", layout="vertical") == "?line=a&seed=7&layout=vertical"


def test_other_parameters_are_ignored_and_empty_ones_are_the_default():
    assert Query.read({"line": LINE, "utm_source": "x", "rules": "", "seed": " "}) == Query(LINE)


@pytest.mark.parametrize(
    ("query", "request_"),
    [
        (Query(LINE), Request(LINE, search=Rerank(0))),
        (Query(LINE, seed="7"), Request(LINE, search=Rerank(7))),
        (Query(LINE, form="lushi"), Request(LINE, Poem("lushi"), Rerank())),
        (Query(heads=HEADS, chars="5"), Request(HEADS, Acrostic(5), Rerank())),
        (
            Query(heads=HEADS, form="jueju", rhyme="东", rules="loose"),
            Request(HEADS, Acrostic(7, "jueju"), Rerank(), rhyme="东", rules="loose"),
        ),
        (
            Query(LINE, known="allow", script="traditional"),
            Request(LINE, NextLine(), Rerank(), known="allow", script="traditional"),
        ),
        (Query(LINE, form="couplet"), Request(LINE, Couplet(), Rerank())),
        (
            Query(LINE, form="couplet", upper="true", seed="3"),
            Request(LINE, Couplet(upper=True), Rerank(3)),
        ),
        (Query(""), Request("", search=Rerank())),  # which the engine refuses
    ],
)
def test_what_the_engine_is_asked(query, request_):
    assert query.to_request() == request_


@pytest.mark.parametrize(
    ("query", "key"),
    [
        (Query(LINE, form="sonnet"), "unknown-choice"),
        (Query(LINE, form="acrostic-5"), "unknown-choice"),
        (Query(LINE, rules="any"), "unknown-choice"),
        (Query(LINE, layout="diagonal"), "unknown-choice"),
        (Query(LINE, seed="seven"), "request-range"),
        (Query(LINE, seed="-1"), "request-range"),
        (Query(LINE, seed="１"), "request-range"),
        (Query(LINE, seed="9" * 5000), "request-range"),
        (Query(LINE, seed="4294967296"), "request-range"),
        (Query(LINE, chars="7"), "request-chars-alone"),
        (Query(heads=HEADS, chars="six"), "request-chars"),
        (Query(heads=HEADS, chars="6"), "unknown-choice"),
        (Query(LINE, heads=HEADS), "request-heads-line"),
        (Query(LINE, rhyme="东", rules="free"), "request-free-rhyme"),
        (Query(LINE, rhyme="东", form="couplet"), "request-couplet-rhyme"),
        (Query(LINE, upper="true"), "request-upper-alone"),
        (Query(LINE, form="couplet", upper="yes"), "unknown-choice"),
        (Query(heads=HEADS, form="couplet"), "request-heads-couplet"),
    ],
)
def test_what_is_refused(query, key):
    with pytest.raises(LianjuError) as refused:
        query.to_request()
    assert refused.value.key == key


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ({"line": LINE, "form": "next"}, Query(LINE)),
        ({"line": LINE, "form": "jueju"}, Query(LINE, form="jueju")),
        ({"line": HEADS, "form": "acrostic-5"}, Query(heads=HEADS, chars="5")),
        ({"line": LINE, "form": "couplet"}, Query(LINE, form="couplet")),
        ({"line": LINE, "form": "couplet-upper"}, Query(LINE, form="couplet", upper="true")),
        ({"line": ""}, Query("")),
        ({"line": "", "form": "acrostic-7"}, Query(heads="", chars="7")),
    ],
)
def test_the_form_has_one_field_for_lines_and_for_first_characters(fields, query):
    assert Query.read_form(fields) == query
    assert (query.text, query.form_value) == (fields["line"], fields.get("form", "next"))


def test_lines_are_kept_apart_in_a_field_that_has_one_line():
    assert Query("白日依山尽\r\n黄河入海流").text == "白日依山尽，黄河入海流"
