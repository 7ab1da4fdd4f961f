"""A re-ranker that can be computed by hand, and bundles with it."""

from dataclasses import replace

from lianju.bot.verse.model.manifest import RankingPart, RerankerPart

POET, NEXT = 2.0, 3.0  # the weights of its logits
RELEVANCE = 0.3  # of how much the line tells of the prompt


class ByCharacters:
    """A re-ranker whose logits are the first and the last token id of a line, over a hundred."""

    def logits(self, contexts, candidates, poem):
        assert all(contexts), "it knows only lines that follow others"
        assert len(candidates) == len(poem)
        return candidates[:, [0, -1]] / 100


def with_reranker(bundle):
    """Returns a bundle whose manifest lists a re-ranker."""
    weights = RankingPart(poet=POET, next=NEXT, relevance=RELEVANCE)
    part = RerankerPart(file="reranker.onnx", context=64, weights=weights)
    return replace(bundle, manifest=bundle.manifest.model_copy(update={"reranker": part}))
