"""Couplets on ONNX Runtime: alone and among others, and through the whole chain."""

import asyncio
import itertools

import pytest
from lianju.bot.verse import Beam, Couplet, Request, Rerank, Sample, default_couplets, open_composer

from ..export.couplet_bundle import write_couplet_bundle
from .couplets import opposed, repeats_alike

TOY_LINES = ("春花夜月", "山山水水看花", "天天，夜夜", "天山，夜雨", "三月三月三", "一天看月")
LINES = (
    "春风得意马蹄疾",
    "年年岁岁花相似",
    "海内存知己",
    "代码千行人未眠",
    "两个黄鹂鸣翠柳",
    "风声雨声读书声声声入耳",
    "春回大地，日暖神州",
    "天增岁月人增寿",
)
SEARCHES = (Rerank(), Rerank(3, width=2), Beam(4), Sample(seed=1))


@pytest.fixture(scope="module", params=["fp32", "int8", "the bundle that ships"])
def directory(request, tmp_path_factory):
    if request.param.startswith("the"):
        return default_couplets()
    return write_couplet_bundle(tmp_path_factory.mktemp("couplets"), request.param)


@pytest.fixture(scope="module")
def requests(directory):
    lines = LINES if directory == default_couplets() else TOY_LINES
    return [
        Request(line, Couplet(upper), search, count=2)
        for line, upper, search in itertools.product(lines, (False, True), SEARCHES)
    ]


@pytest.fixture(scope="module")
def alone(directory, requests):
    """The answer to each request when there is no other."""
    composer = open_composer(directory, "cpu", 1)
    answers = [composer.compose_now(each) for each in requests]
    composer.close()
    return answers


def test_many_at_once_get_the_exact_answers_of_each_alone(directory, requests, alone):
    async def ask_together(composer):
        return await asyncio.gather(*(composer.compose(each, 3600) for each in requests))

    busy = open_composer(directory, "cpu", 1)
    together = asyncio.run(ask_together(busy))
    busy.close()
    for request, one, other in zip(requests, alone, together, strict=True):
        assert one.candidates == other.candidates, request
        assert other.complete


def test_answers_keep_the_rules(directory, requests, alone):
    for request, answer in zip(requests, alone, strict=True):
        for candidate in answer.candidates:
            assert set(candidate.relaxed) <= {"end", "kinds"}
            assert repeats_alike(request.text, candidate.text)
            if directory != default_couplets():
                assert opposed(request.text, candidate.text, upper=request.form.upper)
