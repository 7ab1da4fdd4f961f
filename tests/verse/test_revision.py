"""Poems of which parts are kept, and the rest is written anew."""

import asyncio
import itertools
import math

import pytest
from lianju.bot.verse import Beam, Poem, Request, Rerank, Revision, Sample, open_composer
from lianju.bot.verse.planning.line_plan import LinePlanner

from .revisions import LETTERS, revise
from .revisions import bundle as bundle
from .revisions import composer as composer
from .test_poems import LINE, MODES, READINGS, SomeLines, follows_a_scheme, knowing, level
from .toy import SPECIALS, Toy

UNKNOWN = "猫"


@pytest.fixture(scope="module")
def regular(composer):
    """Regulated quatrains and an eight-line poem."""
    found = []
    for form, line in (("jueju", LINE), ("jueju", LINE[2:]), ("lushi", LINE)):
        answer = composer.compose_now(Request(line, Poem(form), Rerank(2)))
        found += [(line, *each.lines) for each in answer.candidates if not each.relaxed][:2]
    assert len(found) == 6
    return found


def is_kept(template, poem):
    """Whether a poem has all that a template, with a `?` for each open character, keeps."""
    return all(
        len(line) == len(own)
        and all(mine in ("?", new) for mine, new in zip(own, line, strict=True))
        for own, line in zip(template, poem, strict=True)
    )


def spelled(template, comma="，"):
    """A template as a member writes it: with one ? for an open line, of either width."""
    return comma.join("?" if set(line) == {"?"} else line.replace("?", "？") for line in template)


def opened(poem, places):
    """A poem with some lines, or characters of lines, open."""
    return [
        "".join("?" if line in places or (line, n) in places else c for n, c in enumerate(text))
        for line, text in enumerate(poem)
    ]


OPEN = [
    {0},
    {1},
    {3},
    {0, 1},
    {1, 3},
    {0, 1, 2},
    {(0, 4), (2, 0)},
    {1, (2, 1), (2, 3)},
    {(3, 4)},
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("places", OPEN, ids=str)
def test_kept_parts_come_back_and_the_rest_obeys_the_form(composer, regular, places, mode):
    for poem in regular:
        template = opened(poem, places)
        answer = revise(composer, spelled(template), MODES[mode])
        assert answer.candidates
        assert answer.departures == ()
        texts = [candidate.lines for candidate in answer.candidates]
        assert len(set(texts)) == len(texts)
        for candidate in answer.candidates:
            assert is_kept(template, candidate.lines)
            if candidate.relaxed:  # few characters of the toy fit one place
                continue
            assert follows_a_scheme(candidate.lines)
            rhymes = [level(line[-1]) for line in candidate.lines[1::2]]
            assert set.intersection(*rhymes)
            assert len(set("".join(candidate.lines))) == len("".join(candidate.lines))
        if not any(isinstance(place, tuple) for place in places):
            assert not any(candidate.relaxed for candidate in answer.candidates)


def test_an_open_first_line_that_ends_level_rhymes(composer, regular):
    level_ends = 0
    for poem in regular:
        answer = revise(composer, spelled(opened(poem, {0})), Beam(20), count=20)
        group = set.intersection(*(level(line[-1]) for line in poem[1::2]))
        for candidate in answer.candidates:
            end = candidate.lines[0][-1]
            if READINGS[end] <= level(end):
                assert level(end) & group
                level_ends += 1
    assert level_ends


def exact(toy, poem, number):
    """The log-probability of a poem after its first lines, by NumPy."""
    text = [token for line in poem for token in (*line, "</l>")]
    begin = sum(len(line) + 1 for line in poem[:number])
    ids = [toy.tokens.index("<s>"), *map(toy.tokens.index, text)]
    return sum(toy.log_prob(ids[: n + 1])[ids[n + 1]] for n in range(begin, len(text)))


@pytest.mark.parametrize(
    "template",
    [
        ["黄河", "??", "白云", "??"],
        ["??", "黄河", "白云", "上间"],
        ["黄河", "?云", "白?", "上间"],
        ["黄?", "??", "白云"],
        ["??", "??", "黄河"],
    ],
    ids="，".join,
)
def test_the_answer_is_that_of_an_exhaustive_search(template, tmp_path):
    toy = Toy((*SPECIALS, *LETTERS), seed=3)
    kept = set("".join(template)) - {"?"}
    size = sum(line.count("?") for line in template)
    poems = []
    for letters in itertools.permutations([c for c in LETTERS if c not in kept], size):
        rest = iter(letters)
        poems.append(["".join(next(rest) if c == "?" else c for c in line) for line in template])
    first = next(number for number, line in enumerate(template) if "?" in line)
    scores = {tuple(poem): exact(toy, poem, first) for poem in poems}
    expected = sorted(scores, key=scores.get, reverse=True)[:20]
    composer = open_composer(toy.write(tmp_path / "toy"), "cpu", 1)
    found = revise(composer, spelled(template), Beam(64), count=20).candidates
    composer.close()
    lines_before = math.perm(9 - len(kept), template[first].count("?"))
    if lines_before > 20:  # the beam over lines may lose some, but not the best of this toy
        expected, found = expected[:1], found[:1]
    assert [each.lines for each in found] == expected
    for each in found:
        assert each.log_prob == pytest.approx(scores[each.lines], abs=2e-3)


def test_the_line_before_a_kept_one_is_chosen_for_it(composer):
    """Without the kept line other lines would be the best."""
    toy, kept = Toy(), "海流"
    alone = revise(composer, f"黄河，?，?，{kept}", Beam(20), count=20)
    assert alone.candidates
    answer = revise(composer, f"黄河，?，{kept}", Beam(20), count=20)
    scores = [exact(toy, each.lines, 1) for each in answer.candidates]
    assert scores == sorted(scores, reverse=True)
    own = [exact(toy, each.lines[:2], 1) for each in answer.candidates]
    assert own != sorted(own, reverse=True)


@pytest.mark.parametrize(
    "text",
    [
        "黄河远上白，?",
        "黄河远上白\n？",
        "黄 河 远 上 白 ， ?",
        "黄河远上白。？？？？？",
        "「黄河远上白」 ?!",
    ],
)
def test_ways_to_write_an_open_line(composer, text):
    expected = revise(composer, "黄河远上白，?????")
    found = revise(composer, text)
    assert found.candidates == expected.candidates
    assert all(each.lines[0] == "黄河远上白" for each in found.candidates)
    assert found.line in ("黄河远上白，?", "黄河远上白，？？？？？")


def test_kept_characters_stay_as_they_were_written(composer):
    text = f"黃河遠上{UNKNOWN}，?，雲？日入間"
    answer = revise(composer, text)
    assert answer.unknown == (UNKNOWN,)
    for each in answer.candidates:
        assert each.lines[0] == f"黃河遠上{UNKNOWN}"
        assert is_kept(["雲?日入間"], each.lines[2:])
    assert answer.shown == (f"黃河遠上{UNKNOWN}", "?", "雲？日入間")
    simplified = revise(composer, text, script="simplified")
    for each in simplified.candidates:
        assert each.lines[0] == f"黄河远上{UNKNOWN}"
        assert is_kept(["云?日入间"], each.lines[2:])


def test_kept_lines_that_leave_the_rules_are_kept_and_told(composer, regular):
    poem = regular[-1]
    unused = [letter for letter in READINGS if letter not in "".join(poem)]
    group = set.intersection(*(level(line[-1]) for line in poem[1::2]))
    is_level = bool(level(poem[4][1]))
    turned = next(c for c in unused if bool(level(c)) is not is_level)
    other = next(c for c in unused if READINGS[c] <= level(c) and not level(c) & group)
    wrong = [*poem[:4], poem[4][0] + turned + poem[4][2:], poem[5][:-1] + other, *poem[6:]]
    answer = revise(composer, spelled(opened(wrong, {1, 6})))
    assert [(each.line, each.rule) for each in answer.departures] == [(4, "tones"), (5, "rhyme")]
    for candidate in answer.candidates:
        assert is_kept(opened(wrong, {1, 6}), candidate.lines)
        right = [*candidate.lines[:4], *poem[4:6], *candidate.lines[6:]]
        assert candidate.relaxed or follows_a_scheme(right)
        assert level(candidate.lines[1][-1]) & group
    free = revise(composer, spelled(opened(wrong, {1, 6})), rules="free")
    assert free.departures == ()


def test_a_requested_rhyme_binds_open_lines(composer, regular):
    poem = regular[0]
    kept = level(poem[3][-1])
    other = next(group for group in ("东", "先", "阳") if group not in kept)
    answer = revise(composer, spelled(opened(poem, {1})), rhyme=other)
    assert answer.rhyme == other
    assert [(each.line, each.rule) for each in answer.departures] == [(3, "rhyme")]
    assert all(other in READINGS[each.lines[1][-1]] for each in answer.candidates)


def test_kept_repetitions_are_allowed(composer):
    answer = revise(composer, "黄黄远上白，日?日入间")
    assert answer.candidates
    assert all(not each.relaxed for each in answer.candidates)
    assert all(is_kept(["黄黄远上白", "日?日入间"], each.lines) for each in answer.candidates)


def test_unknown_characters_are_no_repetition(composer):
    """They are one token, but other characters; where a line doubles one, the next may too."""
    a, b, c, d = [letter for letter in READINGS if letter not in "河远上白"][:4]
    line = tuple(composer.bundle.vocabulary.encode((a, a, b, c, d)))
    planner = LinePlanner(composer.bundle)
    for text, doubles in (("猫狗远上白，?", False), ("河河远上白，?", True)):
        prepared = composer.prepare(Request(text, Revision(), Rerank(), rules="free"))
        assert planner.plans(prepared, ())[0].allows(line) is doubles


def test_known_lines_are_left_out_and_marked(bundle, composer):
    text = "黄河远上白，?"
    first = revise(composer, text)
    listed = {each.lines[1] for each in first.candidates}
    knows = knowing(bundle, SomeLines({*listed, "黄河远上白"}))
    new = revise(knows, text)
    assert not listed & {each.lines[1] for each in new.candidates}
    assert {each.known for each in new.candidates} == {(True, False)}
    allowed = revise(knows, text, known="allow")
    assert [(each.lines, each.known) for each in allowed.candidates] == [
        (each.lines, (True, True)) for each in first.candidates
    ]


def test_seeds_and_counts(composer):
    text = "黄河远上白，?，日入间云中，?"
    for seed, count, mode in itertools.product((0, 1), (1, 5, 12), ("rerank", "sample")):
        search = Rerank(seed, 12) if mode == "rerank" else Sample(seed=seed)
        one, other = (revise(composer, text, search, count=count) for _ in range(2))
        assert one.candidates == other.candidates
        assert len({each.text for each in one.candidates}) == len(one.candidates) <= count
        assert len(one.candidates) == count or mode == "sample"
    assert (
        revise(composer, text, Rerank(0)).candidates != revise(composer, text, Rerank(1)).candidates
    )


def test_the_answer_does_not_depend_on_what_shares_the_batch(composer, regular):
    requests = [
        Request(spelled(opened(poem, places)), Revision(), search)
        for poem, places, search in zip(
            regular, OPEN, itertools.cycle(MODES.values()), strict=False
        )
    ]
    requests += [Request(LINE, Poem("jueju"), Rerank())]

    async def together():
        return await asyncio.gather(*(composer.compose(each, 120) for each in requests))

    alone = [composer.compose_now(each).candidates for each in requests]
    assert [each.candidates for each in asyncio.run(together())] == alone
