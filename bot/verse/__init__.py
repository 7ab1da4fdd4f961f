"""The engine: from a request to verse. What is exported here is its public interface.

The composer and what else needs NumPy or ONNX Runtime is imported on first use, so that the command
line can check its options without them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .bounds import Bounds, check_choice
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
from .form import (
    CHARS,
    LENGTH,
    Acrostic,
    Couplet,
    Form,
    FormName,
    NextLine,
    Poem,
    PoemFormName,
    PoemKind,
    PoemLine,
    Revision,
    WireFormName,
    form_from,
    form_named,
)
from .model.provider import PROVIDERS, Provider
from .request import (
    COUNT,
    DEFAULT_COUNT,
    MAX_CHARACTERS,
    SEED,
    TEMPERATURE,
    TOP_K,
    TOP_P,
    WIDTH,
    Beam,
    Known,
    Request,
    Rerank,
    Rules,
    Sample,
    Script,
    SearchMode,
)

if TYPE_CHECKING:
    from .answer import Answer, Candidate, CandidateScore
    from .clinic.checkup import Checkup, begin_checkup
    from .clinic.heading import count_poems, is_title, read_pasted
    from .clinic.line import CheckedLine, Fault
    from .clinic.mending import Blank, Mended, blank_for
    from .clinic.reading import MAX_WRITTEN
    from .composer import Composer, open_composer
    from .model.bundle import Bundle, default_couplets, default_directory, load_bundle
    from .model.onnx_model import OnnxModel
    from .model.session import usable_cores
    from .planning.prepared import PreparedRequest
    from .prosody.nearest import Departure
    from .prosody.readings import CharacterReadings, RhymeBook
    from .prosody.table import Prosody, find_rhyme_group
    from .prosody.xinyun import xinyun_readings
    from .text.anthology import Anthology, AnthologyPoem
    from .text.prompt import (
        is_traditional,
        simplify,
        simplify_line,
        split_verse,
        to_traditional,
        write_line,
    )
    from .text.template import OPEN, WIDE_OPEN
    from .text.vocabulary import Vocabulary, is_han

__all__ = [
    "CHARS",
    "COUNT",
    "DEFAULT_COUNT",
    "LENGTH",
    "MAX_CHARACTERS",
    "MAX_WRITTEN",
    "OPEN",
    "PROVIDERS",
    "SEED",
    "TEMPERATURE",
    "TOP_K",
    "TOP_P",
    "WIDE_OPEN",
    "WIDTH",
    "Acrostic",
    "Answer",
    "Anthology",
    "AnthologyPoem",
    "Beam",
    "Blank",
    "Bounds",
    "Bundle",
    "BundleError",
    "BusyError",
    "Candidate",
    "CandidateScore",
    "CharacterReadings",
    "CheckedLine",
    "Checkup",
    "Composer",
    "Couplet",
    "DeadlineError",
    "Departure",
    "Fault",
    "Form",
    "FormName",
    "Known",
    "Mended",
    "NextLine",
    "NothingAllowedError",
    "OnnxModel",
    "Poem",
    "PoemFormName",
    "PoemKind",
    "PoemLine",
    "PreparedRequest",
    "PromptError",
    "Prosody",
    "Provider",
    "ProviderError",
    "Request",
    "RequestError",
    "Rerank",
    "Revision",
    "RhymeBook",
    "Rules",
    "Sample",
    "Script",
    "SearchError",
    "SearchMode",
    "Vocabulary",
    "WireFormName",
    "begin_checkup",
    "blank_for",
    "check_choice",
    "count_poems",
    "default_couplets",
    "default_directory",
    "find_rhyme_group",
    "form_from",
    "form_named",
    "is_han",
    "is_title",
    "is_traditional",
    "load_bundle",
    "open_composer",
    "read_pasted",
    "simplify",
    "simplify_line",
    "split_verse",
    "to_traditional",
    "usable_cores",
    "write_line",
    "xinyun_readings",
]

_IMPORTED_ON_FIRST_USE = {
    "Bundle": ".model.bundle",
    "OnnxModel": ".model.onnx_model",
    "default_couplets": ".model.bundle",
    "default_directory": ".model.bundle",
    "load_bundle": ".model.bundle",
    "usable_cores": ".model.session",
    "Checkup": ".clinic.checkup",
    "begin_checkup": ".clinic.checkup",
    "count_poems": ".clinic.heading",
    "is_title": ".clinic.heading",
    "read_pasted": ".clinic.heading",
    "CheckedLine": ".clinic.line",
    "Fault": ".clinic.line",
    "Blank": ".clinic.mending",
    "Mended": ".clinic.mending",
    "blank_for": ".clinic.mending",
    "MAX_WRITTEN": ".clinic.reading",
    "Departure": ".prosody.nearest",
    "CharacterReadings": ".prosody.readings",
    "RhymeBook": ".prosody.readings",
    "xinyun_readings": ".prosody.xinyun",
    "Prosody": ".prosody.table",
    "find_rhyme_group": ".prosody.table",
    "Anthology": ".text.anthology",
    "AnthologyPoem": ".text.anthology",
    "is_traditional": ".text.prompt",
    "simplify": ".text.prompt",
    "simplify_line": ".text.prompt",
    "split_verse": ".text.prompt",
    "to_traditional": ".text.prompt",
    "write_line": ".text.prompt",
    "OPEN": ".text.template",
    "WIDE_OPEN": ".text.template",
    "Vocabulary": ".text.vocabulary",
    "is_han": ".text.vocabulary",
    "Answer": ".answer",
    "Candidate": ".answer",
    "CandidateScore": ".answer",
    "Composer": ".composer",
    "PreparedRequest": ".planning.prepared",
    "open_composer": ".composer",
}


def __getattr__(name: str) -> Any:
    if name not in _IMPORTED_ON_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_IMPORTED_ON_FIRST_USE[name], __name__), name)
