"""The re-ranker of a bundle on ONNX Runtime."""

from collections.abc import Sequence

import numpy as np

from ..errors import BundleError, SearchError
from .bundle import GraphFile
from .language_model import FloatArray, IntArray
from .session import open_session

__all__ = ["INPUTS", "OUTPUT", "Reranker"]

INPUTS = ("context", "candidates", "poem")
OUTPUT = "logits"


class Reranker:
    """Judges candidates for the next line of a poem.

    The graph is small and always runs on the CPU.

    Args:
        graph: Its graph.
        vocabulary_size: V; this id is padding.
        context: Tokens of context that it reads, at most.
        threads: Threads within one operator; 0 for all cores.

    Raises:
        BundleError: The graph cannot be run, or has other inputs or outputs.
    """

    def __init__(
        self, graph: GraphFile, vocabulary_size: int, context: int, threads: int = 0
    ) -> None:
        self._session = open_session(graph, "cpu", threads)
        names = {each.name for each in self._session.get_inputs()}
        outputs = [each.name for each in self._session.get_outputs()]
        if names != set(INPUTS) or outputs != [OUTPUT]:
            raise BundleError("bundle-reranker", path=str(graph.path))
        self._padding, self._context = vocabulary_size, context

    def logits(
        self, contexts: Sequence[Sequence[int]], candidates: IntArray, poem: IntArray
    ) -> FloatArray:
        """Judges candidates.

        Args:
            contexts: For each poem the token ids of all lines so far, with line tokens between
                them; the last ones count where they are too many.
            candidates: Token ids, all of one length, [rows, tokens].
            poem: The number of each candidate's poem, [rows].

        Returns:
            [rows, 2]: logits that a poet rather than the language model wrote it, and that it
            rather than a poet's line from elsewhere follows.

        Raises:
            SearchError: The graph failed, or its logits are not finite.
        """
        kept = [context[-self._context :] for context in contexts]
        # The graph reads the last tokens of a context as the opposite line.
        length = max(candidates.shape[1], *map(len, kept))
        padded = np.full((len(kept), length), self._padding, np.int64)
        for row, tokens in zip(padded, kept, strict=True):
            row[length - len(tokens) :] = tokens
        try:
            (logits,) = self._session.run(
                [OUTPUT], dict(zip(INPUTS, (padded, candidates, poem), strict=True))
            )
        except Exception as error:  # ONNX Runtime's errors share no other base
            raise SearchError("model-fault") from error
        found: FloatArray = logits
        if found.shape != (len(candidates), 2) or not np.isfinite(found).all():
            raise SearchError("model-fault")
        return found
