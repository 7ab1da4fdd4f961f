"""Perplexity over all tokens, over Han characters alone, and by poetic form.

The first character of a poem is given, not predicted; of a pair, the whole target is predicted from
the source. A character outside the vocabulary counts as
P(`<unk>`) / 3,000, so that models with different vocabularies can be compared.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from lianju.bot.verse.text.vocabulary import LINE, LOWER, UPPER, Vocabulary, is_han
from numpy.typing import NDArray

from .checkpoint import load_trained
from .corpus import form
from .data import apply_line_tokens, encode_poem, read_texts, stream_ids
from .errors import CheckpointError
from .model import LanguageModel, State
from .report import check_pairs, is_stream

UNKNOWN_SHARE = 1 / 3000
REGULATED = ("五绝", "七绝", "五律", "七律")

_ROWS = 32
_WINDOW = 128  # tokens a call; the state is carried from one to the next


class Scorer(Protocol):
    """A model that gives the log-probability of each next token.

    Attributes:
        has_encoder: Whether it needs a source.
    """

    vocabulary: Vocabulary
    has_encoder: bool

    def score(
        self, ids: NDArray[np.int64], source: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """Scores texts.

        Args:
            ids: The texts [B, T].
            source: What they answer [B, S], for an encoder-decoder.

        Returns:
            ln p(ids[:, t + 1] | ids[:, : t + 1]), [B, T - 1].
        """
        ...


class CheckpointScorer:
    """Scores with a PyTorch model, in float32."""

    def __init__(self, model: LanguageModel, vocabulary: Vocabulary) -> None:
        self.model, self.vocabulary = model, vocabulary
        self.has_encoder = model.config.has_encoder

    @torch.no_grad()
    def score(
        self, ids: NDArray[np.int64], source: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        training = self.model.training
        self.model.eval()
        device = self.model.embedding.weight.device
        tokens = torch.from_numpy(ids).to(device)
        state: State | None = None
        if source is not None:
            state = self.model.encode(torch.from_numpy(source).to(device))
        parts = []
        inputs, targets = (torch.split(t, _WINDOW, 1) for t in (tokens[:, :-1], tokens[:, 1:]))
        for part, target in zip(inputs, targets, strict=True):
            logits, state = self.model(part, state)
            picked = logits.gather(-1, target[..., None])[..., 0] - logits.logsumexp(-1)
            parts.append(picked.float().cpu().numpy())
        self.model.train(training)
        return np.concatenate(parts, axis=1)


class BundleScorer:
    """Scores with a bundle's step graph, one call a token."""

    def __init__(self, directory: Path) -> None:
        from lianju.bot.verse.model.bundle import load_bundle
        from lianju.bot.verse.model.onnx_model import OnnxModel

        bundle = load_bundle(directory)
        self.vocabulary = bundle.vocabulary
        self.has_encoder = bundle.manifest.encoder is not None
        self._model = OnnxModel(bundle)

    def score(
        self, ids: NDArray[np.int64], source: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        rows = np.arange(len(ids), dtype=np.int64)
        state = (
            self._model.initial_state(len(ids)) if source is None else self._model.encode(source)
        )
        scores = np.empty((len(ids), ids.shape[1] - 1), np.float32)
        for t in range(ids.shape[1] - 1):
            log_prob, state = self._model.log_prob(ids[:, t], rows, state)
            scores[:, t] = log_prob[rows, ids[:, t + 1]]
        return scores


@dataclass(frozen=True)
class Perplexity:
    """Perplexities over held-out poems.

    Attributes:
        poems: Number of texts.
        tokens: Number of predicted tokens.
        all: Over all predicted tokens, line and end tokens included.
        han: Over Han characters alone; None where the text has none.
        regulated: Over the Han characters of the four regulated forms together.
        forms: By form, over Han characters; of couplets, by the line that is answered with.
    """

    poems: int
    tokens: int
    all: float
    han: float | None
    regulated: float | None
    forms: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Returns plain values, rounded to two decimals."""
        return {
            key: round(value, 2) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        } | {"forms": {name: round(value, 2) for name, value in self.forms.items()}}


def open_scorer(path: Path) -> Scorer:
    """Opens a checkpoint (a file) or a bundle (a directory).

    Raises:
        CheckpointError: There is neither at `path`, or it is damaged.
    """
    if path.is_dir():
        from lianju.bot.verse.errors import BundleError

        try:
            return BundleScorer(path)
        except BundleError as error:
            raise CheckpointError(str(error)) from error
    trained = load_trained(path)
    return CheckpointScorer(trained.model, trained.vocabulary)


def measure(scorer: Scorer, corpus: Path, split: str) -> Perplexity:
    """Returns the perplexity on a split of a prepared corpus, poems or one continuous text.

    Raises:
        CorpusError: The split cannot be read, or has pairs where the model needs none, or the
            other way round.
    """
    check_pairs(corpus, pairs=scorer.has_encoder)
    lowercase = scorer.vocabulary.is_lowercase
    texts = read_texts(corpus / f"{split}.txt", pairs=scorer.has_encoder, lowercase=lowercase)
    stream = bool(is_stream(corpus))
    return perplexity(scorer, texts.targets, stream=stream, sources=texts.sources)


def perplexity(
    scorer: Scorer,
    poems: list[list[str]],
    *,
    stream: bool = False,
    sources: list[list[str]] | None = None,
) -> Perplexity:
    """Returns the perplexity over poems, or over the targets of pairs.

    Args:
        scorer: The model.
        poems: The tokens of each poem, `</l>` after each line where the file has it.
        stream: Whether they are the lines of one continuous text.
        sources: The tokens of each pair's source.
    """
    vocabulary = scorer.vocabulary
    if stream:
        return stream_perplexity(scorer, stream_ids(poems, vocabulary))
    encoded = [encode_poem(poem, vocabulary) for poem in poems]
    given = [vocabulary.encode(source) for source in sources or ()] or [[]] * len(poems)
    loss: dict[str, float] = defaultdict(float)
    count: dict[str, int] = defaultdict(int)
    for group in _groups(encoded, given):
        width = max(len(encoded[i]) for i in group)
        ids = np.full((len(group), width), vocabulary.end, np.int64)
        for row, i in enumerate(group):
            ids[row, : len(encoded[i])] = encoded[i]
        if sources is None:
            scores = scorer.score(ids)
        else:
            scores = scorer.score(ids, np.array([given[i] for i in group], np.int64))
        for row, i in enumerate(group):
            if sources is None:
                kinds = _kinds(poems[i], vocabulary)
            else:
                kinds = _kinds_of_target(sources[i], poems[i])
            for score, target, kind in zip(scores[row], encoded[i][1:], kinds, strict=False):
                log_prob = float(score)
                if target == vocabulary.unknown:
                    log_prob += math.log(UNKNOWN_SHARE)
                for key in kind:
                    loss[key] -= log_prob
                    count[key] += 1
    found = {key: math.exp(loss[key] / count[key]) for key in count}
    return Perplexity(
        poems=len(poems),
        tokens=count["all"],
        all=found["all"],
        han=found.get("han"),
        regulated=found.get("regulated"),
        forms={name: found[name] for name in (*REGULATED, "other", LOWER, UPPER) if name in found},
    )


def _groups(texts: list[list[int]], sources: list[list[int]]) -> Iterator[list[int]]:
    """Yields the indices of texts that are scored together; their sources have one length."""
    by_source = defaultdict(list)
    for i in range(len(texts)):
        by_source[len(sources[i])].append(i)
    for found in by_source.values():
        found.sort(key=lambda i: len(texts[i]))
        for begin in range(0, len(found), _ROWS):
            yield found[begin : begin + _ROWS]


def stream_perplexity(scorer: Scorer, ids: NDArray[np.int32]) -> Perplexity:
    """Returns the perplexity over one continuous text, the state carried from end to end."""
    scores = scorer.score(ids[None].astype(np.int64))[0]
    unknown = ids[1:] == scorer.vocabulary.unknown
    total = float(scores.sum()) + float(unknown.sum()) * math.log(UNKNOWN_SHARE)
    return Perplexity(1, len(scores), math.exp(-total / len(scores)), None, None, {})


def _kinds_of_target(source: list[str], target: list[str]) -> list[tuple[str, ...]]:
    """Returns, for each token of a target and its end, the figures that it counts in."""
    direction = [source[0]] if source[0] in (LOWER, UPPER) else []
    return [
        *(("all", "han", *direction) if is_han(token) else ("all",) for token in target),
        ("all",),
    ]


def _kinds(poem: list[str], vocabulary: Vocabulary) -> list[tuple[str, ...]]:
    """Returns, for each target of an encoded poem, the figures that it counts in."""
    lines = "".join("\n" if token == LINE else token for token in poem).split()
    name = form(lines)
    han_keys = ("all", "han", name, *(("regulated",) if name in REGULATED else ()))
    tokens = apply_line_tokens(poem, vocabulary)
    kinds = [han_keys if is_han(token) else ("all",) for token in tokens]
    kinds[0] = ()  # the first character is given
    # Without <s> the first character is not among the targets.
    return [*(kinds if vocabulary.start is not None else kinds[1:]), ("all",)]
