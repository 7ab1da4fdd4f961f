"""One line of a poem at its place, whose tones and rhymes the client states."""

from itertools import product

import pytest
from lianju.bot.engine.wire import AnswerFields, RequestFields
from lianju.bot.verse import NextLine, PoemLine, PromptError, Request, RequestError, Rerank
from lianju.bot.verse.composer import Composer
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.serving.scheduler import Scheduler

from ..discord.bundle_with_prosody import GROUPS, LETTERS, READINGS, write_bundle_with_prosody

NAMES = {"平": "平", "上": "仄", "入": "仄"}


@pytest.fixture(scope="module")
def composer(tmp_path_factory):
    directory = write_bundle_with_prosody(tmp_path_factory.mktemp("bundles") / "bundle")
    bundle = load_bundle(directory)
    model = OnnxModel(bundle, "cpu", threads=1)
    composer = Composer(bundle, model, Scheduler(model))
    yield composer
    composer.close()


def tones(line):
    """The tones of a line: each letter of the toy has one reading."""
    return "".join(NAMES[GROUPS[READINGS[letter]]] for letter in line)


def fits(line, pattern):
    return all(wanted in ("中", tone) for tone, wanted in zip(tones(line), pattern, strict=True))


def ask(composer, before, form, **options):
    search = Rerank(1, 6)
    return composer.compose_now(Request("\n".join(before), form, search, count=4, **options))


BEFORE = [
    "".join(LETTERS[(7 * row + 3 * place) % len(LETTERS)] for place in range(5))
    for row in range(23)
]


@pytest.mark.parametrize("lines", [0, 1, 7, 8, 23])
@pytest.mark.parametrize("pattern", ["平仄中平仄", "仄中平平平"])
def test_the_line_has_the_tones_and_ends_in_the_rhyme(composer, lines, pattern):
    group = "阳" if pattern[-1] == "平" else "屋"
    answer = ask(composer, BEFORE[:lines], PoemLine(5, (pattern,), (group,)))
    assert answer.candidates
    for candidate in answer.candidates:
        (line,) = candidate.lines
        assert candidate.relaxed in ((), ("repetition",))  # the toy has few characters
        assert fits(line, pattern)
        assert READINGS[line[-1]] == group
    assert answer.shown == tuple(BEFORE[:lines])


def test_it_has_one_of_several_patterns_and_rhymes(composer):
    patterns = ("平平平仄仄", "仄仄仄平平")
    answer = ask(composer, BEFORE[:2], PoemLine(5, patterns, ("东", "屋")))
    for candidate in answer.candidates:
        (line,) = candidate.lines
        assert any(fits(line, pattern) for pattern in patterns)
        assert READINGS[line[-1]] in ("东", "屋")


def test_loose_rules_prefer_the_tones_and_free_ones_do_not_know_them(composer):
    form = PoemLine(5, ("平平平平平",), ("东",))
    for rules in ("loose", "free"):
        assert ask(composer, BEFORE[:2], form, rules=rules).candidates
    loose = ask(composer, BEFORE[:2], form, rules="loose")
    assert all(READINGS[each.text[-1]] == "东" for each in loose.candidates)


def test_it_continues_the_lines_before(composer):
    free = PoemLine(5)
    one, other = (ask(composer, before, free) for before in (BEFORE[:2], BEFORE[2:4]))
    assert [each.log_prob for each in one.candidates] != [
        each.log_prob for each in other.candidates
    ]


@pytest.mark.parametrize(
    ("rules", "rhymes", "text"),
    [*product(["strict", "loose", "free"], [(), ("东", "阳")], ["", "春江花月夜\n海上明月生"])],
)
def test_it_goes_over_the_wire_and_back(rules, rhymes, text):
    request = Request(text, PoemLine(5, ("中仄平平仄",), rhymes), Rerank(3), count=3, rules=rules)
    sent = RequestFields.of(request).model_dump_json(exclude_unset=True)
    assert RequestFields.model_validate_json(sent).to_request() == request


def test_its_answer_goes_over_the_wire(composer):
    answer = ask(composer, BEFORE[:9], PoemLine(5, ("中仄平平仄",)))
    sent = AnswerFields.of(answer).model_dump_json(exclude_unset=True)
    assert AnswerFields.model_validate_json(sent).to_answer().candidates == answer.candidates


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: PoemLine(6), "request-chars"),
        (lambda: PoemLine(5, ("平平平平",)), "request-tones"),
        (lambda: PoemLine(5, ("平平平平x",)), "request-tones"),
        (lambda: Request("", PoemLine(5), Rerank(), rhyme="东"), "request-line-rhyme"),
        (lambda: RequestFields(form="line").to_request(), "request-line-length"),
        (lambda: RequestFields(line="x", tones=["平"]).to_request(), "request-line-alone"),
    ],
)
def test_bad_values_are_refused(make, key):
    with pytest.raises(RequestError) as caught:
        make()
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("before", "form", "key"),
    [
        (BEFORE[:1] * 24, PoemLine(5), "prompt-lines"),
        (BEFORE[:1], PoemLine(5, (), ("饕",)), "request-rhyme"),
        (["hello"], PoemLine(5), "prompt-not-chinese"),
        (BEFORE[:8], NextLine(), "prompt-lines"),  # the other forms keep their bounds
    ],
)
def test_bad_texts_are_refused(before, form, key, composer):
    with pytest.raises((PromptError, RequestError)) as caught:
        ask(composer, before, form)
    assert caught.value.key == key
