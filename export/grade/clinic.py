"""What the clinic says of held-out poems of regulated form: how many it calls faulty, and which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lianju.bot.clinic_text import ClinicText
from lianju.bot.engine.rhymes import readings_of, rhyme_groups
from lianju.bot.i18n import ENGLISH, Localizer
from lianju.bot.verse import Checkup, begin_checkup
from lianju.bot.verse.prosody.forms import tones_right
from lianju.training.corpus import FORMS, form

from ..errors import ExportError
from .dataset import shuffled_poems
from .figures import open_graded
from .report import Table

__all__ = ["ClinicReport", "check_poems"]

NEAR = 0.9  # of the tones that a scheme fixes: a poem that has so many right means to keep it


@dataclass(frozen=True)
class ClinicReport:
    """The poems of regulated form that were checked.

    Attributes:
        checkups: What is told of each.
        near: Whether each has nearly all tones right that a scheme fixes, by a count that knows of
            no rule but these places.
    """

    checkups: Sequence[Checkup]
    near: Sequence[bool]

    def markdown(self) -> str:
        """Returns the figures as tables, then every poem that is called faulty."""
        names = (*FORMS.values(), "all")
        columns = (
            "poems",
            "in all",
            "kept",
            "faulty",
            "old verse",
            "faulty of those that mean to keep",
        )
        parts = [Table(columns, [self._row(name) for name in names]).markdown()]
        for title, count in (("fault", self._faults()), ("accepted", self._licences())):
            rows = [(kind, str(number)) for kind, number in count.most_common()]
            parts.append(Table((title, "lines"), rows).markdown())
        parts += map(_told, self.faulty)
        return "\n".join(parts)

    @property
    def faulty(self) -> list[Checkup]:
        """Those that are called faulty, and are not called old verse."""
        return [each for each in self.checkups if _is_faulty(each)]

    def _row(self, name: str) -> tuple[str, ...]:
        own = [
            (each, near)
            for each, near in zip(self.checkups, self.near, strict=True)
            if name in (form(each.text.lines), "all")
        ]
        kept = sum(not each.poem.is_faulty for each, _ in own)
        old = sum(each.poem.is_old for each, _ in own)
        faulty = [near for each, near in own if _is_faulty(each)]
        means = sum(near for _, near in own)
        return (
            name,
            str(len(own)),
            _share(kept, len(own)),
            _share(len(faulty), len(own)),
            _share(old, len(own)),
            f"{sum(faulty)} of {means}, {_share(sum(faulty), means)}",
        )

    def _faults(self) -> Counter[str]:
        return Counter(
            fault.kind for each in self.faulty for line in each.poem.lines for fault in line.faults
        )

    def _licences(self) -> Counter[str]:
        kept = (each for each in self.checkups if not each.poem.is_old)
        return Counter(
            licence for each in kept for line in each.poem.lines for licence in line.licences
        )


def check_poems(
    directory: Path, corpus: Path, split: str, *, count: int, seed: int
) -> ClinicReport:
    """Checks poems of regulated form, by the tones and rhymes of a bundle.

    Args:
        directory: The bundle.
        corpus: A prepared corpus.
        split: The part of the corpus.
        count: How many poems, at most.
        seed: Of the draw.

    Raises:
        BundleError: The bundle is damaged.
        CorpusError: The corpus cannot be read.
        ExportError: The bundle has no table of tones, or the corpus no such poem.
    """
    bundle, prosody = open_graded(directory)
    readings = readings_of(rhyme_groups(prosody, bundle.vocabulary))
    poems = [poem for poem in shuffled_poems(corpus, [split], seed) if form(poem) != "other"][
        :count
    ]
    if not poems:
        raise ExportError(f"{corpus} has no poem of regulated form in its part {split}.")
    counts = [tones_right(poem, readings) for poem in poems]
    return ClinicReport(
        [begin_checkup("\n".join(poem), readings) for poem in poems],
        [right >= NEAR * total for right, total in counts],
    )


def _is_faulty(checkup: Checkup) -> bool:
    return checkup.poem.is_faulty and not checkup.poem.is_old


def _told(checkup: Checkup) -> str:
    """Returns a poem with its faults, to be judged by a reader."""
    text = ClinicText(checkup, Localizer(ENGLISH))
    rows = [f"**{text.heading()}**", ""]
    for number, row in enumerate(text.rows()):
        told = "; ".join((*text.faults(number), *text.remarks(number)))
        rows.append(f"- {row.line} {row.tones} {row.pattern} {told}".rstrip())
    return "\n".join(rows) + "\n"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""
