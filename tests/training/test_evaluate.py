import math

import numpy as np
import pytest
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.evaluate import CheckpointScorer, perplexity, stream_perplexity
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig
from lianju.training.sample import as_text, sample

HAN = "山水云月花鸟风雪江天春秋"
WITH_LINES = Vocabulary(("<unk>", "<e>", "<s>", "</l>", *HAN), (-1, -1, -1, -1, *[1] * len(HAN)))
WITHOUT = Vocabulary(("<unk>", "<e>", *HAN), (-1, -1, *[1] * len(HAN)))


class Uniform:
    """Every token is as likely as any other."""

    def __init__(self, vocabulary):
        self.vocabulary = vocabulary

    def score(self, ids):
        return np.full((len(ids), ids.shape[1] - 1), -math.log(len(self.vocabulary)), np.float32)


def _quatrain(size, character="山"):
    return [*([character] * size), "</l>"] * 4


@pytest.mark.parametrize(
    ("vocabulary", "counted"),
    # 19 of the 20 characters are predicted; </l> and <e> too, where the model has them.
    [(WITH_LINES, 19 + 4 + 1), (WITHOUT, 19 + 1)],
)
def test_the_first_character_is_not_predicted(vocabulary, counted):
    found = perplexity(Uniform(vocabulary), [_quatrain(5)])
    assert found.tokens == counted
    assert found.all == pytest.approx(len(vocabulary), rel=1e-5)
    assert found.forms == {"五绝": pytest.approx(len(vocabulary), rel=1e-5)}


def test_an_unknown_character_has_a_3000th_of_the_probability_of_unk():
    poem = [*"山山龘山山", "</l>", *("山" * 5), "</l>"]
    found = perplexity(Uniform(WITH_LINES), [poem])
    assert found.han == pytest.approx(len(WITH_LINES) * math.exp(math.log(3000) / 9), rel=1e-4)
    assert list(found.forms) == ["other"]
    assert found.regulated is None


def test_perplexity_equals_a_token_by_token_sum():
    torch.manual_seed(2)
    model = LanguageModel(
        ModelConfig(vocabulary_size=len(WITH_LINES), embedding_size=8, hidden_size=8)
    ).eval()
    generator = np.random.default_rng(3)
    poems = [
        [t for _ in range(lines) for t in (*generator.choice(list(HAN), size), "</l>")]
        for lines, size in [(4, 5), (4, 7), (8, 5), (8, 7), (3, 6), (40, 7)]
    ]
    found = perplexity(CheckpointScorer(model, WITH_LINES), poems)
    losses = {"all": [], "han": [], "regulated": []}
    for number, poem in enumerate(poems):
        ids = WITH_LINES.encode(["<s>", *poem, "<e>"])
        for t in range(1, len(ids) - 1):
            with torch.no_grad():
                logits, _ = model(torch.tensor([ids[: t + 1]]))
            loss = -float(logits[0, -1].log_softmax(-1)[ids[t + 1]])
            losses["all"].append(loss)
            if ids[t + 1] > 3:
                losses["han"].append(loss)
                if number < 4:
                    losses["regulated"].append(loss)
    assert set(found.forms) == {"五绝", "七绝", "五律", "七律", "other"}
    for name, values in losses.items():
        assert getattr(found, name) == pytest.approx(math.exp(np.mean(values)), rel=1e-4)


def test_the_state_of_a_stream_is_carried_from_window_to_window():
    torch.manual_seed(2)
    model = LanguageModel(
        ModelConfig(vocabulary_size=len(WITHOUT), embedding_size=8, hidden_size=8)
    ).eval()
    ids = np.random.default_rng(1).integers(1, len(WITHOUT), 400).astype(np.int32)
    with torch.no_grad():
        logits, _ = model(torch.from_numpy(ids[None].astype(np.int64)))
    whole = torch.nn.functional.cross_entropy(logits[0, :-1], torch.from_numpy(ids[1:]).long())
    found = stream_perplexity(CheckpointScorer(model, WITHOUT), ids)
    assert found.all == pytest.approx(math.exp(float(whole)), rel=1e-4)


def test_sampling_repeats_with_its_seed_and_never_gives_special_tokens():
    torch.manual_seed(2)
    model = LanguageModel(
        ModelConfig(vocabulary_size=len(WITH_LINES), embedding_size=8, hidden_size=8)
    )
    options = {"temperature": 3.0, "maximum": 60}
    texts = [sample(model, WITH_LINES, ["山"], seed=s, **options) for s in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert all(text[0] == "山" for text in texts)
    assert not {"<unk>", "<s>", "<e>"} & {token for text in texts for token in text}
    assert model.training
    assert as_text(["山", "水", "</l>", "云", "</l>"], WITH_LINES) == "山水 / 云"
