"""The request that options of the command line describe."""

import click
import pytest
from lianju.bot.cli.request import request_from, search_options
from lianju.bot.verse import Acrostic, Beam, Poem, Request, RequestError, Rerank, Sample

LINE = "黄河远上白云间"


def described(*options, line=LINE, **others):
    """The request of the shared options, and of those that only `lianju poem` has."""
    requests = []

    @click.command()
    @search_options
    def command(**given):
        requests.append(request_from(line, **given, **others))

    command.main(list(options), standalone_mode=False)
    return requests[0]


@pytest.mark.parametrize(
    ("options", "search", "count"),
    [
        ([], Rerank(), 5),
        (["--seed", "7"], Rerank(7), 5),
        (["--count", "9"], Rerank(width=9), 9),
        (["--count", "2"], Rerank(), 2),
        (["--beam", "20"], Beam(20), 5),
        (["--beam", "2"], Beam(2), 2),
        (["--beam", "7", "--count", "7"], Beam(7), 7),
        (["--plain"], Beam(plain=True), 5),
        (["--plain", "--count", "9"], Beam(9, plain=True), 9),
        (["--sample", "--seed", "1", "--count", "9"], Sample(seed=1), 9),
        (["--sample", "--seed", "1", "--top-k", "50"], Sample(top_k=50, seed=1), 5),
    ],
)
def test_options_describe_the_search(options, search, count):
    assert described(*options) == Request(LINE, search=search, count=count)


def test_generate_runs_a_beam_search_by_default():
    assert described(beam_search=True).search == Beam()
    assert described("--sample", "--seed", "1", beam_search=True).search == Sample(seed=1)


def test_options_describe_the_form():
    assert described(form="lushi") == Request(LINE, Poem("lushi"), Rerank())
    assert described(line=None, heads="春夏") == Request("春夏", Acrostic(7), Rerank())
    acrostic = described(line=None, heads="春夏秋冬", chars=5, form="jueju")
    assert acrostic == Request("春夏秋冬", Acrostic(5, "jueju"), Rerank())


@pytest.mark.parametrize(
    ("options", "others", "key"),
    [
        ([], {"heads": "黄河"}, "request-heads-line"),
        ([], {"chars": 5}, "request-chars-alone"),
        ([], {"line": None, "heads": "黄河", "chars": 6}, "request-chars"),
        (["--length", "5"], {"line": None, "heads": "黄河"}, "request-form-length"),
        (["--length", "5"], {"form": "jueju"}, "request-form-length"),
        (["--plain"], {"form": "jueju"}, "request-plain"),
        (["--rhyme", "东", "--rules", "free"], {}, "request-free-rhyme"),
    ],
)
def test_options_of_another_form_are_refused(options, others, key):
    with pytest.raises(RequestError) as caught:
        described(*options, **others)
    assert caught.value.key == key
