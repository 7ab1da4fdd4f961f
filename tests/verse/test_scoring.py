import numpy as np
import pytest
from lianju.bot.verse.errors import SearchError
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.search.beam import BeamParams, BeamSearch
from lianju.bot.verse.search.constraints import ConstraintFactory
from lianju.bot.verse.search.scoring import ScoringSearch
from lianju.bot.verse.serving.batch import Batch
from lianju.bot.verse.text.vocabulary import Vocabulary

from .searching import run_search
from .table import TableModel, random_table
from .toy import Toy

TOKENS = Vocabulary(("<unk>", "<e>", "</l>", *"abcd"), (-1,) * 3 + (1,) * 4)
TABLE = random_table(4, len(TOKENS))
TEXTS = np.array([[3, 4, 1], [6, 6, 2], [3, 5, 1], [0, 2, 1]])


def model():
    return TableModel(TABLE, len(TOKENS))


@pytest.mark.parametrize("prompt", [(5,), (3, 4, 5)])
def test_the_score_is_the_sum_over_the_tokens(prompt):
    found = run_search(model(), ScoringSearch(prompt, TEXTS))
    assert [path.tokens for path in found] == [tuple(text[:-1]) for text in TEXTS.tolist()]
    for path, text in zip(found, TEXTS.tolist(), strict=True):
        assert path.log_prob == pytest.approx(TABLE.score(prompt, tuple(text)))


def test_common_prefixes_of_texts_are_computed_once():
    scored = model()
    run_search(scored, ScoringSearch((5, 3), TEXTS))
    assert scored.prefills == [(1, 1)]
    assert scored.calls == [1, 3, 4]


def test_it_shares_steps_with_other_searches():
    factory = ConstraintFactory(TOKENS)
    beam = BeamSearch(
        BeamParams(
            prompt=(4, 3),
            width=3,
            max_tokens=4,
            endings=TOKENS.endings,
            constraints=factory.exact_length(3),
            vocabulary_size=len(TOKENS),
        )
    )
    scorings = ScoringSearch((5, 5, 5), TEXTS), ScoringSearch((5, 5, 5), TEXTS[1:, ::-1])
    shared = model()
    batch = Batch(shared)
    first = batch.add(beam)
    batch.step()
    slots = [batch.add(scoring) for scoring in scorings]
    while batch:
        batch.step()
    assert first.search.result() == run_search(model(), beam)
    for slot, scoring in zip(slots, scorings, strict=True):
        assert slot.search.result() == run_search(model(), scoring)
    assert len(shared.calls) < 4 + 3


def test_scores_from_a_graph(tmp_path):
    toy = Toy()
    step = OnnxModel(load_bundle(toy.write(tmp_path / "toy")), "cpu", 1)
    texts = np.array([[7, 9, 1], [20, 21, 3]])
    for path, text in zip(
        run_search(step, ScoringSearch((2, 8), texts)), texts.tolist(), strict=True
    ):
        expected = sum(toy.log_prob([2, 8, *text[:i]])[t] for i, t in enumerate(text))
        assert path.log_prob == pytest.approx(expected, abs=1e-3)


def test_invalid_log_prob_is_an_error():
    broken = TableModel(lambda prefix: [float("nan")] * len(TOKENS), len(TOKENS))
    with pytest.raises(SearchError) as caught:
        run_search(broken, ScoringSearch((5,), TEXTS))
    assert caught.value.key == "model-fault"


def test_no_text_is_an_error():
    with pytest.raises(ValueError, match="prompt and texts"):
        ScoringSearch((5,), np.zeros((0, 3), np.int64))
