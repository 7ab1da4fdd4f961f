"""The anthology of a bundle as JSON, as `GET /v1/anthology` gives it."""

from functools import lru_cache

from pydantic import BaseModel, ConfigDict

from ..verse import Anthology, AnthologyPoem

__all__ = ["AnthologyFields", "anthology_json"]


class AnthologyPoemFields(BaseModel):
    """A poem, in simplified characters."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    id: str
    """Lower-case letters and digits; the same poem keeps it."""
    title: str
    """Its title."""
    poet: str
    """Who wrote it."""
    form: str
    """Such as 七绝."""
    fame: int
    """0 to 100, the best known poems highest."""
    lines: tuple[str, ...]
    """Its lines."""


class AnthologyFields(BaseModel):
    """Poems that the bundle has with title and poet."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    poems: tuple[AnthologyPoemFields, ...]
    """The best known first; none if the bundle has no anthology."""
    name: str | None = None
    """The name of the bundle."""
    version: str | None = None
    """Its version."""

    def to_anthology(self) -> Anthology:
        """Returns the anthology.

        Raises:
            ValueError: It is none.
        """
        return Anthology(AnthologyPoem(**poem.model_dump()) for poem in self.poems)


@lru_cache(maxsize=1)  # hundreds of kilobytes
def anthology_json(anthology: Anthology, name: str, version: str) -> str:
    """Returns the anthology of a bundle as JSON.

    Args:
        anthology: The anthology.
        name: The name of the bundle.
        version: Its version.
    """
    fields = ("id", "title", "poet", "form", "fame", "lines")
    poems = tuple(
        AnthologyPoemFields.model_validate({each: getattr(poem, each) for each in fields})
        for poem in anthology
    )
    return AnthologyFields(poems=poems, name=name, version=version).model_dump_json()
