"""Graph and search together, against PyTorch that re-runs the prefix at every step."""

import numpy as np
import pytest
import torch
from lianju.bot.verse import Beam, Request, open_composer
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.checkpoint import Trained
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig

from ..export.toy_bundle import write_toy_bundle
from .reference import plain_beam_search
from .toy import CHINESE, PROMPTS, SPECIALS

CELLS = {
    "lstm": {"cell": "lstm", "tied": True},
    "gru": {"cell": "gru"},
    "rnn": {"cell": "rnn"},
    "relu": {"cell": "rnn", "nonlinearity": "relu"},
}


@pytest.fixture(scope="module", params=CELLS.values(), ids=CELLS)
def both(request, tmp_path_factory):
    """A random model in PyTorch, and a composer on its bundle."""
    torch.set_num_threads(1)
    torch.manual_seed(7)
    config = ModelConfig(
        vocabulary_size=len(CHINESE), embedding_size=24, hidden_size=24, **request.param
    )
    model = LanguageModel(config).eval()
    with torch.no_grad():
        model.embedding.weight.mul_(3)  # so that what was read matters
        model.output.weight.mul_(4)
    vocabulary = Vocabulary(CHINESE, tuple(-1 if token in SPECIALS else 1 for token in CHINESE))
    info = {"preset": "toy", "corpus": "toy", "corpus_sha256": "0", "commit": "", "seed": 7}
    out = tmp_path_factory.mktemp("naive") / "bundle"
    write_toy_bundle(Trained(model, vocabulary, info), out, name="toy")
    composer = open_composer(out, "cpu", 1)
    yield model, composer
    composer.close()


def rerun(model):
    """Log-probabilities after whole prefixes, computed without a state."""

    @torch.inference_mode()
    def log_probs(prefixes):
        logits, _ = model(torch.tensor(prefixes))
        return torch.log_softmax(logits[:, -1].double(), dim=-1).numpy()

    return log_probs


def test_plain_search_on_all_prompts_and_widths(both):
    model, composer = both
    vocabulary = composer.bundle.vocabulary
    assert len(PROMPTS) >= 100
    for number, text in enumerate(PROMPTS):
        width = 1 + number % 20
        prompt = (vocabulary.start, *vocabulary.encode(text), vocabulary.line)
        expected = plain_beam_search(
            rerun(model), prompt, width, len(text), vocabulary.endings, vocabulary.unknown
        )
        answer = composer.compose_now(Request(text, search=Beam(width, plain=True), count=width))
        texts = [
            "".join(vocabulary.tokens[token] for token in tokens if token not in vocabulary.endings)
            for tokens, _ in expected
        ]
        assert [candidate.text for candidate in answer.candidates] == texts, text
        np.testing.assert_allclose(
            [candidate.log_prob for candidate in answer.candidates],
            [score for _, score in expected],
            atol=1e-3,
        )


def test_exact_length_with_its_ending(both):
    model, composer = both
    vocabulary, log_probs = composer.bundle.vocabulary, rerun(model)
    for text in PROMPTS[::6]:
        prompt = (vocabulary.start, *vocabulary.encode(text), vocabulary.line)
        for candidate in composer.compose_now(Request(text)).candidates:
            tokens = tuple(vocabulary.encode(candidate.text))
            assert len(tokens) == len(text)
            score = sum(
                log_probs([prompt + tokens[:place]])[0][token] for place, token in enumerate(tokens)
            )
            score += log_probs([prompt + tokens])[0][list(vocabulary.endings)].max()
            assert candidate.log_prob == pytest.approx(score, abs=1e-3)
