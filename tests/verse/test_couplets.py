"""Answers to lines of couplets, against all lines told in plain Python."""

import asyncio
import itertools
from dataclasses import replace

import numpy as np
import pytest
from lianju.bot.verse import (
    Beam,
    Couplet,
    DeadlineError,
    Request,
    Rerank,
    Sample,
)
from lianju.bot.verse.planning.couplets import MAX_JUDGED, REVERSE_WEIGHT, CoupletPlanner
from lianju.bot.verse.planning.prepared import prepare
from lianju.bot.verse.search.beam import BeamParams, BeamSearch

from .couplets import (
    COMMA,
    KINDS,
    SPECIALS,
    TOKENS,
    SourceTable,
    couplet_bundle,
    couplet_composer,
    kinds_agree,
    opposed,
    repeats_alike,
    tones_of,
)
from .searching import run_search
from .table import random_table

LOWER, UPPER = TOKENS.index("<lower>"), TOKENS.index("<upper>")
START, END = TOKENS.index("<s>"), TOKENS.index("<e>")
FEW = "天春三月夜一看猫水"  # characters of all kinds, so few that all lines of four can be told
FEW_TOKENS = (*SPECIALS, COMMA, *FEW)


def ids(line, tokens=TOKENS):
    return tuple(map(tokens.index, line))


def few_bundle(**options):
    return couplet_bundle(tokens=FEW_TOKENS, **options)


def plans_for(line, *, upper=False, bundle=None, **options):
    bundle = bundle or few_bundle()
    request = Request(line, Couplet(upper), **options)
    return CoupletPlanner(bundle).plans(prepare(request, bundle))


TABLE = random_table(7, len(FEW_TOKENS))


def found_by(plan):
    """All lines that a plan allows, with their scores, by a beam that is wide enough."""
    params = BeamParams(
        prompt=plan.prompt,
        max_tokens=plan.length + 1,
        endings=(END,),
        constraints=plan.constraints,
        vocabulary_size=len(FEW_TOKENS),
        path_constraints=plan.path_constraints,
        source=plan.source,
        copies=plan.copies,
        width=len(FEW) ** 4,
    )
    found = run_search(SourceTable(TABLE, len(FEW_TOKENS)), BeamSearch(params))
    assert all(path.ended for path in found)
    return {"".join(FEW_TOKENS[i] for i in path.tokens): path.log_prob for path in found}


def enumerated(given, *rules):
    """All lines with the commas of a given one that keep some rules."""
    places = [(COMMA,) if letter == COMMA else FEW for letter in given]
    lines = map("".join, itertools.product(*places))
    return {line for line in lines if all(rule(given, line) for rule in rules)}


@pytest.mark.parametrize("upper", [False, True], ids=["lower", "upper"])
@pytest.mark.parametrize(
    "given",
    [
        "春天夜月",  # as an upper line ends
        "夜月春天",  # as a lower one does
        "天天看看",  # doubled, and of either tone
        "天看天月",  # one character again
        "夜猫三一",
        "春天，夜月",
        "月月，天天",
        "春饕夜月",  # of which one character is unknown
    ],
)
def test_exactly_the_lines_that_keep_the_rules_are_found(given, upper):
    plan, *_ = plans_for(given, upper=upper)
    found = found_by(plan)

    def tones(line, answer):
        return opposed(line.replace("饕", "猫"), answer, upper=upper)

    assert found.keys() == enumerated(given, tones, repeats_alike)
    read = tuple(FEW_TOKENS.index(each) if each in FEW_TOKENS else 0 for each in given)
    assert plan.source == (UPPER if upper else LOWER, *read)
    for line, log_prob in found.items():
        expected = TABLE.score((*plan.source, START), (*ids(line, FEW_TOKENS), END))
        assert log_prob == pytest.approx(expected)


def test_rules_are_dropped_one_after_the_other():
    wanted = {
        (): (kinds_agree, opposed, repeats_alike),
        ("kinds",): (opposed, repeats_alike),
        ("kinds", "tones"): (repeats_alike,),
        ("kinds", "tones", "repetition"): (),
    }
    given = "三天看月"
    plans = plans_for(given, bundle=few_bundle(kinds=KINDS))
    for plan, (relaxed, rules) in zip(plans, wanted.items(), strict=True):
        assert plan.relaxed == relaxed
        assert found_by(plan).keys() == enumerated(given, *rules)


def test_a_number_that_no_other_can_answer_is_answered_without_word_kinds():
    composer = couplet_composer(couplet_bundle(kinds="三\t一\n一\t三\n"))

    def answers(line):
        return composer.compose_now(Request(line, Couplet(), Beam(5))).candidates

    assert {each.text[1] for each in answers("春三夜月")} == {"一"}
    assert {each.text[:2] for each in answers("三三夜月")} == {"一一"}
    assert {each.relaxed for each in answers("三三夜月")} == {()}
    # Both numbers are in the given line, and neither repeats.
    assert {each.relaxed for each in answers("三一夜月")} == {("kinds",)}
    composer.close()


@pytest.mark.parametrize("rules", ["loose", "free"])
def test_tones_bind_less_where_rules_say_so(rules):
    plan, *_ = plans_for("春天夜月", rules=rules)
    assert found_by(plan).keys() == enumerated("春天夜月", repeats_alike)
    assert (plan.preferred_tones is None) == (rules == "free")


def test_a_line_that_ends_as_the_other_one_is_answered_and_named():
    composer = couplet_composer()
    for given, upper, relaxed, ends in (
        ("春花夜月", False, (), "平"),
        ("春花夜天", False, ("end",), "仄"),
        ("春花夜天", True, (), "仄"),
        ("春花夜月", True, ("end",), "平"),
        ("春花夜看", False, (), "平"),  # of either tone
        ("春花夜猫", True, (), "仄"),
    ):
        answer = composer.compose_now(Request(given, Couplet(upper), Beam(5)))
        assert {candidate.relaxed for candidate in answer.candidates} == {relaxed}
        for candidate in answer.candidates:
            assert opposed(given, candidate.text, upper=upper)
            assert ends in tones_of(candidate.text[-1])
    free = composer.compose_now(Request("春花夜天", Couplet(), Beam(5), rules="free"))
    assert {candidate.relaxed for candidate in free.candidates} == {()}
    composer.close()


MODES = {"chosen": Rerank(3), "beam": Beam(7), "sampled": Sample(seed=3)}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("given", ["春花夜月", "山山水水看花", "天天，夜夜", "天天三三，夜夜月月"])
@pytest.mark.parametrize("upper", [False, True])
def test_every_way_of_searching_keeps_the_rules(mode, given, upper):
    composer = couplet_composer(couplet_bundle(kinds=KINDS))
    answer = composer.compose_now(Request(given, Couplet(upper), MODES[mode]))
    assert answer.length == len(given.replace(COMMA, ""))
    assert (answer.line, answer.written, answer.shown) == (given, (given,), (given,))
    assert answer.candidates
    for candidate in answer.candidates:
        assert opposed(given, candidate.text, upper=upper)
        assert repeats_alike(given, candidate.text)
        assert kinds_agree(given, candidate.text) or "kinds" in candidate.relaxed
    composer.close()


def scores_by_hand(given, answer, *, upper, table):
    """The log-probability of an answer, and what orders it."""
    there, back = (UPPER, LOWER) if upper else (LOWER, UPPER)
    forward = table.score((there, *ids(given), START), (*ids(answer), END))
    return forward, forward + REVERSE_WEIGHT * table.score(
        (back, *ids(answer), START), (*ids(given), END)
    )


@pytest.mark.parametrize("upper", [False, True])
def test_the_best_answer_is_probable_both_ways(upper):
    composer, table = couplet_composer(seed=5), random_table(5, len(TOKENS))
    answer = composer.compose_now(Request("春花夜月", Couplet(upper), Rerank()))
    scores = [candidate.score for candidate in answer.candidates]
    assert scores == sorted(scores, reverse=True)
    judged = 0
    for candidate in answer.candidates:
        forward, score = scores_by_hand("春花夜月", candidate.text, upper=upper, table=table)
        assert candidate.log_prob == pytest.approx(forward)
        judged += candidate.score == pytest.approx(score)
    assert judged == len(answer.candidates)
    composer.close()


def test_answers_that_are_hardly_probable_are_not_judged():
    composer, table = couplet_composer(seed=5), random_table(5, len(TOKENS))
    answer = composer.compose_now(Request("春花夜月", Couplet(), Rerank(width=20), count=20))
    by_hand = [
        scores_by_hand("春花夜月", each.text, upper=False, table=table)[1]
        for each in answer.candidates
    ]
    judged = [
        each.score == pytest.approx(score)
        for each, score in zip(answer.candidates, by_hand, strict=True)
    ]
    assert 0 < sum(judged) <= MAX_JUDGED
    composer.close()


def test_a_model_without_directions_is_asked_one_way():
    tokens = tuple(token for token in TOKENS if token not in ("<lower>", "<upper>"))
    composer = couplet_composer(couplet_bundle(tokens=tokens))
    answer = composer.compose_now(Request("春花夜月", Couplet(), Rerank()))
    assert all(each.score == each.log_prob for each in answer.candidates)
    assert len(answer.candidates) == 5
    composer.close()


def test_lines_of_a_user_are_scored_as_answers_are():
    composer, table = couplet_composer(), random_table(1, len(TOKENS))
    lines = ["夜雨春山", "春花夜月", "一一一一"]
    for line, found in zip(lines, composer.score_now("春花夜月", lines), strict=True):
        forward, score = scores_by_hand("春花夜月", line, upper=False, table=table)
        assert (found.lines, found.unknown) == ((line,), ())
        assert (found.log_prob, found.score) == (pytest.approx(forward), pytest.approx(score))
    composer.close()


def test_candidates_open_differently():
    composer = couplet_composer()
    answer = composer.compose_now(Request("春花夜月看猫", Couplet(), Rerank()))
    openings = [candidate.text[:2] for candidate in answer.candidates]
    assert len(set(openings)) == len(openings) == 5
    composer.close()


class Lines:
    """A corpus of lines."""

    def __init__(self, *lines, continuation=None):
        self._lines = set(map(ids, lines))
        self._continuation = continuation

    def contains(self, lines):
        return np.array([tuple(line) in self._lines for line in lines.tolist()])

    def continuation(self, line):
        return self._continuation


def test_lines_of_the_corpus_are_left_out_or_marked():
    first = couplet_composer()
    best = first.compose_now(Request("春花夜月", Couplet(), Beam(20), count=20)).candidates
    first.close()
    known = Lines(best[0].text, best[3].text, continuation=ids(best[0].text))
    composer = couplet_composer(couplet_bundle(known=known))
    answer = composer.compose_now(Request("春花夜月", Couplet(), Beam(20), count=18))
    assert {each.known for each in answer.candidates} == {(False,)}
    assert [each.text for each in answer.candidates][:3] == [best[n].text for n in (1, 2, 4)]
    assert answer.corpus_continuation == best[0].text
    allowed = composer.compose_now(
        Request("春花夜月", Couplet(), Beam(20), count=20, known="allow")
    )
    assert [each.text for each in allowed.candidates] == [each.text for each in best]
    assert [each.known[0] for each in allowed.candidates] == [n in (0, 3) for n in range(20)]
    upper = composer.compose_now(Request("春花夜月", Couplet(upper=True), Beam(5)))
    assert upper.corpus_continuation is None
    composer.close()


def test_the_half_of_a_line_is_known_too():
    composer = couplet_composer()
    request = Request("春花，夜月", Couplet(), Beam(20), count=20)
    best = composer.compose_now(request).candidates
    composer.close()
    half = best[0].text.split(COMMA)[1]
    composer = couplet_composer(couplet_bundle(known=Lines(half)))
    for each in composer.compose_now(request).candidates:
        assert not each.text.endswith(half)
    marked = composer.compose_now(replace(request, known="allow")).candidates
    assert [each.known for each in marked] == [(each.text.endswith(half),) for each in best]
    composer.close()


def test_no_insult_is_an_answer():
    letters = "天山春白痴"
    composer = couplet_composer(couplet_bundle(tokens=(*SPECIALS, *letters), prosody=False))
    request = Request("天山天山", Couplet(), Beam(20), count=20)
    found = {candidate.text for candidate in composer.compose_now(request).candidates}
    allowed = {line for line in _lines(letters) if repeats_alike("天山天山", line)}
    assert found == {line for line in allowed if "白痴" not in line}
    assert found < allowed
    composer.close()


def _lines(letters):
    return map("".join, itertools.product(letters, repeat=4))


async def test_answers_do_not_depend_on_what_shares_the_batch():
    composer = couplet_composer(couplet_bundle(kinds=KINDS))
    lines = ["春花夜月", "山山水水看花", "天天，夜夜", "天山，夜雨", "天天三三，夜夜月月"]
    requests = [
        Request(line, Couplet(upper), search, count=3)
        for line, upper, search in itertools.product(lines, (False, True), MODES.values())
    ]
    together = await asyncio.gather(*(composer.compose(each, 3600) for each in requests))
    for request, answer in zip(requests, together, strict=True):
        assert answer.candidates == composer.compose_now(request).candidates
    composer.close()


def test_an_answer_that_is_late_is_ordered_by_what_is_known():
    bundle = couplet_bundle()
    composer = couplet_composer(bundle)
    job = composer._job(Request("春花夜月", Couplet(), Rerank()))
    model = SourceTable(random_table(1, len(TOKENS)), len(TOKENS))
    judging = job.send([run_search(model, search) for search in next(job)])
    assert len(judging) == MAX_JUDGED
    with pytest.raises(StopIteration) as end:
        job.throw(DeadlineError())
    answer = end.value.value
    assert (answer.complete, len(answer.candidates)) == (False, 5)
    assert all(each.score == each.log_prob for each in answer.candidates)
    composer.close()
