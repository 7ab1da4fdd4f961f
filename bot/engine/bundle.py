"""What users of an engine may know of its bundle, as `GET /v1/bundle` gives it."""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from ..verse.model.manifest import Architecture
from .rhymes import RhymeGroup, rhyme_groups

if TYPE_CHECKING:  # a bot that asks a service loads neither NumPy nor ONNX Runtime
    from ..verse import Composer

__all__ = ["BundleInfo", "describe_bundle"]


class BundleInfo(BaseModel):
    """A description of a bundle, without its tables."""

    model_config = ConfigDict(frozen=True, protected_namespaces=(), use_attribute_docstrings=True)

    name: str
    """Its name."""
    version: str
    """Its version."""
    license: str
    """Its license."""
    created: str
    """When it was made."""
    provider: str
    """What runs its model now: `cpu` or `cuda`."""
    model: Architecture
    """The network."""
    metrics: dict[str, Any]
    """Measurements by name, as the manifest has them."""
    reranked: bool
    """Whether it has a re-ranker."""
    rhymes: tuple[RhymeGroup, ...]
    """Its rhyme groups, the level ones first; none if it has no table of them."""


def describe_bundle(composer: "Composer") -> BundleInfo:
    """Returns the description of a composer's bundle."""
    manifest, prosody = composer.bundle.manifest, composer.bundle.prosody
    return BundleInfo(
        name=manifest.name,
        version=manifest.version,
        license=manifest.license,
        created=manifest.created,
        provider=composer.provider,
        model=manifest.model,
        metrics=manifest.metrics,
        reranked=manifest.reranker is not None,
        rhymes=() if prosody is None else rhyme_groups(prosody, composer.bundle.vocabulary),
    )
