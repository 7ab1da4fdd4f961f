"""Searches that begin with an encoded source, against PyTorch that reads it anew at every step."""

import numpy as np
import pytest
import torch
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.search.beam import BeamParams, BeamSearch
from lianju.bot.verse.search.constraints import ConstraintFactory
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.checkpoint import Trained
from lianju.training.recipe import ModelConfig
from lianju.training.seq2seq import build_model

from ..export.toy_bundle import write_toy_bundle
from .reference import plain_beam_search
from .searching import run_search
from .toy import CHINESE, PROMPTS

SPECIALS = ("<unk>", "<e>", "<s>", "<lower>", "<upper>")
TOKENS = (*SPECIALS, *CHINESE[4:])
KINDS = {
    "lstm, dot": {"cell": "lstm", "attention": "dot", "tied": True},
    "gru, additive": {"cell": "gru", "attention": "additive", "encoder_layers": 2},
    "rnn, none": {"cell": "rnn", "bidirectional": False},
}


class FromSource:
    """A model whose state before the first token is that after a source."""

    def __init__(self, model, source):
        self._model, self._source = model, np.array([source], np.int64)

    def __getattr__(self, name):
        return getattr(self._model, name)

    def initial_state(self, rows=1):
        return self._model.encode(np.repeat(self._source, rows, axis=0))


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def both(request, tmp_path_factory):
    """A random encoder-decoder in PyTorch, and its bundle."""
    torch.set_num_threads(1)
    torch.manual_seed(7)
    sizes = {"layers": 1, "embedding_size": 24, "hidden_size": 24, "memory_size": 8}
    config = ModelConfig(vocabulary_size=len(TOKENS), kind="seq2seq", **{**sizes, **request.param})
    model = build_model(config).eval()
    with torch.no_grad():
        model.embedding.weight.mul_(3)  # so that what was read matters
        model.output.weight.mul_(4)
    vocabulary = Vocabulary(TOKENS, tuple(-1 if token in SPECIALS else 1 for token in TOKENS))
    info = {"preset": "toy", "corpus": "toy", "corpus_sha256": "0", "commit": "", "seed": 7}
    out = tmp_path_factory.mktemp("naive") / "bundle"
    write_toy_bundle(Trained(model, vocabulary, info), out, name="toy")
    return model, OnnxModel(load_bundle(out), "cpu", 1), vocabulary


def rerun(model, source):
    """Log-probabilities after whole prefixes, the source read with each."""

    @torch.inference_mode()
    def log_probs(prefixes):
        state = model.encode(torch.tensor([source] * len(prefixes)))
        logits, _ = model(torch.tensor(prefixes), state)
        return torch.log_softmax(logits[:, -1].double(), dim=-1).numpy()

    return log_probs


def test_searches_from_a_source_find_what_reading_it_anew_finds(both):
    model, onnx_model, vocabulary = both
    answers = set()
    for number, text in enumerate(PROMPTS[::3]):
        width, direction = 1 + number % 12, SPECIALS[3 + number % 2]
        source = vocabulary.encode([direction, *text])
        expected = plain_beam_search(
            rerun(model, source),
            (vocabulary.start,),
            width,
            len(text) + 1,
            vocabulary.endings,
            vocabulary.unknown,
        )
        params = BeamParams(
            prompt=(vocabulary.start,),
            width=width,
            max_tokens=len(text) + 1,
            endings=vocabulary.endings,
            constraints=ConstraintFactory(vocabulary).plain(),
            vocabulary_size=len(vocabulary),
        )
        found = run_search(FromSource(onnx_model, source), BeamSearch(params))
        texts = [
            tuple(token for token in tokens if token not in vocabulary.endings)
            for tokens, _ in expected
        ]
        assert [each.tokens for each in found] == texts, text
        np.testing.assert_allclose(
            [each.log_prob for each in found], [score for _, score in expected], atol=1e-3
        )
        answers.add(texts[0])
    assert len(answers) > 5  # the source matters
