"""Whole poems: form, tones, rhyme, repetition, acrostics, known lines, in plain Python."""

import asyncio
import itertools
import random
from dataclasses import replace

import numpy as np
import pytest
from lianju.bot.verse import (
    Acrostic,
    Beam,
    NextLine,
    Poem,
    PromptError,
    Request,
    RequestError,
    Rerank,
    Sample,
    SearchError,
    open_composer,
)
from lianju.bot.verse.form import form_named

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
    "rerank": Rerank(3),
    "beam": Beam(6),
    "sample": Sample(seed=4),
}


def level(letter):
    return READINGS[letter] & set(GROUPS[:3])


def oblique(letter):
    return READINGS[letter] & set(GROUPS[3:])


def write_bundle(directory):
    """Writes a toy with `READINGS` as a bundle."""
    directory.mkdir()
    rows = [
        f"{group}\t{'平' if number < 3 else '上'}\t"
        + "".join(letter for letter in LETTERS if group in READINGS[letter])
        for number, group in enumerate(GROUPS)
    ]
    (directory / "prosody.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return Toy().write(directory)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_bundle(tmp_path_factory.mktemp("poems") / "toy")


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


def poems(composer, text, form, search, **options):
    """The whole poems of an answer: the prompt's lines with those of each candidate."""
    answer = composer.compose_now(Request(text, form, search, **options))
    assert answer.candidates
    given = [] if isinstance(form, Acrostic) else answer.line.split("，")
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
    for poem in poems(composer, LINE, form_named(form), MODES[mode]):
        assert [len(line) for line in poem] == [7] * lines
        assert follows_a_scheme(poem)
        rhymes = [level(line[-1]) for line in poem[1::2]]
        assert set.intersection(level("间"), *rhymes)
        assert len(set("".join(poem))) == 7 * lines  # nothing comes twice


def test_a_given_second_line_sets_the_rhyme(composer):
    second = next(
        c.lines[0]
        for c in composer.compose_now(
            Request("云间黄河上", search=Beam(20), count=20, rhyme="阳")
        ).candidates
    )
    for poem in poems(composer, f"云间黄河上，{second}", Poem("jueju"), Rerank()):
        assert set.intersection(*(level(line[-1]) for line in poem[1::2]))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("chars", [5, 7])
def test_an_acrostic_begins_every_line_with_its_character(composer, chars, mode):
    text = "黄河云间"
    for poem in poems(composer, text, Acrostic(chars), MODES[mode]):
        assert [line[0] for line in poem] == list(text)
        assert {len(line) for line in poem} == {chars}
        assert len(set("".join(poem))) == 4 * chars
        assert set.intersection(*(level(line[-1]) for line in poem[1::2]))
        assert follows_a_scheme(poem)


@pytest.mark.parametrize("mode", MODES)
def test_a_requested_rhyme_is_kept(composer, mode):
    for group in GROUPS[:3]:
        for poem in poems(composer, LINE, Poem("jueju"), MODES[mode], rhyme=group):
            assert all(group in READINGS[line[-1]] for line in poem[1::2])


def test_loose_rules_prefer_tones_and_free_rules_drop_them(composer):
    def share(rules):
        found = [
            poem
            for seed in range(6)
            for poem in poems(composer, LINE, Poem("jueju"), Rerank(seed), rules=rules)
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


def test_a_rule_that_allows_nothing_is_relaxed_and_named(bundle, composer):
    # So many lines of the first rhyme that its characters are used up.
    scarce = [letter for letter in LETTERS if "阳" in READINGS[letter]]
    heads = "".join(scarce[:7]) + "黄"
    answer = composer.compose_now(Request(heads, Acrostic(), search=Rerank(), rhyme="阳"))
    assert len(answer.candidates[0].lines) == 8
    lone = composer.compose_now(Request(LINE, search=Rerank()))
    assert all(candidate.relaxed == () for candidate in lone.candidates)


def test_old_verse_has_no_scheme_and_the_answer_says_so(composer):
    flat = "".join(letter for letter in LETTERS if not oblique(letter))[:7]
    answer = composer.compose_now(Request(flat, search=Rerank()))
    assert {candidate.relaxed for candidate in answer.candidates} == {("tones",)}


def test_five_candidates_differ_in_three_characters_in_their_first_line(composer):
    found = poems(composer, LINE, Poem("jueju"), Rerank())
    for one, other in itertools.combinations(found, 2):
        assert sum(a != b for a, b in zip(one[1], other[1], strict=True)) >= 3


@pytest.mark.parametrize("seed", range(4))
def test_no_two_candidates_share_a_line(composer, seed):
    found = poems(composer, LINE, Poem("lushi"), Rerank(seed))
    lines = [line for poem in found for line in poem[1:]]
    assert len(found) == 5
    assert len({*lines}) == len(lines) == 5 * 7


@pytest.mark.parametrize("mode", MODES)
def test_a_poem_does_not_depend_on_concurrent_requests(composer, mode):
    requests = [
        Request(LINE, form, MODES[mode])
        for form in (NextLine(), Poem("jueju"), Poem("lushi"), Poem("jueju"))
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
    request = Request(LINE, Poem("jueju"), Beam(4), count=4)
    for candidate in composer.compose_now(request).candidates:
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

    def continuation(self, line):
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
def test_lines_of_the_corpus_are_excluded_or_marked(bundle, composer, mode):
    first = composer.compose_now(Request(LINE, search=MODES[mode]))
    listed = {candidate.text for candidate in first.candidates}
    knows = knowing(bundle, SomeLines(listed))
    new = knows.compose_now(Request(LINE, search=MODES[mode]))
    assert len(new.candidates) == len(first.candidates)
    assert not listed & {candidate.text for candidate in new.candidates}
    assert {candidate.known for candidate in new.candidates} == {(False,)}
    allowed = knows.compose_now(Request(LINE, search=MODES[mode], known="allow"))
    assert [(c.text, c.known) for c in allowed.candidates] == [
        (c.text, (True,)) for c in first.candidates
    ]


def test_the_corpus_continuation_is_in_the_answer_and_may_be_a_candidate(bundle, composer):
    second = composer.compose_now(Request(LINE, search=Sample(seed=9))).candidates[-1].text
    unaware = composer.compose_now(Request(LINE, search=Rerank(width=20), count=20))
    assert second not in {candidate.text for candidate in unaware.candidates}
    knows = knowing(bundle, SomeLines({second}, second))
    told = knows.compose_now(Request(LINE, search=Rerank()))
    assert told.corpus_continuation == second
    assert second not in {candidate.text for candidate in told.candidates}
    chosen = knows.compose_now(Request(LINE, search=Rerank(width=20), count=20, known="allow"))
    in_corpus = {candidate.text: candidate.known for candidate in chosen.candidates}
    assert in_corpus.pop(second) == (True,)
    assert set(in_corpus.values()) == {(False,)}
    few = knows.compose_now(Request(LINE, search=Rerank(), known="allow"))
    assert (second, (True,)) in {(c.text, c.known) for c in few.candidates}
    other = next(group for group in GROUPS[:3] if group not in READINGS[second[-1]])
    elsewhere = Request(LINE, search=Rerank(), known="allow", rhyme=other)
    assert second not in {c.text for c in knows.compose_now(elsewhere).candidates}


def test_a_requested_rhyme_that_the_given_lines_lack_is_marked_as_relaxed(composer):
    second = next(
        c.lines[0]
        for c in composer.compose_now(
            Request("云间黄河上", search=Beam(20), count=20, rhyme="阳")
        ).candidates
        if READINGS[c.lines[0][-1]] == {"阳"}
    )
    answer = composer.compose_now(
        Request(f"云间黄河上，{second}", Poem("jueju"), search=Rerank(), rhyme="先")
    )
    assert all("rhyme" in candidate.relaxed for candidate in answer.candidates)
    kept = replace(answer.request, rhyme="阳")
    assert not any("rhyme" in c.relaxed for c in composer.compose_now(kept).candidates)


@pytest.mark.parametrize(
    ("text", "form", "options", "error", "key", "facts"),
    [
        (LINE, NextLine(), {"rhyme": "犬"}, RequestError, "request-rhyme", {"rhyme": "犬"}),
        ("黄猫狗", Acrostic(), {}, PromptError, "prompt-unknown", {"named": "猫 狗"}),
        ("", Acrostic(), {}, PromptError, "prompt-heads", {}),
        ("abc", Acrostic(), {}, PromptError, "prompt-heads", {}),
        ("黄", Acrostic(), {}, RequestError, "request-heads", {"heads": 1, "low": 2, "high": 8}),
        ("黄河远上白云间日出", Acrostic(), {}, RequestError, "request-heads", {"heads": 9}),
        (
            "黄河远",
            Acrostic(kind="jueju"),
            {},
            RequestError,
            "request-heads-form",
            {"form": "jueju", "size": 4, "heads": 3},
        ),
        ("黄河远", Poem("jueju"), {}, RequestError, "request-form-uneven", {"found": "3"}),
        (
            "黄河远，上白云间日",
            Poem("jueju"),
            {},
            RequestError,
            "request-form-uneven",
            {"form": "jueju", "found": "3, 5"},
        ),
        (
            "，".join([LINE] * 4),
            Poem("jueju"),
            {},
            RequestError,
            "request-form-whole",
            {"form": "jueju", "size": 4, "lines": 4},
        ),
    ],
)
def test_a_text_that_does_not_match_the_request_is_refused(
    composer, text, form, options, error, key, facts
):
    with pytest.raises(error) as caught:
        composer.compose_now(Request(text, form, **options))
    assert caught.value.key == key
    assert caught.value.facts.items() >= facts.items()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["黄河", "黄河远上", "黄河远上白云", "黄河，远上白云间"])
def test_other_lengths_have_no_tones_and_are_answered(composer, text):
    answer = composer.compose_now(Request(text, search=Rerank()))
    assert {len(c.text) for c in answer.candidates} == {len(text.split("，")[-1])}


def test_a_bundle_without_tables_writes_poems_by_length_alone(bare):
    for poem in poems(bare, LINE, Poem("jueju"), Rerank()):
        assert [len(line) for line in poem] == [7] * 4
    with pytest.raises(RequestError) as caught:
        bare.compose_now(Request(LINE, rhyme="东"))
    assert caught.value.key == "request-no-rhymes"
    assert bare.compose_now(Request(LINE)).candidates[0].known == ()


def test_nothing_allowed_is_a_named_error(bundle):
    class Everything(SomeLines):
        def contains(self, lines):
            return np.ones(len(lines), bool)

    for mode in MODES.values():
        with pytest.raises(SearchError) as caught:
            knowing(bundle, Everything()).compose_now(Request(LINE, search=mode))
        assert caught.value.key == "search-nothing"
