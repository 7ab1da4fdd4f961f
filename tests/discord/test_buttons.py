import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.confidence import CONFIDENCES
from lianju.bot.guild_settings import CANDIDATES
from lianju.bot.ui.answer import confidence_bar
from lianju.bot.ui.buttons import (
    PRESS,
    DetailsButton,
    HeartButton,
    RandomMode,
    RequestOptions,
    Writer,
)
from lianju.bot.verse import Acrostic, Beam, NextLine, Poem, RequestError, Rerank, Revision, Sample
from lianju.bot.verse.form import LENGTH, PoemKind
from lianju.bot.verse.request import (
    COUNT,
    SEED,
    TEMPERATURE,
    TOP_K,
    TOP_P,
    WIDTH,
    Known,
    Rules,
    Script,
)


def within(bounds):
    numbers = st.integers if isinstance(bounds.low, int) else st.floats
    return numbers(bounds.low, bounds.high)


snowflakes = st.integers(1, 2**64 - 1)
log_probs = st.floats(max_value=0, allow_nan=False)
hearts = st.builds(
    HeartButton,
    within(CANDIDATES),
    log_probs,
    st.lists(st.booleans(), max_size=8).map(tuple),
    st.lists(st.sampled_from(["tones", "rhyme", "repetition"]), unique=True).map(tuple),
)
kinds = st.sampled_from(get_args(PoemKind))
forms = st.one_of(
    st.just(NextLine()),
    st.builds(Poem, kinds),
    st.builds(Acrostic, st.sampled_from([5, 7]), st.none() | kinds),
    st.builds(Revision, st.none() | kinds),
)
options = st.builds(
    RequestOptions,
    snowflakes,
    within(COUNT),
    *map(st.sampled_from, map(get_args, (Script, RandomMode))),
    forms,
    st.sampled_from([None, "东", "真"]),
    *map(st.sampled_from, map(get_args, (Rules, Known))),
)
writers = st.builds(
    Writer, st.none() | snowflakes, st.integers(1_420_070_400, 1_420_070_400 + 36**6 - 1)
)
# Of messages: a line to continue, without options.
answered = st.builds(
    RequestOptions,
    snowflakes,
    within(COUNT),
    st.sampled_from(get_args(Script)),
    st.just("chosen"),
    writer=writers,
)
# Posted after a revision, without the name of a rhyme group that would be too long.
revised = st.builds(
    RequestOptions,
    snowflakes,
    st.just(1),
    st.sampled_from(get_args(Script)),
    st.just("chosen"),
    st.just(Revision()),
    st.sampled_from([None, "东"]),
    *map(st.sampled_from, map(get_args, (Rules, Known))),
    writers,
)
searches = st.one_of(
    st.builds(Beam, within(WIDTH)),
    st.builds(Rerank, within(SEED), within(WIDTH)),
    st.builds(Sample, *map(within, (TEMPERATURE, TOP_K, TOP_P, SEED))),
)
details = st.builds(DetailsButton, within(LENGTH), searches, st.booleans())
buttons = st.one_of(hearts, options, answered, revised, details)


@given(buttons)
def test_button_is_parsed_from_its_custom_id(button):
    assert type(button).parse(button.custom_id) == button


@given(buttons)
def test_custom_id_is_valid_and_matched_by_the_bot(button):
    assert 1 <= len(button.custom_id) <= 100
    assert re.fullmatch(PRESS, button.custom_id)


@pytest.mark.parametrize(
    ("custom_id", "button"),
    [
        ("lianju:heart:2:1:-9.5::", HeartButton(1, -9.5)),
        (
            "lianju:heart:2:2:-30.25:010:tones+rhyme",
            HeartButton(2, -30.25, (False, True, False), ("tones", "rhyme")),
        ),
        (
            "lianju:again:2:77:5:auto:chosen:next:::strict:exclude",
            RequestOptions(77, 5, "auto"),
        ),
        (
            "lianju:again:2:77:5:traditional:sampled:jueju::东:loose:allow",
            RequestOptions(77, 5, "traditional", "sampled", Poem("jueju"), "东", "loose", "allow"),
        ),
        (
            "lianju:again:2:77:5:auto:chosen:next:7::strict:exclude",
            RequestOptions(77, 5, "auto", form=Acrostic(7)),
        ),
        (
            "lianju:again:2:77:5:auto:chosen:next:::strict:exclude:6A77K026",
            RequestOptions(77, 5, "auto", writer=Writer(78, 1_800_000_000)),
        ),
        (
            "lianju:again:2:77:5:auto:chosen:next:::strict:exclude:6A77K00",
            RequestOptions(77, 5, "auto", writer=Writer(None, 1_800_000_000)),
        ),
        (
            "lianju:again:2:77:1:auto:chosen:next:?::strict:exclude:6A77K026",
            RequestOptions(77, 1, "auto", form=Revision(), writer=Writer(78, 1_800_000_000)),
        ),
        ("lianju:details:2:7:5", DetailsButton(7, Beam(5))),
        ("lianju:details:2:7:5:cut", DetailsButton(7, Beam(5), complete=False)),
        ("lianju:details:2:7:5:0", DetailsButton(7, Rerank(0, 5))),
        ("lianju:details:2:7:0.8:100:0.9:11", DetailsButton(7, Sample(0.8, 100, 0.9, 11))),
    ],
)
def test_custom_ids_of_old_messages_stay_valid(custom_id, button):
    assert type(button).parse(custom_id) == button
    assert button.custom_id == custom_id


@given(buttons, st.sampled_from([HeartButton, RequestOptions, DetailsButton]))
def test_custom_ids_of_different_buttons_do_not_match(button, kind):
    if kind is not type(button):
        with pytest.raises(ValueError, match="not a custom id of"):
            kind.parse(button.custom_id)


@pytest.mark.parametrize(
    ("kind", "custom_id"),
    [
        (HeartButton, "lianju:heart:3:1:-9.5::"),
        (HeartButton, "lianju:heart:2:1:-9.5"),
        (HeartButton, "lianju:heart:2:1:-9.5:x:"),
        (HeartButton, "lianju:heart:1:1:-9.5"),
        (HeartButton, "lianju:heart:2:one:-9.5::"),
        (HeartButton, "other:heart:2:1:-9.5::"),
        (HeartButton, "lianju"),
        (RequestOptions, "lianju:again:2:77:5:runes:chosen:next:::strict:exclude"),
        (RequestOptions, "lianju:again:2:77:5:auto:dreamt:next:::strict:exclude"),
        (RequestOptions, "lianju:again:1:77:5:auto:chosen"),
        (RequestOptions, "lianju:again:2:77:5:auto:chosen"),
        (RequestOptions, "lianju:again:2:77:5:auto:chosen:ode:::strict:exclude"),
        (RequestOptions, "lianju:again:2:77:5:auto:chosen:jueju:::sloppy:exclude"),
        (RequestOptions, "lianju:again:2:77:5:auto:chosen:jueju:::strict:some"),
        (DetailsButton, "lianju:details:2:7:None"),
        (DetailsButton, "lianju:details:2:7:0.8:100:0.9"),
    ],
)
def test_custom_id_of_another_layout_is_refused(kind, custom_id):
    with pytest.raises(ValueError, match=r".+"):
        kind.parse(custom_id)


def test_impossible_sampling_is_refused():
    with pytest.raises(RequestError):
        DetailsButton.parse("lianju:details:2:7:99:100:0.9:1")


@pytest.mark.parametrize(
    "custom_id", ["lianju:heart:9:whatever", "lianju:again:2:", "lianju:heart:"]
)
def test_custom_id_of_any_layout_is_matched(custom_id):
    assert re.fullmatch(PRESS, custom_id)


@pytest.mark.parametrize(
    ("confidence", "shown"),
    [(1, "▰▰▰▰▰"), (0.72, "▰▰▰▰▱"), (0.6, "▰▰▰▱▱"), (0.31, "▰▰▱▱▱"), (0.2, "▰▱▱▱▱"), (0, "▰▱▱▱▱")],
)
def test_bar_is_the_confidence_in_fifths(confidence, shown):
    assert confidence_bar(confidence) == shown


@given(st.floats(0, 1), st.floats(0, 1))
def test_bar_of_the_higher_confidence_is_no_shorter(one, other):
    less, more = sorted((one, other))
    assert confidence_bar(less).count("▰") <= confidence_bar(more).count("▰")
    assert len(confidence_bar(one)) == CONFIDENCES
