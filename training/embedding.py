"""Embeddings that begin as those of another model."""

from __future__ import annotations

from pathlib import Path

import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from torch import Tensor

from .checkpoint import Trained, load_trained
from .errors import CheckpointError
from .model import LanguageModel


def principal_components(embedding: Tensor, size: int) -> Tensor:
    """Projects an embedding [V, H] to its `size` principal components, with unit variance overall.

    Returns:
        [V, size], with the mean square of a new embedding, 1 / size.
    """
    centered = embedding - embedding.mean(0)
    _, _, directions = torch.linalg.svd(centered, full_matrices=False)
    projected = centered @ directions[:size].T
    scaled: Tensor = projected * (projected.square().mean() * size).rsqrt()
    return scaled


@torch.no_grad()
def copy_embedding(path: Path, model: LanguageModel, vocabulary: Vocabulary) -> Trained:
    """Lets a new model begin with another one's embedding, for the tokens that both have.

    Args:
        path: The other one's checkpoint.
        model: The model, which is changed.
        vocabulary: Its vocabulary.

    Returns:
        The other model.

    Raises:
        CheckpointError: It is missing or damaged, its embedding is smaller, or it has less than
            half of the tokens.
    """
    other = load_trained(path)
    weight, size = other.model.embedding.weight, model.config.embedding_size
    if weight.shape[1] < size:
        raise CheckpointError(
            f"The embedding of {path} has {weight.shape[1]} numbers a token: give "
            f"--set model.embedding_size={weight.shape[1]}, or less."
        )
    ids = {token: number for number, token in enumerate(other.vocabulary.tokens)}
    shared = [number for number, token in enumerate(vocabulary.tokens) if token in ids]
    if 2 * len(shared) < len(vocabulary):
        raise CheckpointError(
            f"The vocabulary of {path} lacks most tokens of the corpus: give a checkpoint that was "
            "trained on a similar one."
        )
    theirs = [ids[vocabulary.tokens[number]] for number in shared]
    model.embedding.weight[shared] = principal_components(weight, size)[theirs]
    return other
