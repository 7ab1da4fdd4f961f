"""Whole poems: form, tones, rhyme, repetition, heads and known lines, checked by plain Python."""

import asyncio
import itertools
import random
from dataclasses import replace

import numpy as np
import pytest
from lianju.bot.verse.composer import Request, Rerank, Sample, open_composer
from lianju.bot.verse.errors import PromptError, RequestError, SearchError

from .toy import CHINESE, SPECIALS, Toy

LINE = "黄河远上白云间"
LETTERS = [token for token in CHINESE if token not in SPECIALS]
GROUPS = ("东", "先", "阳", "董", "铣")  # the first three are level
RNG = random.Random(1)  # noqa: S311 -- toy readings
READINGS = {
    letter: {RNG.choice(GROUPS[:3] if RNG.random() < 0.5 else GROUPS[3:])} for letter in LETTERS
}
for both in LETTERS[::9]:
    READINGS[both] |= {"东", "董"}
READINGS |= {"黄": {"阳"}, "河": {"先"}, "上": {"铣"}, "云": {"先"}, "间": {"先"}}
MODES = {
    "chosen": {"choosing": Rerank(3)},
    "beam": {"width": 6},
    "sampled": {"sampling": Sample(seed=4)},
}


def level(letter):
    return READINGS[letter] & set(GROUPS[:3])


def oblique(letter):
    return READINGS[letter] & set(GROUPS[3:])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    directory = tmp_path_factory.mktemp("poems") / "toy"
    directory.mkdir()
    rows = [
        f"{group}\t{'平' if number < 3 else '上'}\t"
        + "".join(letter for letter in LETTERS if group in READINGS[letter])
        for number, group in enumerate(GROUPS)
    ]
    (directory / "prosody.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return Toy().write(directory)


@pytest.fixture(scope="module")
def composer(bundle):
    composer = open_composer(bundle, "cpu", 1)
    yield composer
    composer.close()


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A bundle without tones, rhymes or known lines."""
    composer = open_composer(Toy().write(tmp_path_factory.mktemp("bare")), "cpu", 1)
    yield composer
    composer.close()


def poems(composer, text, **wishes):
    """The whole poems of an answer: the prompt's lines with those of each candidate."""
    answer = composer.compose_now(Request(text, **wishes))
    assert answer.candidates
    given = answer.line.split("，") if answer.request.heads is None else []
    return [[*given, *candidate.lines] for candidate in answer.candidates]


def fitting_lines(poem):
    """How many lines fit the opening tone that explains most of them."""
    return max(
        sum(bool(_line_fits(line, index, opening)) for index, line in enumerate(poem))
        for opening in (level, oblique)
    )


def follows_a_scheme(poem):
    """Whether some opening tone explains the second, fourth, sixth and last tones of all lines."""
    return fitting_lines(poem) == len(poem)


def _line_fits(line, index, opening):
    other = oblique if opening is level else level
    second = opening if index % 4 in (0, 3) else other
    against = other if second is opening else opening
    inner = [second, against, second][: len(line) // 2]
    regular = all(tone(line[1 + 2 * i]) for i, tone in enumerate(inner))
    # 平平仄平仄 for 平平平仄仄
    tail = line[-5:]
    tail_second = inner[len(inner) - 2]
    special = (
        tail_second is level
        and all(
            tone(letter)
            for tone, letter in zip((level, level, oblique, level, oblique), tail, strict=True)
        )
        and (len(line) == 5 or second(line[1]))
    )
    if index % 2:
        return regular and level(line[-1])
    last = oblique(line[-1]) or (index == 0 and level(line[-1]))
    return (regular or special) and last


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("form", "lines"), [("next", 2), ("jueju", 4), ("lushi", 8)])
def test_lines_have_the_length_the_tones_and_the_rhyme_of_the_form(composer, form, lines, mode):
    for poem in poems(composer, LINE, form=form, **MODES[mode]):
        assert [len(line) for line in poem] == [7] * lines
        assert follows_a_scheme(poem)
        rhymes = [level(line[-1]) for line in poem[1::2]]
        assert set.intersection(level("间"), *rhymes)
        assert len(set("".join(poem))) == 7 * lines  # nothing comes twice


def test_a_given_second_line_sets_the_rhyme(composer):
    second = next(
        c.lines[0]
        for c in composer.compose_now(
            Request("云间黄河上", rhyme="阳", width=20, count=20)
        ).candidates
    )
    for poem in poems(composer, f"云间黄河上，{second}", form="jueju", choosing=Rerank()):
        assert set.intersection(*(level(line[-1]) for line in poem[1::2]))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("chars", [5, 7])
def test_an_acrostic_begins_every_line_with_its_head(composer, chars, mode):
    heads = "黄河云间"
    for poem in poems(composer, "", heads=heads, chars=chars, **MODES[mode]):
        assert [line[0] for line in poem] == list(heads)
        assert {len(line) for line in poem} == {chars}
        assert len(set("".join(poem))) == 4 * chars
        assert set.intersection(*(level(line[-1]) for line in poem[1::2]))
        assert follows_a_scheme(poem)


@pytest.mark.parametrize("mode", MODES)
def test_a_wished_rhyme_is_kept(composer, mode):
    for group in GROUPS[:3]:
        for poem in poems(composer, LINE, form="jueju", rhyme=group, **MODES[mode]):
            assert all(group in READINGS[line[-1]] for line in poem[1::2])


def test_strictness(composer):
    def share(strictness):
        found = [
            poem
            for seed in range(6)
            for poem in poems(
                composer, LINE, form="jueju", strictness=strictness, choosing=Rerank(seed)
            )
        ]
        return sum(map(fitting_lines, found)) / (4 * len(found)), found

    strict, loose, free = share("strict"), share("loose"), share("free")
    assert strict[0] == 1 > free[0]
    assert loose[0] > free[0]
    rhyming = [
        [set.intersection(*(level(line[-1]) for line in poem[1::2])) for poem in found]
        for _, found in (loose, free)
    ]
    assert all(rhyming[0])
    assert not all(rhyming[1])


def test_a_rule_that_cannot_be_kept_goes_and_is_named(bundle, composer):
    # So many lines of the first rhyme that its characters are used up.
    scarce = [letter for letter in LETTERS if "阳" in READINGS[letter]]
    heads = "".join(scarce[:7]) + "黄"
    answer = composer.compose_now(Request("", heads=heads, rhyme="阳", choosing=Rerank()))
    assert len(answer.candidates[0].lines) == 8
    lone = composer.compose_now(Request(LINE, choosing=Rerank()))
    assert all(candidate.relaxed == () for candidate in lone.candidates)


def test_old_verse_has_no_scheme_and_the_answer_says_so(composer):
    flat = "".join(letter for letter in LETTERS if not oblique(letter))[:7]
    answer = composer.compose_now(Request(flat, choosing=Rerank()))
    assert {candidate.relaxed for candidate in answer.candidates} == {("tones",)}


def test_five_candidates_differ_in_three_characters_in_their_first_line(composer):
    found = poems(composer, LINE, form="jueju", choosing=Rerank())
    for one, other in itertools.combinations(found, 2):
        assert sum(a != b for a, b in zip(one[1], other[1], strict=True)) >= 3


@pytest.mark.parametrize("mode", MODES)
def test_beside_others_a_poem_is_the_same(composer, mode):
    requests = [
        Request(LINE, form=form, **MODES[mode]) for form in ("next", "jueju", "lushi", "jueju")
    ]

    async def together():
        return await asyncio.gather(*(composer.compose(request, 60) for request in requests))

    for request, answer in zip(requests, asyncio.run(together()), strict=True):
        alone = composer.compose_now(request)
        assert [c.lines for c in answer.candidates] == [c.lines for c in alone.candidates]
        assert [c.log_prob for c in answer.candidates] == pytest.approx(
            [c.log_prob for c in alone.candidates], abs=1e-4
        )


def test_log_prob_of_a_poem_is_that_of_all_its_lines(composer):
    toy = Toy()
    ids = {token: number for number, token in enumerate(toy.tokens)}
    for candidate in composer.compose_now(Request(LINE, form="jueju", width=4)).candidates:
        prefix = [ids["<s>"], *(ids[letter] for letter in LINE), ids["</l>"]]
        total = 0.0
        for line in candidate.lines:
            for letter in line:
                total += toy.log_prob(prefix)[ids[letter]]
                prefix.append(ids[letter])
            endings = [toy.log_prob(prefix)[ids[token]] for token in ("<e>", "</l>")]
            # Any ending may have closed the line; the next line follows `</l>`.
            total += max(endings)
            prefix.append(ids["</l>"])
        assert candidate.log_prob == pytest.approx(total, abs=2e-3)


class SomeLines:
    """Known lines that are listed, and the second lines of couplets."""

    def __init__(self, lines=(), second=None):
        self.lines, self.second = lines, second

    def contains(self, lines):
        names = ["".join(CHINESE[token] for token in line) for line in lines.tolist()]
        return np.array([name in self.lines for name in names], bool)

    def answer(self, line):
        return self.second and tuple(CHINESE.index(letter) for letter in self.second)


def knowing(bundle, known):
    """A composer whose bundle knows some lines."""
    from lianju.bot.verse.composer import Composer
    from lianju.bot.verse.model.bundle import load_bundle
    from lianju.bot.verse.model.onnx_model import OnnxModel
    from lianju.bot.verse.serving.scheduler import Scheduler

    loaded = replace(load_bundle(bundle), known=known)
    model = OnnxModel(loaded, "cpu", 1)
    return Composer(loaded, model, Scheduler(model))


@pytest.mark.parametrize("mode", MODES)
def test_lines_of_the_corpus_are_left_out_or_stamped(bundle, composer, mode):
    first = composer.compose_now(Request(LINE, **MODES[mode]))
    listed = {candidate.text for candidate in first.candidates}
    knows = knowing(bundle, SomeLines(listed))
    new = knows.compose_now(Request(LINE, **MODES[mode]))
    assert len(new.candidates) == len(first.candidates)
    assert not listed & {candidate.text for candidate in new.candidates}
    assert {candidate.known for candidate in new.candidates} == {(False,)}
    welcome = knows.compose_now(Request(LINE, known="allow", **MODES[mode]))
    assert [(c.text, c.known) for c in welcome.candidates] == [
        (c.text, (True,)) for c in first.candidates
    ]


def test_the_answer_of_the_corpus_is_told_and_may_be_chosen(bundle, composer):
    other = composer.compose_now(Request(LINE, width=20, choosing=Rerank(9)))
    second = other.candidates[0].text
    knows = knowing(bundle, SomeLines({second}, second))
    told = knows.compose_now(Request(LINE, choosing=Rerank()))
    assert told.known_answer == second
    assert second not in {candidate.text for candidate in told.candidates}
    chosen = knows.compose_now(Request(LINE, width=20, count=20, known="allow", choosing=Rerank()))
    in_corpus = {candidate.text: candidate.known for candidate in chosen.candidates}
    assert in_corpus.pop(second) == (True,)
    assert set(in_corpus.values()) == {(False,)}
    few = knows.compose_now(Request(LINE, known="allow", choosing=Rerank()))
    assert (second, (True,)) in {(c.text, c.known) for c in few.candidates}
    other = next(group for group in GROUPS[:3] if group not in READINGS[second[-1]])
    elsewhere = Request(LINE, known="allow", rhyme=other, choosing=Rerank())
    assert second not in {c.text for c in knows.compose_now(elsewhere).candidates}


def test_a_wished_rhyme_that_the_given_lines_lack_is_told(composer):
    second = next(
        c.lines[0]
        for c in composer.compose_now(
            Request("云间黄河上", rhyme="阳", width=20, count=20)
        ).candidates
        if READINGS[c.lines[0][-1]] == {"阳"}
    )
    answer = composer.compose_now(
        Request(f"云间黄河上，{second}", form="jueju", rhyme="先", choosing=Rerank())
    )
    assert all("rhyme" in candidate.relaxed for candidate in answer.candidates)
    kept = replace(answer.request, rhyme="阳")
    assert not any("rhyme" in c.relaxed for c in composer.compose_now(kept).candidates)


@pytest.mark.parametrize(
    ("text", "wishes", "error", "sentence"),
    [
        (LINE, {"rhyme": "犬"}, RequestError, "There is no rhyme group 犬"),
        ("", {"heads": "黄河猫"}, PromptError, "does not know 猫"),
        ("", {"heads": ""}, PromptError, "The prompt is empty"),
        ("", {"heads": "黄"}, RequestError, "number of heads 1 is out of range"),
        ("", {"heads": "黄河远上白云间日出"}, RequestError, "number of heads 9 is out of range"),
        (
            "",
            {"heads": "黄河远", "form": "jueju"},
            RequestError,
            "has 4 lines, and there are 3 heads",
        ),
        (LINE, {"heads": "黄河"}, RequestError, "give either them or a line"),
        (LINE, {"chars": 5}, RequestError, "for acrostics"),
        ("", {"heads": "黄河", "chars": 6}, RequestError, "5 or 7 characters to a line, not 6"),
        ("黄河远", {"form": "jueju"}, RequestError, "and yours have 3"),
        ("黄河远，上白云间日", {"form": "jueju"}, RequestError, "and yours have 3 and 5"),
        (f"{LINE}，{LINE}，{LINE}，{LINE}", {"form": "jueju"}, RequestError, "and you gave 4"),
        (LINE, {"form": "sonnet"}, RequestError, "choose from next, jueju, lushi"),
        (LINE, {"form": "jueju", "plain": True}, RequestError, "drop --plain"),
        (LINE, {"form": "jueju", "length": 5}, RequestError, "drop the length"),
        (LINE, {"rhyme": "东", "strictness": "free"}, RequestError, "A rhyme cannot be kept"),
    ],
)
def test_bad_input_is_one_clear_sentence(composer, text, wishes, error, sentence):
    with pytest.raises(error) as caught:
        composer.compose_now(Request(text, **wishes))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["黄河", "黄河远上", "黄河远上白云", "黄河，远上白云间"])
def test_other_lengths_have_no_tones_and_are_answered(composer, text):
    answer = composer.compose_now(Request(text, choosing=Rerank()))
    assert {len(c.text) for c in answer.candidates} == {len(text.split("，")[-1])}


def test_a_bundle_without_tables_writes_poems_by_length_alone(bare):
    for poem in poems(bare, LINE, form="jueju", choosing=Rerank()):
        assert [len(line) for line in poem] == [7] * 4
    with pytest.raises(RequestError, match="no table of rhymes"):
        bare.compose_now(Request(LINE, rhyme="东"))
    assert bare.compose_now(Request(LINE)).candidates[0].known == ()


def test_nothing_allowed_is_a_named_error(bundle):
    class Everything(SomeLines):
        def contains(self, lines):
            return np.ones(len(lines), bool)

    for mode in MODES.values():
        with pytest.raises(SearchError, match="No line can be written"):
            knowing(bundle, Everything()).compose_now(Request(LINE, **mode))
