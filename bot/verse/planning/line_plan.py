"""How one line is to be searched for: what it follows, and the rules that bind it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from ..prosody.forms import (
    LineForm,
    Scheme,
    all_schemes,
    form_after,
    patterns,
    rhyme_groups,
    schemes,
)
from ..prosody.table import Prosody
from ..request import Request
from ..search.blocklist import Blocklist
from ..search.constraints import ConstraintFactory, TokenConstraint
from ..search.path_constraints import NoRepetition, NovelLine, PathConstraint, TonePatternConstraint
from ..text.corpus_index import CorpusIndex
from ..text.vocabulary import Vocabulary
from .task import Line, Task

__all__ = ["LinePlan", "LinePlanner"]

TONES, RHYME, REPETITION = "tones", "rhyme", "repetition"


@dataclass(frozen=True)
class LinePlan:
    """How one line is to be searched for.

    Attributes:
        prompt: Token ids of all that stands before, the line's own opening included.
        opening: What the line begins with.
        length: How many tokens are to be found.
        rules: What is forbidden at a place.
        path_rules: What is forbidden after other tokens of the line.
        preferred: Tones that the line should have and need not.
        relaxed: The rules that this plan does without.
    """

    prompt: Line
    opening: Line
    length: int
    rules: tuple[TokenConstraint, ...]
    path_rules: tuple[PathConstraint, ...]
    preferred: TonePatternConstraint | None = None
    relaxed: tuple[str, ...] = ()

    def allows(self, line: Line) -> bool:
        """Whether a line that somebody else wrote keeps the rules."""
        tokens = np.array([line], np.int64)
        for place, token in enumerate(line):
            sets = (rule.forbids(place) for rule in self.rules)
            if any(each.has[token] for each in sets if each):
                return False
            here = tokens[:, place : place + 1]
            if any(rule.refuses(tokens[:, :place], here)[0, 0] for rule in self.path_rules):
                return False
        return len(line) == self.length


@dataclass(frozen=True)
class _LineConstraint:
    """A rule that may go, and what it consists of."""

    name: str
    rules: tuple[TokenConstraint, ...] = ()
    path_rules: tuple[PathConstraint, ...] = ()
    preferred: TonePatternConstraint | None = None


class LinePlanner:
    """Plans lines for one bundle.

    Args:
        vocabulary: The bundle's.
        prosody: Its tones and rhymes, if it has them.
        known: The lines of its corpus, if it has them.
    """

    def __init__(
        self, vocabulary: Vocabulary, prosody: Prosody | None, known: CorpusIndex | None
    ) -> None:
        self._vocabulary = vocabulary
        self._prosody = prosody
        self._known = known
        self._book = ConstraintFactory(vocabulary, prosody)
        self._decency = Blocklist(vocabulary)

    def plans(self, request: Request, task: Task, written: Sequence[Line]) -> list[LinePlan]:
        """The plan for the line that follows the given and the written ones.

        Returns:
            The plan with all rules, then with ever fewer: tones go, then rhyme, then repetition.
        """
        lines = (*task.given, *written)
        opening = task.heads[len(written) : len(written) + 1]
        length = task.length - len(opening)
        vocabulary = self._vocabulary
        start = () if vocabulary.start is None else (vocabulary.start,)
        ending = () if vocabulary.line is None else (vocabulary.line,)
        prompt = (*start, *chain.from_iterable((*line, *ending) for line in lines), *opening)
        if request.plain:
            return [LinePlan(prompt, opening, length, self._book.plain(), ())]
        fixed: list[PathConstraint] = [self._decency.after(opening)]
        if self._known and request.known == "exclude":
            fixed.append(NovelLine(self._known, task.length, opening))
        bindings, lacking = self._prosodic(request, task, lines, opening)
        if vocabulary.is_chinese:
            bindings.append(self._repetition(task, lines, opening))
        return [
            LinePlan(
                prompt,
                opening,
                length,
                rules=(*self._book.exact_length(length), *chain(*(b.rules for b in kept))),
                path_rules=(*fixed, *chain(*(b.path_rules for b in kept))),
                preferred=next((b.preferred for b in kept if b.preferred), None),
                relaxed=(*lacking, *(b.name for b in bindings[:dropped])),
            )
            for dropped in range(len(bindings) + 1)
            for kept in [bindings[dropped:]]
        ]

    def _prosodic(
        self, request: Request, task: Task, lines: Sequence[Line], opening: Line
    ) -> tuple[list[_LineConstraint], list[str]]:
        """What tone and rhyme ask of the next line, and which of the two have nothing to go by."""
        prosody = self._prosody
        if prosody is None or request.strictness == "free":
            return [], []
        group = None if request.rhyme is None else prosody.group(request.rhyme)
        last = task.length - len(opening) - 1
        wished = (
            [] if group is None else [_LineConstraint(RHYME, (self._book.rhyme((group,), last),))]
        )
        if not task.regulated:
            return wished, []
        fitting = _schemes(task, lines, prosody, group)
        forms = list(dict.fromkeys(form_after(lines, scheme, prosody) for scheme in fitting))
        if group is not None and request.form == "next" and not task.heads:
            # Whoever wants a rhyme gets it, in a line that has none by its form as well.
            forms = [replace(form, last=prosody.tone_of(group), rhymes=True) for form in forms]
        bindings, lacking = [], []
        if task.given and not schemes(task.given, prosody):
            lacking.append(TONES)  # the given lines follow none, as those of old verse (古体)
        else:
            bindings.append(self._tones(request, task, forms, opening))
        if group is not None:
            heard = rhyme_groups(lines[: len(task.given)], fitting[0], prosody)
            if len(task.given) > 1 and heard is not None and group not in heard:
                lacking.append(RHYME)  # the given lines have another
            return [*bindings, *(wished if any(form.rhymes for form in forms) else [])], lacking
        if all(form.rhymes for form in forms):
            # Of the most natural scheme: in the others the first line need not rhyme.
            heard = rhyme_groups(lines, fitting[0], prosody)
            groups = prosody.groups_in(fitting[0].rhyme_tone) if heard is None else heard
            if groups:
                bindings.append(_LineConstraint(RHYME, (self._book.rhyme(groups, last),)))
            else:
                lacking.append(RHYME)  # the given lines do not rhyme either
        return bindings, lacking

    def _tones(
        self, request: Request, task: Task, forms: Sequence[LineForm], opening: Line
    ) -> _LineConstraint:
        choice = tuple(chain.from_iterable(patterns(task.length, form) for form in forms))
        rule = self._book.tones(choice, opening)
        if request.strictness == "loose":
            return _LineConstraint(TONES, preferred=rule)
        return _LineConstraint(TONES, (self._book.tone_places(choice, opening),), (rule,))

    def _repetition(self, task: Task, lines: Sequence[Line], opening: Line) -> _LineConstraint:
        """No character of the poem again, but where the line that is answered does so."""
        given = Counter(chain.from_iterable(task.given))
        answered = lines[-1] if lines else ()
        written = chain.from_iterable(lines[len(task.given) :])
        # What the given lines repeat may come again.
        used = {*written, *task.heads, *(token for token, times in given.items() if times == 1)}
        rule = NoRepetition() if opening else NoRepetition.answering(answered)
        return _LineConstraint(REPETITION, (self._book.unused(used),), (rule,))


def _schemes(
    task: Task, lines: Sequence[Line], prosody: Prosody, group: int | None
) -> tuple[Scheme, ...]:
    """The schemes that the lines fit, or as many of them from the first as fit any.

    Their rhyme has the tone of `group`, if there is one; else it is level, unless the lines leave
    no choice.
    """
    for begun in range(len(lines), -1, -1):
        fitting = schemes(lines[:begun], prosody) if begun else all_schemes(task.length)
        tones = [prosody.tone_of(group)] if group is not None else ["level", "oblique"]
        for tone in tones:
            if of_tone := tuple(scheme for scheme in fitting if scheme.rhyme_tone == tone):
                return of_tone
    raise AssertionError("some scheme has a rhyme of either tone")
