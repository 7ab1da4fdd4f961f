"""The steps of a revision, without Discord, and how a message holds them."""

import json
from dataclasses import replace
from itertools import product
from random import Random
from types import SimpleNamespace
from typing import get_args

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lianju.bot.errors import NotAllowedError
from lianju.bot.i18n import LANGUAGES, Localizer
from lianju.bot.revising import (
    MAX_VERSIONS,
    REMEMBERED,
    Credit,
    Draft,
    Revising,
    Steps,
    Version,
    is_revisable,
)
from lianju.bot.ui.buttons import Writer
from lianju.bot.ui.revise import choice_layout, revision_layout
from lianju.bot.ui.revise_state import Origin, RevisionView, parse_choice, parse_revision
from lianju.bot.verse import SEED, Candidate, Known, PromptError, Rerank, Rules, Script

from .answer_messages import payload, received
from .interactions import custom_ids

QUATRAIN = ("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼")
LAST = ("白日依山尽", "天地一沙鸥", "春江潮水平", "海上明月生")
ALL, NONE = (True,) * 5, (False,) * 5
HEAD = (True, *NONE[1:])


def answer(*poems, seed=0):
    """What an engine returns; of a revision that is whole poems."""
    return SimpleNamespace(
        request=SimpleNamespace(search=Rerank(seed, 5)),
        candidates=[Candidate(tuple(lines), -20.0, -20.0) for lines in poems],
        complete=True,
        bundle_name="tang-lstm",
        bundle_version="4.0.0",
    )


def other(line, turn=0):
    """Another line of the same length, for each turn another one."""
    return "".join("秋月春花江雨"[(place + turn) % 6] for place in range(len(line)))


def rewritten(state):
    """The state after a step that wrote other open lines."""
    turn = len(state.versions)
    lines = [
        line if all(row) else other(line, turn)
        for line, row in zip(state.lines, state.kept, strict=True)
    ]
    return state.write(state.draft, answer(lines))


def test_the_given_lines_are_kept_at_first():
    for count in range(1, 4):
        begun = Revising.begin(QUATRAIN, count)
        assert begun.kept == (ALL,) * count + (NONE,) * (4 - count)
        assert begun.draft.lines == (*QUATRAIN[:count], *["?"] * (4 - count))
    assert Revising.begin(QUATRAIN, has_heads=True).kept == (HEAD,) * 4


@pytest.mark.parametrize("before", list(product([False, True], repeat=4)))
def test_any_lines_can_be_kept(before):
    chosen = {index for index, is_kept in enumerate(before) if is_kept}
    begun = Revising.begin(QUATRAIN)
    assert begun.keep(chosen).kept == tuple(ALL if is_kept else NONE for is_kept in before)
    assert begun.keep({0, 1, 2, 3}).keep(chosen) == begun.keep(chosen)
    acrostic = Revising.begin(QUATRAIN, has_heads=True).keep(chosen)
    # The given characters stay.
    assert acrostic.kept == tuple(ALL if is_kept else HEAD for is_kept in before)


def test_single_characters_stay_kept_until_their_line_is_chosen():
    begun = Revising.begin(QUATRAIN)
    draft = begun.read("白日依山尽 ? 欲穷千里目 更上？层楼")
    assert draft.rows == ("白日依山尽", "？？？？？", "欲穷千里目", "更上？层楼")
    assert draft.lines == ("白日依山尽", "?", "欲穷千里目", "更上？层楼")
    written = begun.write(
        draft, answer([QUATRAIN[0], other(QUATRAIN[1]), QUATRAIN[2], "更上九层楼"])
    )
    assert written.draft.rows[3] == "更上？层楼"
    assert written.keep({0}).draft.rows == ("白日依山尽", "？？？？？", "？？？？？", "更上？层楼")
    assert written.keep({0, 3}).draft.rows[3] == "更上九层楼"
    assert written.keep({3}).keep(set()).draft.rows[3] == "？？？？？"


@pytest.mark.parametrize("wide", ["?", "？"])
@pytest.mark.parametrize("separator", ["，", "\n", " ", "。", ", "])
def test_a_poem_with_open_places_is_read_however_it_is_written(wide, separator):
    text = separator.join(["白日依山尽", wide, f"{wide}穷千里目", wide * 5])
    rows = ("白日依山尽", "？？？？？", "？穷千里目", "？？？？？")
    assert Revising.begin(QUATRAIN).read(text).rows == rows


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "revise-shape"),
        ("白日依山尽", "revise-shape"),
        ("白日依山尽，?，?", "revise-shape"),
        ("白日依山尽，?，?，?，?", "revise-shape"),
        ("白日依山尽，黄河，?，?", "revise-shape"),
        ("白日依山尽，黄河入海流流，?，?", "revise-shape"),
        ("<@77> <@78> <@79> <@80>", "revise-shape"),
        ("白" * 4000, "revise-shape"),
        ("白日依山🙂，?，?，?", "linked-line-characters"),
        ("hello，?，?，?", "linked-line-characters"),
        ("\ud800日依山尽，?，?，?", "prompt-not-text"),
    ],
)
def test_what_is_no_poem_of_this_shape_is_refused(text, key):
    with pytest.raises(PromptError) as refused:
        Revising.begin(QUATRAIN).read(text)
    assert refused.value.key == key


def test_characters_that_the_poem_has_may_stay():
    begun = Revising.begin(("白日🙂山尽", *QUATRAIN[1:]))
    assert begun.read("白日🙂山尽，?，?，?").lines[0] == "白日🙂山尽"


def test_something_is_kept_and_something_open():
    begun = Revising.begin(QUATRAIN)
    for chosen, key in ((range(4), "revise-all-kept"), ((), "revise-none-kept")):
        with pytest.raises(NotAllowedError) as refused:
            begun.check(begun.keep(chosen).draft)
        assert refused.value.key == key
    begun.check(begun.draft)


def test_steps_are_undone_one_by_one_to_the_very_beginning():
    states = [Revising.begin(QUATRAIN)]
    for chosen in ({0}, {0, 1}, {3}):
        before = states.pop().keep(chosen)
        states += [before, replace(rewritten(before), seed=before.seed)]
    undone = states[-1]
    for state in reversed(states[:-1]):
        undone = undone.undo()
        assert (undone.lines, undone.kept) == (state.lines, state.kept)
    assert len(undone.versions) == 4  # none comes again
    assert undone.lines == QUATRAIN
    with pytest.raises(NotAllowedError, match="as it was"):
        undone.undo()


def test_any_version_can_be_gone_to_and_on_from():
    begun = Revising.begin(QUATRAIN).keep({1})
    first = rewritten(begun)
    second = rewritten(first.keep({1, 2}))
    assert second.go_to(1) == replace(first, versions=second.versions)
    assert second.go_to(2) == second
    assert second.go_to(0).lines == QUATRAIN
    other_second = rewritten(second.go_to(1))
    assert [version.parent for version in other_second.versions] == [0, 0, 1, 1]
    assert other_second.undo().lines == first.lines
    assert other_second.go_to(2).undo().lines == first.lines


def test_a_version_is_one_that_was_not_seen():
    begun = Revising.begin(QUATRAIN)
    new = (QUATRAIN[0], *map(other, QUATRAIN[1:]))
    written = begun.write(begun.draft, answer(QUATRAIN, new))
    assert written.lines == new
    for state in (written, written.undo()):
        with pytest.raises(NotAllowedError) as refused:
            state.write(state.draft, answer(new, QUATRAIN))
        assert refused.value.key == "revise-nothing-new"


def test_the_seed_is_the_next_one_each_time():
    state = replace(Revising.begin(QUATRAIN), seed=SEED.high - 1)
    seeds = []
    for _ in range(3):
        seeds.append(state.seed)
        state = state.after_try()
    assert seeds == [SEED.high - 1, SEED.high, 0]
    assert rewritten(state).undo().seed == state.seed  # an undone seed is not used again


def test_versions_are_limited():
    state = Revising.begin(QUATRAIN)
    for turn in range(1, MAX_VERSIONS):
        lines = [QUATRAIN[0], other(QUATRAIN[1], turn), *map(other, QUATRAIN[2:])]
        lines[3] = other(QUATRAIN[3], turn // 6)
        state.check(state.draft)
        state = state.write(state.draft, answer(lines))
    for act in (lambda: state.check(state.draft), lambda: state.write(state.draft, answer(LAST))):
        with pytest.raises(NotAllowedError) as refused:
            act()
        assert refused.value.key == "revise-full"
    before = state.undo().undo()  # of two undone versions the older one has the other one after it
    after = before.write(before.draft, answer(LAST))
    assert len(after.versions) == MAX_VERSIONS
    assert after.lines == LAST
    assert after.versions[-2] == before.versions[-2]
    assert after.undo().lines == before.lines
    for _ in range(MAX_VERSIONS - 3):
        after = after.undo()
    assert after.undo().lines == QUATRAIN


@pytest.mark.parametrize(
    ("text", "first", "credit"),
    [
        ("白日依山尽，?，?，?", "白日依山尽", "author"),
        ("白日依山尽，?，?，?", "白日依山盡", "author"),  # in the other script
        ("白日？山尽，?，?，?", "白日依山尽", "author"),  # it is the same again
        ("白日？山尽，?，?，?", "白日春山尽", "nobody"),
        ("?，黄河入海流，?，?", "秋月春花江", "nobody"),
        ("落日满秋山，?，?，?", "落日满秋山", "member"),
        ("落日？秋山，?，?，?", "落日满秋山", "nobody"),
    ],
)
def test_credit_is_for_whoever_gave_the_line(text, first, credit):
    begun = Revising.begin(QUATRAIN)
    rest = [other(line, turn) for turn, line in enumerate(QUATRAIN[1:])]
    written = begun.write(begun.read(text), answer([first, *rest]))
    assert written.version.credit == credit
    kept = written.keep({0})
    again = kept.write(kept.draft, answer([first, *reversed(rest)]))
    assert again.version.credit == credit  # whoever keeps it later


@pytest.mark.parametrize(("heads", "credit"), [("白黄欲更", "author"), ("白黄春更", "nobody")])
def test_an_acrostic_is_credited_by_its_characters(heads, credit):
    begun = Revising.begin(QUATRAIN, has_heads=True)
    draft = begun.draft if credit == "author" else begun.read("白？？？？ 黄？？？？ ? 更？？？？")
    lines = [head + other(line)[1:] for head, line in zip(heads, QUATRAIN, strict=True)]
    assert begun.write(draft, answer(lines)).version.credit == credit


def test_the_probability_is_that_of_all_from_the_first_open_line_on():
    begun = Revising.begin(QUATRAIN, 2)
    assert rewritten(begun).version.scored == 10
    assert rewritten(begun.keep({1})).version.scored == 20


def test_each_state_of_a_message_is_acted_on_once():
    steps = Steps()
    with steps.take(1, 0):
        with pytest.raises(NotAllowedError) as late, steps.take(1, 0):
            pass
        assert late.value.key == "revise-late"
        with steps.take(2, 0), steps.take(1, 1):
            pass
    with pytest.raises(NotAllowedError), steps.take(1, 0):
        pass
    with pytest.raises(ZeroDivisionError), steps.take(1, 2):
        raise ZeroDivisionError
    with steps.take(1, 2):  # since that failed
        pass
    for state in range(2 * REMEMBERED):
        with steps.take(3, state):
            pass
    assert len(steps._taken) == REMEMBERED


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (QUATRAIN, True),
        (QUATRAIN[:2], True),
        (QUATRAIN * 2, True),
        (("山🙂水", "海流天"), True),
        (("山" * 32, "水" * 32), True),
        (QUATRAIN[:1], False),
        ((*QUATRAIN * 2, QUATRAIN[0]), False),
        (("白日依山尽", "黄河入海"), False),
        (("山" * 33, "水" * 33), False),
        (("山", "水"), False),
        (("hello", "world"), False),
        (("two words", "not seven"), False),
        (("春风，得意", "秋月，无边"), False),
        (("白日依山\ud800", "黄河入海流"), False),
        (("", ""), False),
    ],
)
def test_what_can_be_revised(lines, expected):
    assert is_revisable(lines) is expected


LETTERS = "白日依山尽黄河入海流欲穷千里目更上一层楼𩽾"
SHAPES = ((2, 32), (4, 7), (8, 8), (8, 5), (3, 2))


def drawn_view(drawn, shape, number):
    """A view of a poem of that shape, with so many versions, each field of which may be extreme."""
    rows, length = shape

    def flags(size):
        return tuple(drawn.random() < 0.5 for _ in range(size))

    def version(kept=()):
        lines = tuple("".join(drawn.choices(LETTERS, k=length)) for _ in range(rows))
        if not kept:
            return Version(lines)
        if all(map(all, kept)):  # nothing was open, so that nothing could be written
            kept = ((False, *kept[0][1:]), *kept[1:])
        return Version(
            lines,
            kept,
            drawn.randrange(number),
            drawn.choice(get_args(Credit)),
            drawn.choice([SEED.low, 7, SEED.high]),
            drawn.choice([1, 5, 64]),
            -drawn.choice([0, 3, 12_345_678]) / 10_000,
            drawn.choice([(), flags(rows), (True,) * rows]),
            drawn.choice([(), ("tones",), ("tones", "rhyme", "repetition"), ("repetition",)]),
            drawn.choice([True, False]),
            drawn.choice(["tang-lstm 4.0.0", "x" * 100]),
        )

    def kept():
        return tuple(flags(length) for _ in range(rows))

    author = drawn.choice([None, 77, 2**64 - 1])
    origin = Origin(
        drawn.choice([77, 2**64 - 1]),
        Writer(author, drawn.choice([1_420_070_400, 1_420_070_400 + 36**6 - 1])),
        drawn.choice(get_args(Script)),
        drawn.choice([None, "东", "八字的韵部名称长"]),
        drawn.choice(get_args(Rules)),
        drawn.choice(get_args(Known)),
    )
    versions = (version(), *(version(kept()) for _ in range(number - 1)))
    seed, heads = drawn.choice([SEED.low, SEED.high]), drawn.choice([True, False])
    state = drawn.choice([0, 46_655])
    revising = Revising(versions, kept(), seed, heads, drawn.randrange(number))
    return RevisionView(origin, revising, state)


views = st.builds(
    drawn_view, st.integers().map(Random), st.sampled_from(SHAPES), st.sampled_from([1, 2, 25])
)


@settings(max_examples=40)
@given(views, st.sampled_from(list(LANGUAGES)))
def test_a_message_holds_all_of_its_revision(view, language):
    message = payload(revision_layout(view, Localizer(language), "note", "白日"))
    assert parse_revision(received(message)) == view


def begun_again(state):
    return replace(state, versions=state.versions[:1], at=0)


@settings(max_examples=20)
@given(st.lists(views, min_size=1, max_size=10))
def test_a_choice_holds_all_poems(several):
    begun = [replace(view, revising=begun_again(view.revising), state=0) for view in several]
    message = payload(choice_layout(begun, Localizer("en")))
    for view, custom_id in zip(begun, custom_ids(message), strict=True):
        assert parse_choice(received(message), {0: custom_id}) == view


def test_another_message_is_refused():
    message = payload(discord.ui.LayoutView().add_item(discord.ui.TextDisplay("hello")))
    for parse in (parse_revision, lambda message: parse_choice(message, {0: "x"})):
        with pytest.raises(Exception, match="cannot read"):
            parse(received(json.loads(json.dumps(message))))


def test_an_open_line_is_one_question_mark():
    assert Draft(("？？", "？水")).lines == ("?", "？水")
