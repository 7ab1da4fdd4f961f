"""Rotates the embedding's space, so that no weight stands out (QuaRot: Ashkboos and others 2024).

Where the output layer shares the embedding and reads the hidden state through a projection, the
embedding, the projection and the first layer's input weights can all be multiplied by one
orthogonal matrix, and the model computes the same. A random one spreads large weights and large
features evenly, which 8 bits hold better: the projection of a widened model is nearly diagonal.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from lianju.training.model import LanguageModel


def rotated(model: LanguageModel) -> LanguageModel:
    """Returns the same model with a rotated embedding, or itself if it has no projection."""
    if model.projection is None or model.config.has_encoder:
        return model
    size = model.config.embedding_size
    normal = np.random.default_rng(0).standard_normal((size, size))
    rotation = torch.from_numpy(np.linalg.qr(normal)[0])
    other = copy.deepcopy(model)
    weights = dict(other.named_parameters())
    with torch.no_grad():
        for name in ("embedding.weight", "recurrent.weight_ih_l0"):
            weights[name].copy_(weights[name].double() @ rotation)
        projection = weights["projection.weight"]
        projection.copy_(rotation.T @ projection.double())
    return other
