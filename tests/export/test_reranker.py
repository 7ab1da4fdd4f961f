"""Ranking groups from a bundle, and the re-ranker's graph beside PyTorch."""

from __future__ import annotations

import json
import shutil

import numpy as np
import onnx
import pytest
import torch
from lianju.bot.verse import BundleError, Request, Rerank, open_composer, simplify
from lianju.bot.verse.model.bundle import GraphFile, load_bundle
from lianju.bot.verse.model.reranker import Reranker
from lianju.export import reranker as exporter
from lianju.export.errors import VerificationError
from lianju.export.reranker import build_reranker_graph, rounded, verify_reranker
from lianju.training.reranker.groups import Group, RankingGroups
from lianju.training.reranker.model import Reranker as TorchReranker
from lianju.training.reranker.model import RerankerConfig
from lianju.training.reranker.trainer import Accuracy, Options, save

from .conftest import HAN, SPECIAL

PLAIN = [character for character in HAN if simplify(character) == character]

CONFIG = RerankerConfig(
    vocabulary_size=len(SPECIAL) + len(HAN),
    embedding_size=12,
    width=24,
    heads=3,
    context=18,
    places=6,
)


def random_reranker(seed=0, config=CONFIG):
    torch.manual_seed(seed)
    model = TorchReranker(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        model.embedding.weight[config.vocabulary_size] = 0
    return model.eval()


@pytest.fixture
def trained(bundle, tmp_path):
    path = tmp_path / "reranker.pt"
    groups = RankingGroups.collect(
        [Group([4], [5], [], 0)], load_bundle(bundle).vocabulary.tokens, {}
    )
    save(path, random_reranker(), groups, Accuracy(1.0, 0.5, 0.5), Options(minutes=1))
    return path


def test_the_graph_computes_what_pytorch_computes():
    model = random_reranker()
    graph = build_reranker_graph(model).SerializeToString()
    assert verify_reranker(graph, rounded(model)) < 1e-4


def test_another_graph_is_found_out():
    graph = build_reranker_graph(random_reranker(1)).SerializeToString()
    with pytest.raises(VerificationError, match=r"differ from PyTorch's"):
        verify_reranker(graph, rounded(random_reranker(0)))


def test_weights_are_rounded_by_half_a_step_at_most():
    model = random_reranker()
    for (name, before), after in zip(
        model.named_parameters(), rounded(model).parameters(), strict=True
    ):
        difference = (before - after).abs()
        if before.dim() == 2 and not name.startswith(("from_", "context_places")):
            step = before.abs().amax(1, keepdim=True) / 127
            assert bool((difference <= 0.501 * step).all()), name
        else:
            assert not difference.any(), name


def test_the_last_tokens_of_a_long_context_count(tmp_path):
    onnx.save(build_reranker_graph(random_reranker()), tmp_path / "graph.onnx")
    path = tmp_path / "graph.onnx"
    graph = Reranker(GraphFile(path, path.read_bytes()), CONFIG.vocabulary_size, CONFIG.context, 1)
    long = np.random.default_rng(0).integers(4, 40, 30).tolist()
    lines, poem = np.array([[5, 6, 7]]), np.array([0])
    found = graph.logits([long], lines, poem)
    assert np.allclose(found, graph.logits([long[-18:]], lines, poem), atol=1e-5)
    assert not np.allclose(found, graph.logits([long[-17:]], lines, poem), atol=1e-4)


def test_groups_have_the_poets_lines_and_others_under_the_rules(run, bundle, corpus, tmp_path):
    out = tmp_path / "groups.npz"
    status, _, complaint = run(
        *("groups", bundle, "--corpus", corpus, "--out", out, "--count", 12, "--drawn", 12),
        *("--lines", 4, "--threads", 1),
    )
    # The toy corpus has poems of one line, which nothing follows.
    assert status == 2
    assert "no line" in complaint
    poems = [
        " </l> ".join(" ".join(PLAIN[i : i + 5]) for i in range(start, start + 20, 5)) + " </l>"
        for start in (0, 2, 4, 6)
    ]
    (corpus / "train.txt").write_text("\n".join(poems) + "\n", encoding="utf-8")
    status, printed, _ = run(
        *("groups", bundle, "--corpus", corpus, "--out", out, "--count", 10, "--drawn", 8),
        *("--lines", 4, "--threads", 1),
    )
    assert status == 0
    assert "10 groups" in printed
    found = RankingGroups.load(out)
    vocabulary = load_bundle(bundle).vocabulary
    corpus_text = ["".join(poem.replace("</l>", "|").split()) for poem in poems]
    for number, group in enumerate(found):
        context, poet = (
            "".join(vocabulary.tokens[token] for token in tokens).replace("</l>", "|")
            for tokens in (group.context, group.poet)
        )
        assert any(f"{context}|{poet}|" in poem for poem in corpus_text)
        assert (len(group.drawn) > 0) == (number < 8)
        for line in group.drawn:
            assert len(line) == 5 == len(set(line))  # no character repeated, as in answers
            assert not set(line) & {0, 1, 2, 3}
            assert not set(line) & set(group.context)
            assert list(line) != list(group.poet)
    again = tmp_path / "again.npz"
    run(
        *("groups", bundle, "--corpus", corpus, "--out", again, "--count", 10, "--drawn", 8),
        *("--lines", 4, "--threads", 1),
    )
    assert list(RankingGroups.load(again)) == list(found)


def test_a_bundle_with_a_reranker_scores_by_it(run, bundle, trained):
    plain = open_composer(bundle, "cpu", 1)
    line, texts = "".join(PLAIN[:5]), ["".join(PLAIN[i : i + 5]) for i in (5, 12, 20)]
    before = plain.score_now(line, texts)
    plain.close()
    status, _, complaint = run(
        *(
            "reranker",
            bundle,
            trained,
            "--version",
            "2.0.0",
            "--poet",
            2,
            "--next",
            3,
            "--relevance",
            0.5,
        ),
    )
    assert (status, complaint) == (0, "")
    loaded = load_bundle(bundle)
    assert loaded.manifest.version == "2.0.0"
    composer = open_composer(bundle, "cpu", 1)
    model, vocabulary = rounded(random_reranker()), loaded.vocabulary
    context = torch.tensor([vocabulary.encode(line)])
    for text, old, new in zip(texts, before, composer.score_now(line, texts), strict=True):
        assert (new.log_prob, new.relevance) == (old.log_prob, old.relevance)
        with torch.no_grad():
            expected = model(context, torch.tensor([vocabulary.encode(text)]), torch.tensor([0]))[0]
        assert [new.poet, new.next] == pytest.approx(expected.tolist(), abs=1e-4)
        total = new.log_prob + 0.5 * new.relevance + 2 * new.poet + 3 * new.next
        assert new.score == pytest.approx(total, abs=1e-4)
    request = Request(line, search=Rerank(width=20), count=20, rules="free")
    answer = composer.compose_now(request)
    scores = [each.score for each in answer.candidates]
    assert scores == sorted(scores, reverse=True)
    # Some characters of the toy vocabulary would be simplified when they are read, and a line may
    # end with the poem, which a trained model does only after the end of the line.
    plain = [each for each in answer.candidates if set(each.text) <= set(PLAIN)]
    found = composer.score_now(line, [each.text for each in plain])
    ended = [
        (each.score, own.score)
        for each, own in zip(plain, found, strict=True)
        if each.log_prob == pytest.approx(own.log_prob, abs=1e-4)
    ]
    composer.close()
    assert ended
    assert [own for _, own in ended] == pytest.approx([score for score, _ in ended], abs=1e-3)


def test_another_vocabulary_is_refused(run, bundle, trained, tmp_path):
    content = torch.load(trained, weights_only=True)
    content["tokens"][-1] = "鹤"
    torch.save(content, trained)
    before = (bundle / "manifest.json").read_bytes()
    status, _, complaint = run("reranker", bundle, trained, "--version", "2.0.0")
    assert status == 2
    assert "another vocabulary" in complaint
    assert (bundle / "manifest.json").read_bytes() == before
    assert not (bundle / "reranker.onnx").exists()


def test_a_graph_that_computes_something_else_is_not_kept(run, bundle, trained, monkeypatch):
    monkeypatch.setattr(exporter, "rounded", lambda model: random_reranker(7))
    status, _, complaint = run("reranker", bundle, trained, "--version", "2.0.0")
    assert status == 2
    assert "differ from PyTorch's" in complaint
    assert not list(bundle.glob("*reranker*"))


@pytest.mark.parametrize("fault", ["missing", "altered", "unlisted", "other graph"])
def test_a_damaged_reranker_is_refused(run, bundle, trained, fault):
    run("reranker", bundle, trained, "--version", "2.0.0")
    path, manifest = bundle / "reranker.onnx", bundle / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    if fault == "missing":
        path.unlink()
    elif fault == "altered":
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    elif fault == "unlisted":
        del content["files"]["reranker.onnx"]
    else:
        shutil.copy(bundle / "step.onnx", path)
        content["files"]["reranker.onnx"] = content["files"]["step.onnx"]
    manifest.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(BundleError):
        open_composer(bundle, "cpu", 1)
