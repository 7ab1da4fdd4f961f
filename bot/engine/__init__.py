"""Where requests are answered: by the model in this process, or by a service.

What is exported here is imported on first use: the command line needs the wire format alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bundle import BundleInfo
    from .errors import ServiceError
    from .local import LocalEngine, open_local_engine
    from .opening import open_engine
    from .protocol import Engine
    from .remote import RemoteEngine
    from .rhymes import RhymeGroup, matching_rhymes, readings_of

__all__ = [
    "BundleInfo",
    "Engine",
    "LocalEngine",
    "RemoteEngine",
    "RhymeGroup",
    "ServiceError",
    "matching_rhymes",
    "open_engine",
    "open_local_engine",
    "readings_of",
]

_MODULES = {
    "BundleInfo": ".bundle",
    "Engine": ".protocol",
    "LocalEngine": ".local",
    "RemoteEngine": ".remote",
    "RhymeGroup": ".rhymes",
    "ServiceError": ".errors",
    "matching_rhymes": ".rhymes",
    "open_engine": ".opening",
    "open_local_engine": ".local",
    "readings_of": ".rhymes",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)
