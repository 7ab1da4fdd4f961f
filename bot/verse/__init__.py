"""The engine: from a request to verse. What is exported here is its public interface.

The composer and what else needs NumPy or ONNX Runtime is imported on first use, so that the command
line can check its options without them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    BundleError,
    BusyError,
    DeadlineError,
    NothingAllowedError,
    PromptError,
    ProviderError,
    RequestError,
    SearchError,
)
from .request import (
    Acrostic,
    Beam,
    Bounds,
    Form,
    NextLine,
    Poem,
    Request,
    Rerank,
    Sample,
    SearchMode,
)

if TYPE_CHECKING:
    from .answer import Answer, Candidate
    from .composer import Composer, open_composer
    from .planning.prepared import PreparedRequest

__all__ = [
    "Acrostic",
    "Answer",
    "Beam",
    "Bounds",
    "BundleError",
    "BusyError",
    "Candidate",
    "Composer",
    "DeadlineError",
    "Form",
    "NextLine",
    "NothingAllowedError",
    "Poem",
    "PreparedRequest",
    "PromptError",
    "ProviderError",
    "Request",
    "RequestError",
    "Rerank",
    "Sample",
    "SearchError",
    "SearchMode",
    "open_composer",
]

_IMPORTED_ON_FIRST_USE = {
    "Answer": ".answer",
    "Candidate": ".answer",
    "Composer": ".composer",
    "PreparedRequest": ".planning.prepared",
    "open_composer": ".composer",
}


def __getattr__(name: str) -> Any:
    if name not in _IMPORTED_ON_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_IMPORTED_ON_FIRST_USE[name], __name__), name)
