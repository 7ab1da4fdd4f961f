"""How to search for one line: the tokens before it, and the constraints on it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np

from ..form import NextLine, PoemLine
from ..model.bundle import Bundle
from ..prosody.forms import (
    TONES_BY_NAME,
    LineForm,
    Pattern,
    Scheme,
    all_schemes,
    form_after,
    opposite,
    patterns,
    rhyme_groups,
    schemes,
)
from ..prosody.nearest import most_shared_groups, nearest_schemes
from ..prosody.table import Prosody
from ..search.blocklist import Blocklist
from ..search.constraints import (
    ConstraintFactory,
    TokenConstraint,
    ending_constraint,
    opened,
    rhyme_constraint,
    tone_constraints,
)
from ..search.path_constraints import NoRepetition, NovelLine, PathConstraint, TonePatternConstraint
from ..text.template import Template
from .prepared import Line, PreparedRequest

__all__ = ["REPETITION", "TONES", "LinePlan", "LinePlanner", "Relaxable"]

TONES, RHYME, REPETITION = "tones", "rhyme", "repetition"


@dataclass(frozen=True)
class LinePlan:
    """How to search for one line.

    Attributes:
        prompt: Token ids of everything before, the opening of the line included.
        opening: The first tokens of the line.
        length: How many tokens to generate.
        constraints: Token constraints.
        path_constraints: Path constraints.
        preferred_tones: Tones that the line should have but need not.
        relaxed: The rules that this plan drops.
        source: What an encoder reads first; empty for a model without one.
        copies: For places whose token repeats an earlier one of the line: that one's place.
        answered: The only line of the prompt, if this is the first line after it; else empty.
    """

    prompt: Line
    opening: Line
    length: int
    constraints: tuple[TokenConstraint, ...]
    path_constraints: tuple[PathConstraint, ...]
    preferred_tones: TonePatternConstraint | None = None
    relaxed: tuple[str, ...] = ()
    source: Line = ()
    copies: Mapping[int, int] = field(default_factory=dict)
    answered: Line = ()

    @property
    def context(self) -> Line:
        """All lines before, with the line tokens between them."""
        # Without the token before the first line, the ending of the last, and the opening.
        return self.prompt[1 : len(self.prompt) - 1 - len(self.opening)]

    def allows(self, line: Line) -> bool:
        """Returns whether a line that was not generated meets the constraints."""
        tokens = np.array([line], np.int64)
        for position, token in enumerate(line):
            forbidden = (constraint.forbids(position) for constraint in self.constraints)
            if any(tokens_of.has[token] for tokens_of in forbidden if tokens_of):
                return False
            if token != line[self.copies.get(position, position)]:
                return False
            path, candidate = tokens[:, :position], tokens[:, position : position + 1]
            if any(each.refuses(path, candidate)[0, 0] for each in self.path_constraints):
                return False
        return len(line) == self.length


@dataclass(frozen=True)
class Relaxable:
    """A rule that is dropped where it leaves nothing, and its constraints."""

    name: str
    constraints: tuple[TokenConstraint, ...] = ()
    path_constraints: tuple[PathConstraint, ...] = ()
    preferred_tones: TonePatternConstraint | None = None
    copies: Mapping[int, int] = field(default_factory=dict)


class LinePlanner:
    """Plans lines for one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self._vocabulary = bundle.vocabulary
        self._prosody = bundle.prosody
        self._corpus_index = bundle.known
        self._factory = ConstraintFactory(bundle.vocabulary)
        self._blocklist = Blocklist(bundle.vocabulary)

    def plans(self, prepared: PreparedRequest, written: Sequence[Line]) -> list[LinePlan]:
        """Returns plans for the line after the given and the written ones.

        Returns:
            The plan with all rules, then plans with fewer: the first drops tones, the next rhyme as
            well, the last repetition as well.
        """
        if prepared.template is not None:
            return self._plans_of_open_line(prepared, prepared.template, written)
        vocabulary = self._vocabulary
        lines = (*prepared.given, *written)
        opening = prepared.openings[len(written) : len(written) + 1]
        length = prepared.length - len(opening)
        prompt = (*self._text_of(lines), *opening)
        if prepared.request.is_plain:
            return [LinePlan(prompt, opening, length, self._factory.plain(), ())]
        fixed: list[PathConstraint] = [self._blocklist.after(opening)]
        if self._corpus_index and prepared.request.known == "exclude":
            fixed.append(NovelLine(self._corpus_index, prepared.length, opening))
        rules, impossible = self._tones_and_rhyme(prepared, lines, opening)
        if vocabulary.is_chinese:
            rules.append(self._repetition(prepared, lines, opening))
        every = LinePlan(
            prompt,
            opening,
            length,
            self._factory.exact_length(length),
            tuple(fixed),
            answered=lines[0] if len(prepared.given) == len(lines) == 1 else (),
        )
        return _dropping(rules, replace(every, relaxed=tuple(impossible)))

    def _text_of(self, lines: Sequence[Line]) -> Line:
        """Returns the tokens of the first lines of a poem."""
        start = () if self._vocabulary.start is None else (self._vocabulary.start,)
        ending = () if self._vocabulary.line is None else (self._vocabulary.line,)
        return (*start, *chain.from_iterable((*line, *ending) for line in lines))

    def _plans_of_open_line(
        self, prepared: PreparedRequest, template: Template, written: Sequence[Line]
    ) -> list[LinePlan]:
        """Returns plans for the first line of a template that is still open.

        No rule binds the tokens that are kept.
        """
        vocabulary = self._vocabulary
        index = template.open_lines[len(written)]
        poem, kept = template.filled(written, vocabulary.unknown), template.lines[index]
        rules = self._tones_and_rhyme_at(prepared, poem, index, kept)
        rules.append(self._repetition_at(template, poem, index, written))
        fixed: list[PathConstraint] = [self._blocklist]
        if self._corpus_index and prepared.request.known == "exclude":
            fixed.append(NovelLine(self._corpus_index, prepared.length))
        line_end = vocabulary.end if vocabulary.line is None else vocabulary.line
        every = LinePlan(
            prompt=self._text_of(poem[:index]),
            opening=(),
            length=prepared.length,
            constraints=self._factory.kept(kept, line_end),
            path_constraints=tuple(fixed),
        )
        opened_rules = [
            replace(rule, constraints=tuple(opened(each, kept) for each in rule.constraints))
            for rule in rules
        ]
        return _dropping(opened_rules, every)

    def _tones_and_rhyme_at(
        self,
        prepared: PreparedRequest,
        poem: Sequence[Line],
        index: int,
        kept: Sequence[int | None],
    ) -> list[Relaxable]:
        """Returns the rules of tone and rhyme for one line of a template.

        Args:
            prepared: The request.
            poem: All lines, with `<unk>` for open tokens, which the table lacks.
            index: The index of the line.
            kept: Its kept tokens.
        """
        prosody, group = self._prosody, prepared.rhyme_group
        if prosody is None or prepared.request.rules == "free":
            return []
        last = prepared.length - 1
        requested = None if group is None else frozenset({group})
        if not prepared.schemes:  # of other lengths than those of regulated verse
            if requested is None or index % 2 == 0:
                return []
            return [Relaxable(RHYME, (rhyme_constraint(prosody, requested, last),))]
        fitting = nearest_schemes(poem, prepared.schemes, prosody)
        forms = list(dict.fromkeys(form_after(poem[:index], scheme, prosody) for scheme in fitting))
        choice = tuple(chain.from_iterable(patterns(prepared.length, form) for form in forms))
        choice = tuple(each for each in choice if each.fits(poem[index], prosody)) or choice
        rules = [_one_of(tuple(each.without(kept) for each in choice), prepared, (), prosody)]
        tone = fitting[0].rhyme_tone
        groups = requested or most_shared_groups(poem, fitting[0], prosody)
        if all(form.rhymes for form in forms):
            rhyme = rhyme_constraint(prosody, groups or prosody.groups_in(tone), last)
            rules.append(Relaxable(RHYME, (rhyme,)))
        elif groups and any(form.rhymes for form in forms):
            # A first line that may end on the rhyme or on the other tone.
            ending = ending_constraint(prosody, groups, opposite(tone), last)
            rules.append(Relaxable(RHYME, (ending,)))
        return rules

    def _repetition_at(
        self, template: Template, poem: Sequence[Line], index: int, written: Sequence[Line]
    ) -> Relaxable:
        """Returns the rule that an open place repeats no character of the poem.

        Exceptions are characters that the kept parts repeat, and places where the line before
        repeats one.
        """
        counts = Counter(chain.from_iterable(template.lines))
        new = {*template.new_tokens(written)}
        once = {token for token, count in counts.items() if token is not None and count == 1}
        line = template.lines[index]
        # Characters that the vocabulary lacks are all one token, but not the same.
        before = [
            (token, place if token == self._vocabulary.unknown else None)
            for place, token in enumerate(poem[index - 1] if index else ())
        ]
        repeats = NoRepetition.with_repeats_of(before).allowed_repeats
        allowed = tuple(
            (repeats[place] if repeats else frozenset())
            | {n for n in range(place) if token is not None and line[n] == token}
            for place, token in enumerate(line)
        )
        return Relaxable(REPETITION, (self._factory.banned(new | once),), (NoRepetition(allowed),))

    def _tones_and_rhyme(
        self, prepared: PreparedRequest, lines: Sequence[Line], opening: Line
    ) -> tuple[list[Relaxable], list[str]]:
        """Returns the rules of tone and rhyme, and which of the two the given lines rule out."""
        prosody, group = self._prosody, prepared.rhyme_group
        if prosody is None or prepared.request.rules == "free":
            return [], []
        last = prepared.length - len(opening) - 1
        if isinstance(prepared.request.form, PoemLine):
            return _stated(prepared, prepared.request.form, prosody), []
        requested = []
        if group is not None:
            rhyme = rhyme_constraint(prosody, frozenset({group}), last)
            requested = [Relaxable(RHYME, (rhyme,))]
        if not prepared.is_regulated:
            return requested, []
        fitting = _fitting_schemes(prepared.length, lines, prosody, group)
        forms = list(dict.fromkeys(form_after(lines, scheme, prosody) for scheme in fitting))
        if group is not None and isinstance(prepared.request.form, NextLine):
            # A requested rhyme holds even for a line that does not rhyme by its form.
            forms = [replace(form, last=prosody.tone_of(group), rhymes=True) for form in forms]
        rules, impossible = [], []
        if prepared.given and not schemes(prepared.given, prosody):
            impossible.append(TONES)  # the given lines fit no scheme, as in old verse (古体)
        else:
            rules.append(_tones(prepared, forms, opening, prosody))
        if group is not None:
            rhymed = rhyme_groups(lines[: len(prepared.given)], fitting[0], prosody)
            if len(prepared.given) > 1 and rhymed is not None and group not in rhymed:
                impossible.append(RHYME)  # the given lines have another rhyme
            return [*rules, *(requested if any(form.rhymes for form in forms) else [])], impossible
        if all(form.rhymes for form in forms):
            # By the most regular scheme; in the others the first line need not rhyme.
            rhymed = rhyme_groups(lines, fitting[0], prosody)
            groups = prosody.groups_in(fitting[0].rhyme_tone) if rhymed is None else rhymed
            if groups:
                rules.append(Relaxable(RHYME, (rhyme_constraint(prosody, groups, last),)))
            else:
                impossible.append(RHYME)  # the given lines do not rhyme
        return rules, impossible

    def _repetition(
        self, prepared: PreparedRequest, lines: Sequence[Line], opening: Line
    ) -> Relaxable:
        """Returns the rule that no character of the poem is repeated.

        Exceptions are characters that the given lines repeat, and positions where the line before
        repeats one.
        """
        given = Counter(chain.from_iterable(prepared.given))
        written = chain.from_iterable(lines[len(prepared.given) :])
        once = (token for token, count in given.items() if count == 1)
        banned = self._factory.banned({*written, *prepared.openings, *once})
        # A given line by its text: in the ids, all characters that the vocabulary lacks are equal.
        before: Sequence[object] = lines[-1] if lines else ()
        if lines and len(lines) == len(prepared.given):
            before = prepared.prompt.lines[-1]
        repetition = NoRepetition() if opening else NoRepetition.with_repeats_of(before)
        return Relaxable(REPETITION, (banned,), (repetition,))


def _dropping(rules: Sequence[Relaxable], every: LinePlan) -> list[LinePlan]:
    """Returns plans with all rules, then with all but the first, and so on.

    Args:
        rules: The rules that can be dropped, in their order.
        every: What each plan has.
    """
    return [
        replace(
            every,
            constraints=(*every.constraints, *chain(*(r.constraints for r in kept))),
            path_constraints=(*every.path_constraints, *chain(*(r.path_constraints for r in kept))),
            preferred_tones=next((r.preferred_tones for r in kept if r.preferred_tones), None),
            relaxed=(*every.relaxed, *(r.name for r in rules[:dropped])),
        )
        for dropped in range(len(rules) + 1)
        for kept in [rules[dropped:]]
    ]


def _tones(
    prepared: PreparedRequest, forms: Sequence[LineForm], opening: Line, prosody: Prosody
) -> Relaxable:
    choice = tuple(chain.from_iterable(patterns(prepared.length, form) for form in forms))
    return _one_of(choice, prepared, opening, prosody)


def _one_of(
    choice: tuple[Pattern, ...], prepared: PreparedRequest, opening: Line, prosody: Prosody
) -> Relaxable:
    """Returns the rule that a line has one of several tonal patterns."""
    tones, positions = tone_constraints(prosody, choice, opening)
    if prepared.request.rules == "loose":
        return Relaxable(TONES, preferred_tones=tones)
    return Relaxable(TONES, (positions,), (tones,))


def _stated(prepared: PreparedRequest, form: PoemLine, prosody: Prosody) -> list[Relaxable]:
    """Returns the rules of tone and rhyme that a request for one line states itself."""
    rules = []
    if form.tones:
        choice = tuple(Pattern(tuple(map(TONES_BY_NAME.__getitem__, each))) for each in form.tones)
        rules.append(_one_of(choice, prepared, (), prosody))
    if form.rhymes:
        groups = frozenset(map(prosody.group, form.rhymes))
        rules.append(Relaxable(RHYME, (rhyme_constraint(prosody, groups, form.length - 1),)))
    return rules


def _fitting_schemes(
    length: int, lines: Sequence[Line], prosody: Prosody, group: int | None
) -> tuple[Scheme, ...]:
    """Returns the schemes that the lines fit, or that as many first lines as possible fit.

    Their rhyme has the tone of `group`, if there is one; else it is level, unless the lines only
    fit schemes with an oblique rhyme.
    """
    tones = ["level", "oblique"] if group is None else [prosody.tone_of(group)]
    for count in range(len(lines), -1, -1):
        fitting = schemes(lines[:count], prosody) if count else all_schemes(length)
        for tone in tones:
            if of_tone := tuple(scheme for scheme in fitting if scheme.rhyme_tone == tone):
                return of_tone
    raise AssertionError("there are schemes with a rhyme of either tone")
