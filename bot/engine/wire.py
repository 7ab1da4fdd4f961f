"""Requests and answers as JSON: of `lianju poem --json`, of the service, and between engines."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..verse import (
    COUNT,
    DEFAULT_COUNT,
    LENGTH,
    SEED,
    TEMPERATURE,
    TOP_K,
    TOP_P,
    WIDTH,
    Acrostic,
    Answer,
    Beam,
    Bounds,
    Candidate,
    Couplet,
    Departure,
    Form,
    Known,
    NextLine,
    PoemLine,
    Request,
    RequestError,
    Rerank,
    Revision,
    Rules,
    Sample,
    Script,
    SearchMode,
    WireFormName,
    form_from,
)

__all__ = ["AnswerFields", "Mode", "RequestFields", "to_json"]

Mode = Literal["chosen", "beam", "sampled", "plain"]
"""The names of `Rerank`, `Beam` and `Sample`; `plain` is the reference beam search."""


MAX_TONES, MAX_RHYMES = 16, 106  # patterns of one line; groups


def _text_field(form: Form) -> str:
    """Returns the name of the field that has the text of a request."""
    if isinstance(form, Revision):
        return "keep"
    return "heads" if isinstance(form, Acrostic) else "line"


def _within(bounds: Bounds[Any]) -> Any:
    return Field(ge=bounds.low, le=bounds.high)


class RequestFields(BaseModel):
    """A request for verse. It has a `line`, for an acrostic `heads`, or to revise a poem `keep`."""

    # The strings below fields are their descriptions in the OpenAPI document.
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True
    )

    line: str | None = None
    """The line or lines to continue, such as 黄河远上白云间; the given line of a couplet."""
    form: WireFormName = "next"
    """One line more, the rest of a quatrain (绝句), or of eight lines of regulated verse (律诗);
    the other line of a couplet (对联); or one line of a poem at its place, whose `length`, `tones`
    and `rhymes` are given, after lines of which there may be none."""
    heads: str | None = None
    """For an acrostic (藏头诗): the first character of each line, in place of `line`."""
    keep: str | None = None
    """To revise a poem: all its lines, in place of `line`, with `?` for each line or character that
    is to be written anew, such as 空山不见人，?，鸟影摇长夏，?. Candidates are whole poems."""
    chars: Literal[5, 7] | None = None
    """Characters of each line of an acrostic; 7 if left out."""
    rhyme: str | None = None
    """A rhyme group, or a character that rhymes; if left out, the line decides."""
    rules: Rules = "strict"
    """How tones and rhyme bind."""
    known: Known = "exclude"
    """Whether lines of the corpus may be answers."""
    count: Annotated[int, _within(COUNT)] | None = None
    """How many candidates; 5 if left out."""
    mode: Mode = "chosen"
    """The best of many lines, the most probable, sampled, or the reference beam search."""
    beam: Annotated[int, _within(WIDTH)] | None = None
    """Width of the beam, or of the pool of `chosen`; wide enough for `count` if left out."""
    length: Annotated[int, _within(LENGTH)] | None = None
    """Characters of a next line; those of the last line if left out."""
    tones: Annotated[list[str], Field(max_length=MAX_TONES)] = []
    """Of one line at its place: its tonal patterns, such as 中仄平平仄 (中 is either tone), of
    which it has one; free if left out."""
    rhymes: Annotated[list[str], Field(max_length=MAX_RHYMES)] = []
    """Likewise: the rhyme groups of which it ends in one; any if left out."""
    upper: bool = False
    """Of a couplet: whether the line is the lower one, and the upper one is to be written."""
    script: Script = "auto"
    """The characters of the answer; `auto` follows the line."""
    seed: Annotated[int, _within(SEED)] | None = None
    """Other candidates for another number; without it `chosen` has 0, `sampled` draws one."""
    temperature: Annotated[float, _within(TEMPERATURE)] | None = None
    """Of `sampled`: below 1 it favors probable characters; 0.8 if left out."""
    top_k: Annotated[int, _within(TOP_K)] | None = None
    """Of `sampled`: so many characters can be drawn; 100 if left out."""
    top_p: Annotated[float, _within(TOP_P)] | None = None
    """Of `sampled`: the share of the probability that can be drawn; 0.9 if left out."""

    @classmethod
    def of(cls, request: Request) -> "RequestFields":
        """Returns the fields of a request; `to_request` gives an equal one if its seed is drawn."""
        form, search = request.form, request.search
        values: dict[str, object] = {
            _text_field(form): request.text,
            "form": form.name,
            "chars": form.chars if isinstance(form, Acrostic) else None,
            "length": form.length if isinstance(form, NextLine | PoemLine) else None,
            "tones": [*form.tones] or None if isinstance(form, PoemLine) else None,
            "rhymes": [*form.rhymes] or None if isinstance(form, PoemLine) else None,
            "upper": form.upper or None if isinstance(form, Couplet) else None,
            "rhyme": request.rhyme,
            "rules": request.rules,
            "known": request.known,
            "count": request.count,
            "script": request.script,
        }
        match search:
            case Beam(width, plain):
                values |= {"mode": "plain" if plain else "beam", "beam": width}
            case Rerank(seed, width):
                values |= {"mode": "chosen", "beam": width, "seed": seed}
            case Sample():
                values |= {"mode": "sampled", **asdict(search)}
        return cls.model_validate({k: v for k, v in values.items() if v is not None})

    def to_request(self) -> Request:
        """Returns the request.

        Raises:
            RequestError: Fields exclude each other.
        """
        form = form_from(
            self.form,
            line=self.line,
            heads=self.heads,
            keep=self.keep,
            chars=self.chars,
            length=self.length,
            upper=self.upper,
            tones=self.tones,
            rhymes=self.rhymes,
        )
        search = self._search()
        width = DEFAULT_COUNT if isinstance(search, Sample) else search.width
        count = min(DEFAULT_COUNT, width) if self.count is None else self.count
        text = next((each for each in (self.keep, self.heads, self.line) if each is not None), "")
        return Request(text, form, search, count, self.script, self.rhyme, self.rules, self.known)

    def _search(self) -> SearchMode:
        options = {"temperature": self.temperature, "top_k": self.top_k, "top_p": self.top_p}
        given: dict[str, Any] = {k: v for k, v in options.items() if v is not None}
        if self.mode == "sampled":
            if self.beam is not None:
                raise RequestError("request-sampling")
            return Sample(**given, seed=self.seed)
        if given:
            raise RequestError("api-sample-option", option=next(iter(given)))
        width = max(DEFAULT_COUNT, self.count or 0) if self.beam is None else self.beam
        if self.mode == "chosen":
            return Rerank(self.seed or 0, width)
        if self.seed is not None:
            raise RequestError("poem-seed")
        return Beam(width, plain=self.mode == "plain")


class _Part(BaseModel):
    # A service of another version may add fields.
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class BundleFields(_Part):
    """The bundle that answered."""

    name: str
    version: str


class SearchFields(_Part):
    """How the candidates were found; `length` is the characters of a line."""

    width: int
    length: int
    plain: bool


class FormFields(_Part):
    """What was written."""

    name: WireFormName
    heads: str | None
    rhyme: str | None
    """The rhyme as requested, in simplified characters."""
    rules: Rules | None
    """None of the reference search."""
    known: Known
    rhyme_group: str | None = None
    """The name of the requested group."""
    upper: bool | None = None
    """Of a couplet: whether the candidates are upper lines."""
    keep: str | None = None
    """Of a revision: the poem with its open places."""


class DepartureFields(_Part):
    """A rule that a kept line leaves."""

    line: int
    """The line, from 0."""
    rule: Literal["tones", "rhyme"]


class PromptFields(_Part):
    """The lines of the prompt: as the user wrote them, and in the script of the answer."""

    written: tuple[str, ...]
    shown: tuple[str, ...]


class CandidateFields(_Part):
    """One candidate."""

    text: str
    """The lines, separated by line breaks."""
    log_prob: float
    """Natural-log probability of the lines."""
    lines: tuple[str, ...]
    known: tuple[bool, ...]
    """Whether the corpus has each line; empty if that is not known."""
    relaxed: tuple[str, ...]
    """The rules that were dropped."""
    objective: float | None = None
    """What candidates of `chosen` are ranked by."""
    seed: int | None = None
    """The seed, if the search was random."""
    confidence: float | None = None
    """The share of lines of such a log-probability that readers found sound, if that is known."""


class AnswerFields(_Part):
    """An answer."""

    line: str
    """The prompt in the script of the answer."""
    bundle: BundleFields
    search: SearchFields
    form: FormFields
    candidates: tuple[CandidateFields, ...]
    """Best first."""
    known_answer: str | None
    """The line that follows the prompt in the corpus."""
    unknown: tuple[str, ...]
    """Characters of the prompt that the model does not know."""
    complete: bool
    """False if the deadline passed first: the candidates are the best found by then."""
    elapsed_ms: float
    prompt: PromptFields
    request: RequestFields
    """What to send for the same candidates."""
    departures: tuple[DepartureFields, ...] = ()
    """Of a revision: the rules that kept lines leave."""

    @classmethod
    def of(cls, answer: Answer) -> "AnswerFields":
        """Returns the fields of an answer."""
        request = answer.request
        search, plain = request.search, request.is_plain
        also: dict[str, Any] = {}
        departures: dict[str, Any] = {}
        if isinstance(request.form, Couplet):
            also = {"upper": request.form.upper}
        elif isinstance(request.form, Revision):
            also = {"keep": request.text}
            departures = {
                "departures": tuple(
                    DepartureFields(line=each.line, rule=each.rule) for each in answer.departures
                )
            }
        # Sampling has no width; the field is there in every answer.
        width = max(DEFAULT_COUNT, request.count) if isinstance(search, Sample) else search.width
        return cls(
            line=answer.line,
            bundle=BundleFields(name=answer.bundle_name, version=answer.bundle_version),
            search=SearchFields(width=width, length=answer.length, plain=plain),
            form=FormFields(
                name=request.form.name,
                heads=request.text if isinstance(request.form, Acrostic) else None,
                rhyme=request.rhyme,
                rules=None if plain else request.rules,
                known="allow" if plain else request.known,
                rhyme_group=answer.rhyme,
                **also,
            ),
            candidates=tuple(_candidate(search, candidate) for candidate in answer.candidates),
            known_answer=answer.corpus_continuation,
            unknown=answer.unknown,
            complete=answer.complete,
            elapsed_ms=round(answer.elapsed_ms, 3),
            prompt=PromptFields(written=answer.written, shown=answer.shown),
            request=RequestFields.of(request),
            **departures,
        )

    def to_answer(self) -> Answer:
        """Returns the answer.

        Raises:
            RequestError: Its request is contradictory.
        """
        return Answer(
            request=self.request.to_request(),
            line=self.line,
            written=self.prompt.written,
            shown=self.prompt.shown,
            length=self.search.length,
            candidates=tuple(
                Candidate(
                    each.lines,
                    each.log_prob,
                    each.log_prob if each.objective is None else each.objective,
                    each.known,
                    each.relaxed,
                    each.confidence,
                )
                for each in self.candidates
            ),
            elapsed_ms=self.elapsed_ms,
            bundle_name=self.bundle.name,
            bundle_version=self.bundle.version,
            rhyme=self.form.rhyme_group,
            unknown=self.unknown,
            corpus_continuation=self.known_answer,
            complete=self.complete,
            departures=tuple(Departure(each.line, each.rule) for each in self.departures),
        )


def to_json(fields: BaseModel) -> str:
    """Returns the JSON text of fields, without those that do not apply."""
    return fields.model_dump_json(exclude_unset=True)


def _candidate(search: SearchMode, candidate: Candidate) -> CandidateFields:
    also: dict[str, Any] = {}
    if isinstance(search, Rerank):
        also["objective"] = candidate.score
    if not isinstance(search, Beam):
        also["seed"] = search.seed
    if candidate.confidence is not None:
        also["confidence"] = candidate.confidence
    return CandidateFields(
        text=candidate.text,
        log_prob=candidate.log_prob,
        lines=candidate.lines,
        known=candidate.known,
        relaxed=candidate.relaxed,
        **also,
    )
