"""Requests, answers and errors survive the wire."""

import json
from dataclasses import replace

import pytest
from lianju.bot.engine.errors import ErrorBody, ServiceError
from lianju.bot.engine.score_fields import ScoreFields
from lianju.bot.engine.wire import AnswerFields, RequestFields, to_json
from lianju.bot.errors import LianjuError
from lianju.bot.i18n import Localizer
from lianju.bot.verse import (
    Acrostic,
    Beam,
    BusyError,
    CandidateScore,
    Couplet,
    DeadlineError,
    NextLine,
    NothingAllowedError,
    Poem,
    PromptError,
    Request,
    RequestError,
    Rerank,
    Revision,
    Sample,
    SearchError,
    open_composer,
)

from ..discord.bundle_with_prosody import write_bundle_with_prosody
from ..verse.couplets import couplet_composer

LINE = "黃河遠上白雲間"
REQUESTS = [
    Request(LINE),
    Request(LINE, search=Rerank(7, 9), count=9),
    Request(LINE, NextLine(5), Beam(3), count=2, script="simplified"),
    Request(LINE, search=Beam(4, plain=True), count=1),
    Request(LINE, Poem("jueju"), Rerank(), rules="loose", known="allow"),
    Request(LINE, Poem("lushi"), Sample(1.0, 50, 0.5, 3), rules="free"),
    Request("春夏秋冬", Acrostic(5, "jueju"), Rerank(), script="traditional"),
    Request("春夏", Acrostic(7), Sample(seed=0), count=20),
    Request(LINE, rhyme="陽", rules="loose"),
    Request("黃河遠，?，雲？日", Revision(), Rerank(3)),
    Request("黃河遠上白，?，?，雲間日入云", Revision("jueju"), Beam(6), known="allow"),
]


COUPLETS = [
    Request("春花夜月", Couplet(), Rerank()),
    Request("春花，夜天", Couplet(upper=True), Rerank(3, 7), count=7, known="allow"),
    Request("春花夜月", Couplet(), Sample(seed=4), rules="loose"),
    Request("春花夜月", Couplet(upper=True), Beam(3), count=2, rules="free"),
]


def sent(fields):
    """The fields as they arrive."""
    return json.loads(to_json(fields))


@pytest.mark.parametrize("request_", REQUESTS + COUPLETS, ids=str)
def test_request_arrives_unchanged(request_):
    fields = RequestFields.model_validate(sent(RequestFields.of(request_)))
    assert fields.to_request() == request_


@pytest.fixture(scope="module")
def composer(tmp_path_factory):
    bundle = write_bundle_with_prosody(tmp_path_factory.mktemp("bundles") / "toy")
    composer = open_composer(bundle, "cpu", 1)
    yield composer
    composer.close()


@pytest.fixture(scope="module")
def couplets():
    composer = couplet_composer()
    yield composer
    composer.close()


@pytest.mark.parametrize("request_", REQUESTS + COUPLETS, ids=str)
def test_answer_arrives_unchanged(request_, composer, couplets):
    answer = (couplets if request_ in COUPLETS else composer).compose_now(request_)
    arrived = AnswerFields.model_validate(sent(AnswerFields.of(answer))).to_answer()
    assert arrived == replace(
        answer,
        elapsed_ms=round(answer.elapsed_ms, 3),
        # What orders the candidates of other searches stays where they are ordered.
        candidates=answer.candidates
        if isinstance(answer.request.search, Rerank)
        else tuple(replace(each, score=each.log_prob) for each in answer.candidates),
    )


def test_confidence_arrives_where_there_is_one(composer):
    answer = composer.compose_now(REQUESTS[0])
    shares = [0.625, *[None] * (len(answer.candidates) - 1)]
    candidates = tuple(
        replace(each, confidence=share)
        for each, share in zip(answer.candidates, shares, strict=True)
    )
    told = AnswerFields.of(replace(answer, candidates=candidates))
    arrived = AnswerFields.model_validate(sent(told)).to_answer()
    assert [each.confidence for each in arrived.candidates] == shares


def test_answer_has_the_drawn_seed(composer):
    answer = composer.compose_now(Request(LINE, search=Rerank(None)))
    assert sent(AnswerFields.of(answer))["request"]["seed"] == answer.request.search.seed


@pytest.mark.parametrize(
    "scores",
    [
        [CandidateScore(("白日",), -1.5, -2.5, 0.25, 0.75, ("貓",), -3.5, 0.625)],
        [CandidateScore(("白", "日"), -1.5, -1.5), CandidateScore(("山",), -1.0, -1.0)],
    ],
)
def test_scores_arrive_unchanged(scores):
    fields = ScoreFields.of(LINE, ["x"] * len(scores), scores)
    assert ScoreFields.model_validate(sent(fields)).to_scores() == scores


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PromptError("prompt-unknown", named="龘", more=0), 422),
        (RequestError("request-range", name="count", value=21, low=1, high=20), 422),
        (RequestError("request-range", name="top_p", value=1.5, low=0.05, high=1.0), 422),
        (NothingAllowedError("search-nothing"), 422),
        (BusyError("busy-full"), 429),
        (BusyError("busy-closing"), 503),
        (DeadlineError(), 504),
        (SearchError("model-failed"), 500),
        (SearchError("incident", incident="ab12"), 500),
    ],
    ids=lambda value: getattr(value, "key", value),
)
def test_error_arrives_unchanged(error, status):
    body = ErrorBody.of(error, Localizer("zh-TW"))
    assert body.error.message == Localizer("zh-TW").format(error.key, **error.facts)
    arrived = ErrorBody.model_validate(sent(body)).to_error(status)
    assert (type(arrived), arrived.key, arrived.facts) == (type(error), error.key, error.facts)


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        ("no-such-key", {}),
        ("api-unknown-field", {"name": "x", "names": "y"}),
        ("prompt-empty", {"key": "x"}),
        ("prompt-empty", {"self": "x"}),
    ],
)
def test_error_that_only_another_version_knows(key, facts):
    body = ErrorBody.model_validate({"error": {"key": key, "message": "", "facts": facts}})
    error = body.to_error(422)
    assert (type(error), error.key) == (ServiceError, "service-odd")


@pytest.mark.parametrize(
    ("fact", "told"), [("a\ud800", "a\ufffd"), (2**60, str(2**60)), (float("inf"), "inf"), (5, 5)]
)
def test_facts_are_what_json_can_have(fact, told):
    body = ErrorBody.of(LianjuError("unknown-choice", value=fact, choices="b"), Localizer("en"))
    assert sent(body)["error"]["facts"]["value"] == told
