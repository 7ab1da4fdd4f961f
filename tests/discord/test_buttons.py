import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.guild_settings import CANDIDATES
from lianju.bot.ui.bar import BLOCKS, bar
from lianju.bot.ui.buttons import PRESS, Batch, DetailsButton, Heart, RequestOptions
from lianju.bot.verse.errors import RequestError
from lianju.bot.verse.request import (
    COUNT,
    LENGTH,
    SEED,
    TEMPERATURE,
    TOP_K,
    TOP_P,
    WIDTH,
    Form,
    Known,
    Rerank,
    Sample,
    Script,
    Strictness,
)


def within(bounds):
    numbers = st.integers if isinstance(bounds.low, int) else st.floats
    return numbers(bounds.low, bounds.high)


snowflakes = st.integers(1, 2**64 - 1)
log_probs = st.floats(max_value=0, allow_nan=False)
hearts = st.builds(
    Heart,
    within(CANDIDATES),
    log_probs,
    st.lists(st.booleans(), max_size=8).map(tuple),
    st.lists(st.sampled_from(["tones", "rhyme", "repetition"]), unique=True).map(tuple),
)
wishes = st.builds(
    RequestOptions,
    snowflakes,
    within(COUNT),
    *map(st.sampled_from, map(get_args, (Script, Batch, Form))),
    st.sampled_from([None, 5, 7]),
    st.sampled_from([None, "东", "真"]),
    *map(st.sampled_from, map(get_args, (Strictness, Known))),
)
samplings = st.builds(Sample, *map(within, (TEMPERATURE, TOP_K, TOP_P, SEED)))
methods = st.one_of(
    st.builds(DetailsButton, within(LENGTH), within(WIDTH)),
    st.builds(
        DetailsButton, within(LENGTH), within(WIDTH), choosing=st.builds(Rerank, within(SEED))
    ),
    st.builds(DetailsButton, within(LENGTH), st.none(), samplings),
)
buttons = st.one_of(hearts, wishes, methods)


@given(buttons)
def test_button_is_read_back_from_its_custom_id(button):
    assert type(button).read(button.custom_id) == button


@given(buttons)
def test_custom_id_is_one_that_discord_takes_and_the_bot_hears(button):
    assert 1 <= len(button.custom_id) <= 100
    assert re.fullmatch(PRESS, button.custom_id)


def test_buttons_of_the_first_layout_are_read_still():
    assert Heart.read("lianju:heart:1:2:-9.5") == Heart(2, -9.5)
    assert RequestOptions.read("lianju:again:1:77:5:traditional:sampled") == RequestOptions(
        77, 5, "traditional", "sampled"
    )
    assert DetailsButton.read("lianju:details:1:7:5") == DetailsButton(7, 5)


@given(buttons, st.sampled_from([Heart, RequestOptions, DetailsButton]))
def test_button_is_not_taken_for_another(button, kind):
    if kind is not type(button):
        with pytest.raises(ValueError, match="no button for"):
            kind.read(button.custom_id)


@pytest.mark.parametrize(
    ("kind", "custom_id"),
    [
        (Heart, "lianju:heart:3:1:-9.5::"),
        (Heart, "lianju:heart:2:1:-9.5"),
        (Heart, "lianju:heart:2:1:-9.5:x:"),
        (Heart, "lianju:heart:1:1:-9.5:more"),
        (Heart, "lianju:heart:1:one:-9.5"),
        (Heart, "other:heart:1:1:-9.5"),
        (Heart, "lianju"),
        (RequestOptions, "lianju:again:1:77:5:runes:chosen"),
        (RequestOptions, "lianju:again:1:77:5:auto:dreamt"),
        (RequestOptions, "lianju:again:1:77:5"),
        (RequestOptions, "lianju:again:2:77:5:auto:chosen"),
        (RequestOptions, "lianju:again:2:77:5:auto:chosen:ode:::strict:exclude"),
        (RequestOptions, "lianju:again:2:77:5:auto:chosen:jueju:::sloppy:exclude"),
        (RequestOptions, "lianju:again:2:77:5:auto:chosen:jueju:::strict:some"),
        (DetailsButton, "lianju:details:1:7:None"),
        (DetailsButton, "lianju:details:1:7:0.8:100:0.9"),
    ],
)
def test_custom_id_of_another_layout_is_refused(kind, custom_id):
    with pytest.raises(ValueError, match=r".+"):
        kind.read(custom_id)


def test_impossible_sampling_is_refused():
    with pytest.raises(RequestError):
        DetailsButton.read("lianju:details:1:7:99:100:0.9:1")


@pytest.mark.parametrize(
    "custom_id", ["lianju:heart:9:whatever", "lianju:again:2:", "lianju:heart:"]
)
def test_press_of_any_layout_is_heard(custom_id):
    assert re.fullmatch(PRESS, custom_id)


@pytest.mark.parametrize(
    ("log_prob", "tokens", "shown"),
    [
        (-7 * 0.5, 7, "▰▰▰▰▰"),
        (-5 * 1.0, 5, "▰▰▰▰▰"),
        (-5 * 1.7, 5, "▰▰▰▰▱"),
        (-5 * 2.8, 5, "▰▰▰▱▱"),
        (-5 * 3.7, 5, "▰▰▱▱▱"),
        (-5 * 4.5, 5, "▰▱▱▱▱"),
        (-5 * 5.5, 5, "▰▱▱▱▱"),
        (-5 * 90.0, 5, "▰▱▱▱▱"),
        (-1e300, 1, "▰▱▱▱▱"),
        (float("-inf"), 7, "▰▱▱▱▱"),
        (0.0, 1, "▰▰▰▰▰"),
    ],
)
def test_bar_is_the_mean_log_probability_of_a_token(log_prob, tokens, shown):
    assert bar(log_prob, tokens) == shown


@given(log_probs, log_probs, within(LENGTH))
def test_bar_of_the_likelier_line_is_no_shorter(one, other, tokens):
    less, more = sorted((one, other))
    assert bar(less, tokens).count("▰") <= bar(more, tokens).count("▰")
    assert len(bar(one, tokens)) == BLOCKS
