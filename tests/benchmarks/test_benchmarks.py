"""Every benchmark still runs: here with the smallest sizes."""

import sqlite3
import sys
from contextlib import closing
from dataclasses import replace

import click
import pytest
import torch
from click.testing import CliRunner
from lianju.bot.verse import Acrostic, Beam, NextLine, Poem, Rerank, Sample
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.checkpoint import Trained
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig

from ..export.toy_bundle import write_toy_bundle
from ..store.test_against_reference import wrong_tallies
from ..verse.toy import CHINESE, PROMPTS, SPECIALS, Toy
from . import answer, batch_invariance, picture, store, throughput, training
from .torch_models import Stepwise
from .workload import LINE, Engine, mixed_requests, plain


@pytest.fixture
def toy(tmp_path):
    return Toy().write(tmp_path / "toy")


@pytest.fixture
def engine(toy):
    return Engine(load_bundle(toy), "cpu", 1)


@pytest.fixture
def exported(tmp_path):
    """A bundle of the exporter with random weights."""
    torch.manual_seed(3)
    config = ModelConfig(
        vocabulary_size=len(CHINESE), cell="lstm", embedding_size=16, hidden_size=16, tied=True
    )
    vocabulary = Vocabulary(CHINESE, tuple(-1 if token in SPECIALS else 1 for token in CHINESE))
    info = {"preset": "toy", "corpus": "toy", "corpus_sha256": "0", "commit": "", "seed": 3}
    trained = Trained(LanguageModel(config).eval(), vocabulary, info)
    return write_toy_bundle(trained, tmp_path / "exported", precision="fp32")


def run(benchmark, *arguments):
    """Returns what a benchmark prints."""
    done = CliRunner().invoke(benchmark.main, [*map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_picture():
    table = run(picture, "--repeat", 1)
    assert table.count(" kB") == 15


def test_answer(exported, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    table = run(answer, "--bundle", exported, "--threads", 1, "--repeat", 1)
    assert table.count("PyTorch") == 3
    assert "Lianju, prompt seen before" in table


def test_answer_refuses_rivals_that_find_other_lines(exported, monkeypatch):
    engine = Engine(load_bundle(exported), "cpu", 1)
    rivals = answer.open_rivals(engine)
    answer.check_rivals(engine, rivals)

    def without_state(self, history, carried):
        features, _ = self.model.features(history[:, -1:])
        return self.model.output(features[:, -1]), tuple(torch.zeros(0, len(history), 0))

    monkeypatch.setattr(Stepwise, "logits", without_state)
    with pytest.raises(click.ClickException, match="step by step"):
        answer.check_rivals(engine, rivals)


def test_gpt2_generates_exactly_the_wanted_tokens():
    pytest.importorskip("transformers")
    generate = answer.open_gpt2(4, 7, n_layer=1, n_embd=8, n_head=2, vocab_size=50)
    assert generate().shape == (1, 11)


def test_throughput(toy):
    options = ("--threads", 1, "--rounds", 1, "--at-once", 11)
    table = run(throughput, "--bundle", toy, *options)
    assert "times the rate of one after another" in table
    assert "a full queue of 11 refuses one more" in table


def test_batch_invariance(toy):
    printed = run(batch_invariance, "--bundle", toy, "--threads", 1, "--requests", 12)
    assert printed == "12 of 12 mixed requests are answered as alone\n"


def test_a_different_answer_in_a_batch_is_reported(engine, monkeypatch):
    together = batch_invariance._answer_together

    async def one_shorter(composer, requests):
        return await together(composer, [replace(requests[0], form=NextLine(3)), *requests[1:]])

    monkeypatch.setattr(batch_invariance, "mixed_requests", lambda *_: [plain(LINE)] * 5)
    monkeypatch.setattr(batch_invariance, "_answer_together", one_shorter)
    assert batch_invariance.compare(engine, 5) == [plain(LINE)]


def test_only_rounding_may_change_a_score(engine):
    answered = engine.composer().compose_now(plain(LINE, 2))
    first, *rest = answered.candidates

    def moved(by):
        return replace(answered, candidates=(replace(first, log_prob=first.log_prob + by), *rest))

    assert batch_invariance.are_same(answered, moved(5e-5))
    assert not batch_invariance.are_same(answered, moved(2e-4))
    assert not batch_invariance.are_same(answered, replace(answered, candidates=tuple(rest)))


def test_mixed_requests_are_of_every_kind_and_the_same_every_time(engine):
    prompts = engine.prompts(70)
    requests = mixed_requests(engine.composer(), prompts, 200)
    assert requests == mixed_requests(engine.composer(), prompts, 200)
    assert {request.search.width for request in requests if request.is_plain} >= {1, 20}
    assert any(isinstance(request.search, Beam) and not request.is_plain for request in requests)
    kinds = {(type(request.form), type(request.search)) for request in requests}
    assert kinds >= {(NextLine, Sample), (NextLine, Rerank), (Poem, Rerank), (Acrostic, Rerank)}
    assert {len(request.text) for request in requests} == {4, 5, 7}
    assert len({request.text for request in requests}) < 150  # half of them share a few prompts


def test_store():
    lines = run(store, "--favorites", 1000, "--servers", 10, "--repeat", 20).splitlines()
    assert lines[1].startswith("1000 favorites, 10 servers: filled in")
    assert len(lines) == 3 + 30  # an empty line, title and headers


def test_sizes_of_servers_in_the_filled_database_follow_zipfs_law(tmp_path):
    path = tmp_path / "full.sqlite3"
    store.fill(path, 5000, 50)
    with closing(sqlite3.connect(path)) as database:
        assert wrong_tallies(database.execute) == []
        sizes = [
            size
            for (size,) in database.execute(
                "SELECT count(*) FROM favourite GROUP BY guild_id ORDER BY 1 DESC"
            )
        ]
    assert (sum(sizes), len(sizes)) == (5000, 50)
    largest = 5000 / sum(1 / n for n in range(1, 51))
    assert sizes[:2] == [pytest.approx(largest, rel=0.05), pytest.approx(largest / 2, rel=0.05)]


def test_training(tmp_path):
    poems = "\n".join(" ".join(text) + " </l>" for text in PROMPTS)
    (tmp_path / "train.txt").write_text(poems + "\n", encoding="utf-8")
    options = ("--preset", "tiny", "--set", "data.minimum_count=1", "--updates", 1)
    table = run(training, tmp_path, *options)
    assert "simple loop" in table
    assert "lianju-train" in table
