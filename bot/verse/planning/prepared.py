"""A request prepared for one bundle: its text as tokens, its options resolved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from ..errors import PromptError, RequestError
from ..form import (
    ACROSTIC_LINES,
    CHARS,
    POEM_LINES,
    Acrostic,
    Couplet,
    NextLine,
    PoemKind,
    PoemLine,
    Revision,
)
from ..model.bundle import Bundle
from ..prosody.forms import LENGTHS, Scheme, all_schemes
from ..prosody.nearest import Departure, find_departures, most_shared_groups, nearest_schemes
from ..request import (
    PLACED_LINES,
    Beam,
    Request,
    Rerank,
)
from ..search.blocklist import offensive_words
from ..text.couplet import COMMA, read_couplet_line
from ..text.prompt import Prompt, check_size, read_prompt, simplify
from ..text.template import Template, read_template
from ..text.vocabulary import Vocabulary, is_han

__all__ = ["Line", "PreparedRequest", "prepare"]

Line = tuple[int, ...]
"""Token ids of a line, without an ending."""


@dataclass(frozen=True)
class PreparedRequest:
    """A request with all that follows from it and the bundle.

    Attributes:
        request: The request with nothing left open: the seed is drawn, the rhyme is simplified, and
            the search is one that the model can run.
        prompt: The text as tokens.
        given: The lines to continue, or the line of a couplet to answer; empty for a revision.
        openings: The first token of each new line of an acrostic; else empty.
        new_lines: How many lines to write.
        length: Tokens of each.
        is_regulated: Whether the lengths of all lines are those of regulated verse.
        rhyme_group: Index of the requested rhyme group.
        corpus_continuation: The line that follows the last given one in the corpus, if any.
        template: Of a revision: what is kept and what is open.
        schemes: Of a revision whose tones bind: the schemes that most of the kept lines fit.
        departures: What the kept lines leave of the rules.
    """

    request: Request
    prompt: Prompt
    given: tuple[Line, ...]
    openings: Line
    new_lines: int
    length: int
    is_regulated: bool
    rhyme_group: int | None = None
    corpus_continuation: Line | None = None
    template: Template | None = None
    schemes: tuple[Scheme, ...] = ()
    departures: tuple[Departure, ...] = ()

    @property
    def characters(self) -> int:
        """Tokens of each new line without the comma that a line of a couplet may have."""
        is_couplet = isinstance(self.request.form, Couplet)
        return self.length - (self.prompt.lines[0].count(COMMA) if is_couplet else 0)

    @property
    def permitted_continuation(self) -> Line | None:
        """The corpus continuation, if it may be a candidate."""
        line = self.corpus_continuation
        permitted = line is not None and len(line) == self.length and self.request.known == "allow"
        return line if permitted else None


def prepare(request: Request, bundle: Bundle) -> PreparedRequest:
    """Parses the text of a request and resolves its options.

    Raises:
        PromptError: The text cannot be a prompt.
        RequestError: The form or the rhyme does not suit the text or the bundle.
    """
    vocabulary = bundle.vocabulary
    if isinstance(request.form, Couplet):
        return _prepare_couplet(request, request.form, bundle)
    if bundle.manifest.encoder is not None:
        raise RequestError("request-couplets-only")
    if isinstance(request.form, PoemLine):
        return _prepare_line(request, request.form, bundle)
    if isinstance(request.form, Revision):
        return _prepare_revision(request, request.form, bundle)
    check = _check_heads if isinstance(request.form, Acrostic) else check_size
    prompt = read_prompt(request.text, vocabulary, request.script, check)
    lines = prompt.encode(vocabulary)
    if not (isinstance(request.form, NextLine) or vocabulary.is_chinese):
        raise RequestError("request-form-language")
    given: tuple[Line, ...] = lines
    openings: Line = ()
    if isinstance(request.form, Acrostic):
        given, openings = (), sum(lines, ())
        new_lines, length = _acrostic_lines(request.form, len(openings)), request.form.chars
        is_regulated = True
    elif isinstance(request.form, NextLine):
        new_lines, length = 1, request.form.length or len(lines[-1])
        is_regulated = {length, *map(len, lines)} in [{chars} for chars in CHARS]
    else:
        new_lines, length = _remaining_lines(request.form.kind, lines), len(lines[-1])
        is_regulated = True
    corpus = bundle.known
    request, rhyme_group = _resolve_rhyme(request, bundle)
    return PreparedRequest(
        request=_resolve_search(request, vocabulary),
        prompt=prompt,
        given=given,
        openings=openings,
        new_lines=new_lines,
        length=length,
        is_regulated=is_regulated,
        rhyme_group=rhyme_group,
        corpus_continuation=corpus.continuation(given[-1]) if corpus and given else None,
    )


def _prepare_revision(request: Request, form: Revision, bundle: Bundle) -> PreparedRequest:
    """Prepares a request to write parts of a poem anew."""
    vocabulary = bundle.vocabulary
    if not (vocabulary.is_chinese and vocabulary.has_lines):
        raise RequestError("request-keep-model")
    prompt, template = read_template(request.text, vocabulary, request.script)
    if any(word in "".join(line) for word in offensive_words() for line in prompt.lines):
        raise PromptError("prompt-keep-blocked")
    if form.kind is not None:
        if template.length not in CHARS:
            raise RequestError("request-form-uneven", form=form.kind, found=str(template.length))
        size, lines = POEM_LINES[form.kind], len(template.lines)
        if lines != size:
            raise RequestError("request-keep-form", form=form.kind, size=size, lines=lines)
    request, group = _resolve_rhyme(request, bundle)
    prosody, is_regulated = bundle.prosody, template.length in LENGTHS
    schemes: tuple[Scheme, ...] = ()
    departures: tuple[Departure, ...] = ()
    if prosody is not None and is_regulated and request.rules != "free":
        tone = None if group is None else prosody.tone_of(group)
        choice = [each for each in all_schemes(template.length) if tone in (None, each.rhyme_tone)]
        kept = template.filled((), vocabulary.unknown)
        schemes = nearest_schemes(kept, choice, prosody)
        groups = frozenset({group}) if group is not None else None
        groups = groups or most_shared_groups(kept, schemes[0], prosody)
        departures = find_departures(kept, schemes[0], groups, prosody)
    return PreparedRequest(
        request=request.with_drawn_seed(),
        prompt=prompt,
        given=(),
        openings=(),
        new_lines=len(template.open_lines),
        length=template.length,
        is_regulated=is_regulated,
        rhyme_group=group,
        template=template,
        schemes=schemes,
        departures=departures,
    )


def _resolve_rhyme(request: Request, bundle: Bundle) -> tuple[Request, int | None]:
    """Returns the request with its rhyme in simplified characters, and the index of the group."""
    if request.rhyme is None:
        return request, None
    if bundle.prosody is None:
        raise RequestError("request-no-rhymes")
    rhyme = simplify(request.rhyme)
    return replace(request, rhyme=rhyme), bundle.prosody.group(rhyme)


def _prepare_couplet(request: Request, form: Couplet, bundle: Bundle) -> PreparedRequest:
    """Prepares a request for the other line of a couplet."""
    vocabulary, corpus = bundle.vocabulary, bundle.known
    if bundle.manifest.encoder is None or not vocabulary.is_chinese:
        raise RequestError("request-no-couplets")
    if form.upper and vocabulary.upper is None:
        raise RequestError("request-lower-only")
    prompt = read_couplet_line(request.text, vocabulary, request.script)
    if any(word in "".join(prompt.lines[0]) for word in offensive_words()):
        raise PromptError("prompt-couplet-blocked")
    (line,) = prompt.encode(vocabulary)
    return PreparedRequest(
        request=request.with_drawn_seed(),
        prompt=prompt,
        given=(line,),
        openings=(),
        new_lines=1,
        length=len(line),
        is_regulated=False,
        corpus_continuation=corpus.continuation(line) if corpus and not form.upper else None,
    )


def _prepare_line(request: Request, form: PoemLine, bundle: Bundle) -> PreparedRequest:
    """Prepares a request for one line of a poem at its place."""
    vocabulary, prosody = bundle.vocabulary, bundle.prosody
    if not vocabulary.is_chinese:
        raise RequestError("request-form-language")
    if (form.tones or form.rhymes) and prosody is None:
        raise RequestError("request-no-rhymes")
    for name in form.rhymes:
        if prosody is not None:
            prosody.group(name)
    prompt = Prompt((), (), (), traditional=request.script == "traditional")
    if request.text:
        prompt = read_prompt(request.text, vocabulary, request.script, _check_lines_before)
    given = prompt.encode(vocabulary)
    return PreparedRequest(
        request=_resolve_search(request, vocabulary),
        prompt=prompt,
        given=given,
        openings=(),
        new_lines=1,
        length=form.length,
        is_regulated=True,
        corpus_continuation=(
            bundle.known.continuation(given[-1]) if bundle.known and given else None
        ),
    )


def _check_heads(lines: Sequence[Sequence[str]], vocabulary: Vocabulary) -> None:
    """Checks what the lines of an acrostic are to begin with."""
    if vocabulary.is_chinese and not any(map(is_han, chain.from_iterable(lines))):
        raise PromptError("prompt-heads")
    check_size(lines, vocabulary)


def _check_lines_before(lines: Sequence[Sequence[str]], _: Vocabulary) -> None:
    """Checks the lines before one line of a long poem, all of which are of one length."""
    if not lines:
        raise PromptError("prompt-empty")
    if len(lines) > PLACED_LINES:
        raise PromptError("prompt-lines", lines=len(lines), most=PLACED_LINES)
    most = PLACED_LINES * CHARS[-1]
    if (size := sum(map(len, lines))) > most:
        raise PromptError("prompt-characters", size=size, most=most)


def _acrostic_lines(form: Acrostic, openings: int) -> int:
    """Returns how many lines an acrostic has; one for each opening."""
    if not ACROSTIC_LINES.low <= openings <= ACROSTIC_LINES.high:
        raise RequestError(
            "request-heads", heads=openings, low=ACROSTIC_LINES.low, high=ACROSTIC_LINES.high
        )
    if form.kind is not None and openings != POEM_LINES[form.kind]:
        raise RequestError(
            "request-heads-form", form=form.kind, size=POEM_LINES[form.kind], heads=openings
        )
    return openings


def _remaining_lines(kind: PoemKind, lines: tuple[Line, ...]) -> int:
    """Returns how many lines are missing from a poem."""
    lengths = sorted({*map(len, lines)})
    if len(lengths) > 1 or lengths[0] not in CHARS:
        raise RequestError("request-form-uneven", form=kind, found=", ".join(map(str, lengths)))
    size = POEM_LINES[kind]
    if len(lines) >= size:
        raise RequestError("request-form-whole", form=kind, size=size, lines=len(lines))
    return size - len(lines)


def _resolve_search(request: Request, vocabulary: Vocabulary) -> Request:
    """Returns the request with a search that the model can run, and with a seed if it needs one."""
    if isinstance(request.search, Rerank) and not vocabulary.has_lines:
        # The score needs the log-probability of the prompt after a line, and by itself.
        return replace(request, search=Beam(request.search.width))
    return request.with_drawn_seed()
