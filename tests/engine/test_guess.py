"""Questions of `/guess`: which of an engine's lines may stand beside the poet's."""

import itertools
import random
from types import SimpleNamespace

import pytest
from lianju.bot.engine import RhymeGroup
from lianju.bot.errors import NotFoundError
from lianju.bot.guess import Sounds, ask_question
from lianju.bot.verse import Anthology, AnthologyPoem, Candidate

# 平 and 仄 as letters: a and A rhyme among level ones, o and x among oblique ones; b is both.
GROUPS = (
    RhymeGroup(name="甲", tone="平", characters="aAb"),
    RhymeGroup(name="乙", tone="平", characters="c"),
    RhymeGroup(name="丙", tone="去", characters="oxb"),
)
LEVEL, OBLIQUE = {*"aAbc"}, {*"oxb"}
RHYMES = {"甲": {*"aAb"}, "乙": {"c"}, "丙": {*"oxb"}}
POEM = AnthologyPoem("p1", "题", "某", "五绝", 1, ("aaaoo", "oooaa", "ooaao", "aaooA"))
GOOD = ("oooaA", "xoxaA", "Aobab", "oxobA")


def answers(*candidates):
    """An engine that answers everything with these candidates."""

    async def anthology():
        return Anthology([POEM, AnthologyPoem("p2", "题", "某", "五绝", 1, (GOOD[3], "ooooo"))])

    async def bundle():
        return SimpleNamespace(rhymes=GROUPS)

    async def compose(request, deadline_s, group):
        assert (request.text, request.rhyme, request.known) == (POEM.lines[0], "甲", "exclude")
        return SimpleNamespace(candidates=candidates, bundle_name="toy", bundle_version="1")

    return SimpleNamespace(anthology=anthology, bundle=bundle, compose=compose)


def candidate(text, known=False, relaxed=()):
    return Candidate((text,), -1.0, -1.0, (known,), relaxed)


async def ask(engine, used=()):
    return await ask_question(engine, "easy", used, 9, 0, random.Random(1))  # noqa: S311


async def test_the_first_three_lines_that_sound_like_the_poets_are_taken():
    unfit = (
        candidate("oooaA", known=True),
        candidate("xooaA", relaxed=("rhyme",)),
        candidate("oooac"),  # another rhyme
        candidate("oaoaA"),  # another tone at the second place
        candidate("oooaaA"),
        candidate(GOOD[3]),  # a line of another poem
    )
    good = [candidate(text) for text in GOOD[:3]]
    later = candidate("xxxaA")
    question = await ask(answers(*unfit, *good, later))
    assert {*question.options} == {POEM.lines[1], *GOOD[:3]}
    assert question.options[question.answer] == POEM.lines[1]
    assert (question.poem, question.bundle) == (POEM, "toy 1")
    for engine, used in ((answers(*unfit, *good[:2]), ()), (answers(*good), {"p1", "p2"})):
        with pytest.raises(NotFoundError) as caught:
            await ask(engine, used)
        assert caught.value.key == "guess-no-poem"


def test_sounds_are_those_of_trying_every_reading():
    sounds = Sounds(GROUPS)
    lines = ["".join(line) for line in itertools.product("aboc", repeat=3)]

    def tones(line):
        return itertools.product(*([t for t in (1, 0) if c in (OBLIQUE, LEVEL)[t]] for c in line))

    for one, other in itertools.product(lines, repeat=2):
        readings = [*itertools.product(tones(one), tones(other))]
        for rhyme, members in RHYMES.items():
            alike = any(x[1] == y[1] and x[2] == y[2] for x, y in readings)
            rhymes = one[2] in members and other[2] in members
            assert sounds.are_alike(one, other, rhyme) == (alike and rhymes)
        assert sounds.are_opposed(one, other) == any(x[1] != y[1] for x, y in readings)
    assert sounds.are_opposed("aaaoo", "oooaa")
    assert not sounds.are_opposed("aaaao", "oooaa")  # not by turns
    assert sounds.rhyme("aab", "aao") == "丙"
    assert sounds.rhyme("aab", "aac") == "甲"
    assert sounds.rhyme("aaz", "aac") is None
    assert Sounds(()).are_alike("aa", "zz", None)
    assert not Sounds(()).are_alike("aa", "zzz", None)


def test_a_reading_of_line_ends_is_no_tone_within_a_line():
    ends = (GROUPS[0].model_copy(update={"at_ends": "b"}), *GROUPS[1:])
    line, answer = "oooao", "aboxa"
    assert Sounds(GROUPS).are_opposed(line, answer)
    assert not Sounds(ends).are_opposed(line, answer)
