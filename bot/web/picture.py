"""The picture of a verse, for the page to offer as a download."""

import datetime
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from ..picture import Card, Picture, PictureError, Style, split_lines
from ..verse import Script
from .assets import SECURITY_HEADERS
from .fields import validate_fields

__all__ = ["picture_response", "read_card"]

FILE = "lianju.png"
MAX_QUOTED = 40  # characters of a wrong value


class PictureFields(BaseModel):
    """The parameters of a picture."""

    model_config = ConfigDict(frozen=True)

    verse: str = ""
    title: str = ""
    date: str = ""
    style: Style = "paper"
    script: Script = "auto"


def read_card(given: Mapping[str, str]) -> Card:
    """Returns the card that a query string describes; other parameters are ignored.

    Raises:
        PictureError: There is nothing to draw, or too much, or the date is none.
        RequestError: There is no such style or script.
    """
    names = PictureFields.model_fields
    fields = validate_fields(PictureFields, {n: given[n] for n in names if n in given})
    return Card(
        lines=split_lines(fields.verse),
        title=fields.title,
        date=_date(fields.date),
        style=fields.style,
        script=fields.script,
    )


def picture_response(picture: Picture) -> Response:
    """Returns a picture to be kept as a file."""
    headers = SECURITY_HEADERS | {
        "Cache-Control": "private, max-age=3600",
        "Content-Disposition": f'attachment; filename="{FILE}"',
        "X-Robots-Tag": "noindex, nofollow",
    }
    return Response(picture.png, media_type="image/png", headers=headers)


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        raise PictureError("picture-date", value=text[:MAX_QUOTED]) from None
