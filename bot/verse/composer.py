"""The composer: answers requests for verse with one bundle."""

import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path

import numpy as np

from ..observer import NOBODY, Observer
from .answer import Answer, Candidate, CandidateScore
from .clinic.mending import Blank, Mended, check_blanks
from .errors import RequestError
from .model.bundle import Bundle, default_directory, load_bundle
from .model.language_model import LanguageModel
from .model.onnx_model import OnnxModel
from .model.provider import Provider
from .model.reranker import Reranker
from .planning.couplets import CoupletScorer
from .planning.generation import GenerationResult, Planner, make_scorer
from .planning.mending import group_named, mend
from .planning.prepared import Line, PreparedRequest, prepare
from .planning.scoring import score_candidates
from .prosody.readings import RhymeBook
from .prosody.table import Prosody
from .prosody.xinyun import xinyun_prosody
from .request import Request
from .search.search import Job
from .serving.scheduler import CLOSE_TIMEOUT_S, Scheduler
from .text.corpus_index import CorpusIndex
from .text.couplet import COMMA, read_couplet_line
from .text.prompt import read_prompt, write_line
from .text.vocabulary import Vocabulary

__all__ = ["Composer", "open_composer"]


class Composer:
    """Answers requests with one bundle.

    Attributes:
        bundle: The bundle of the language model.
    """

    def __init__(
        self,
        bundle: Bundle,
        model: LanguageModel,
        scheduler: Scheduler,
        reranker: Reranker | None = None,
    ) -> None:
        self.bundle = bundle
        self._model = model
        self._scheduler = scheduler
        self._planner = Planner(bundle, reranker)
        self._scorer = make_scorer(bundle, reranker)

    @property
    def provider(self) -> str:
        """The execution provider: `cpu` or `cuda`."""
        return self._model.provider

    def prepare(self, request: Request) -> PreparedRequest:
        """Parses a request; cheap enough for an event loop.

        Raises:
            PromptError: The text cannot be a prompt.
            RequestError: The form or the rhyme does not suit the text or the bundle.
        """
        return prepare(request, self.bundle)

    def compose_now(self, request: Request | PreparedRequest) -> Answer:
        """Answers a request in the calling thread.

        Raises:
            PromptError: The text cannot be a prompt.
            RequestError: The form or the rhyme does not suit the text or the bundle.
            SearchError: No line is possible, or the model failed.
        """
        return self._scheduler.run_now(self._job(request))

    async def compose(
        self,
        request: Request | PreparedRequest,
        deadline_s: float,
        group: Hashable | None = None,
    ) -> Answer:
        """Answers a request in the thread of the scheduler, in a batch with others.

        Args:
            request: The request.
            deadline_s: Seconds that the answer may take; after that it has the best whole lines
                found so far, and is not `complete`.
            group: Whose share of the queue it takes, such as a server's; None for no share.

        Raises:
            PromptError: The text cannot be a prompt.
            RequestError: The form or the rhyme does not suit the text or the bundle.
            BusyError: The queue or the share is full, or the composer is closed.
            DeadlineError: The deadline passed before there was a whole line, or two of an acrostic.
            SearchError: No line is possible, or the model failed.
        """
        return await self._scheduler.run(self._job(request), deadline_s, group)

    def score_now(self, line: str, candidates: Sequence[str]) -> list[CandidateScore]:
        """Scores what could follow a line, in the calling thread; see `score`."""
        return self._scheduler.run_now(self._scoring_job(line, candidates))

    async def score(
        self,
        line: str,
        candidates: Sequence[str],
        deadline_s: float,
        group: Hashable | None = None,
    ) -> list[CandidateScore]:
        """Scores what could follow a line, by what orders the candidates of an answer.

        Args:
            line: One or several lines.
            candidates: One or several lines each, which need not obey any rules.
            deadline_s: Seconds that it may take.
            group: Whose share of the queue it takes; None for no share.

        Returns:
            The scores in the order given.

        Raises:
            PromptError: A text cannot be read.
            RequestError: The bundle's model cannot score lines.
            BusyError: The queue is full, or the composer is closed.
            DeadlineError: The deadline passed.
            SearchError: The model failed.
        """
        return await self._scheduler.run(self._scoring_job(line, candidates), deadline_s, group)

    def _scoring_job(self, line: str, candidates: Sequence[str]) -> Job[list[CandidateScore]]:
        vocabulary, scorer = self.bundle.vocabulary, self._scorer
        if self.bundle.manifest.encoder is not None:
            return self._couplet_scoring_job(line, candidates)
        if not vocabulary.has_lines:
            raise RequestError("score-no-lines")
        given, *prompts = (read_prompt(text, vocabulary) for text in (line, *candidates))

        def encode(lines: Sequence[Sequence[str]]) -> list[Line]:
            return [tuple(vocabulary.encode(each)) for each in lines]

        def job() -> Job[list[CandidateScore]]:
            texts = [encode(prompt.lines) for prompt in prompts]
            found = yield from score_candidates(scorer, vocabulary, encode(given.lines), texts)
            judged = scorer.reranker is not None
            is_related = bool(scorer.weights.relevance) and len(given.lines) == 1
            return [
                CandidateScore(
                    prompt.shown,
                    float(parts.total(scorer.weights).sum()),
                    float(parts.log_prob.sum()),
                    float(parts.poet.sum()) if judged else None,
                    float(parts.next.sum()) if judged else None,
                    tuple(dict.fromkeys((*given.unknown, *prompt.unknown))),
                    float(parts.relevance.sum()) if is_related else None,
                    self._confidence(float(parts.log_prob.sum()), sum(map(len, lines))),
                )
                for prompt, lines, parts in zip(prompts, texts, found, strict=True)
            ]

        return job()

    def _couplet_scoring_job(
        self, line: str, candidates: Sequence[str]
    ) -> Job[list[CandidateScore]]:
        """Scores lower lines that answer an upper one."""
        vocabulary = self.bundle.vocabulary
        given, *prompts = (read_couplet_line(text, vocabulary) for text in (line, *candidates))

        def job() -> Job[list[CandidateScore]]:
            upper, *lower = (prompt.encode(vocabulary)[0] for prompt in (given, *prompts))
            characters = sum(token != COMMA for token in given.lines[0])
            parts = yield from CoupletScorer(vocabulary).parts(upper, False, lower)
            return [
                CandidateScore(
                    prompt.shown,
                    float(parts.score[number]),
                    float(parts.log_prob[number]),
                    unknown=tuple(dict.fromkeys((*given.unknown, *prompt.unknown))),
                    confidence=self._confidence(float(parts.log_prob[number]), characters),
                )
                for number, prompt in enumerate(prompts)
            ]

        return job()

    def _confidence(self, log_prob: float, tokens: int) -> float | None:
        """Returns the share of lines as likely as these that are sound; None if none is known."""
        part = self.bundle.manifest.confidence
        return None if part is None else part.share(log_prob, tokens)

    def mend_now(
        self, lines: Sequence[str], blanks: Sequence[Blank], book: RhymeBook = "pingshui"
    ) -> Mended:
        """Finds what would mend a poem, in the calling thread; see `mend`."""
        return self._scheduler.run_now(self._mending_job(lines, blanks, book))

    async def mend(
        self,
        lines: Sequence[str],
        blanks: Sequence[Blank],
        deadline_s: float,
        group: Hashable | None = None,
        book: RhymeBook = "pingshui",
    ) -> Mended:
        """Finds characters for places of a poem, and which of its lines the corpus has.

        Args:
            lines: The poem, in simplified characters.
            blanks: Places of it that want another character.
            deadline_s: Seconds that it may take.
            group: Whose share of the queue it takes; None for no share.
            book: Whose tones and rhymes the blanks want.

        Raises:
            RequestError: The poem is too long, a blank is no place of it, or the bundle has no
                table of tones.
            BusyError: The queue is full, or the composer is closed.
            DeadlineError: The deadline passed.
            SearchError: The model failed.
        """
        return await self._scheduler.run(self._mending_job(lines, blanks, book), deadline_s, group)

    @cached_property
    def _xinyun(self) -> Prosody:
        return xinyun_prosody(self.bundle.vocabulary)

    def _mending_job(
        self, lines: Sequence[str], blanks: Sequence[Blank], book: RhymeBook
    ) -> Job[Mended]:
        check_blanks(lines, blanks)
        bundle, vocabulary = self.bundle, self.bundle.vocabulary
        prosody, corpus = self._xinyun if book == "xinyun" else bundle.prosody, bundle.known
        if prosody is None:
            raise RequestError("request-no-tones")
        for name in dict.fromkeys(name for blank in blanks for name in blank.rhymes):
            group_named(prosody, name)  # or an error
        can_score = vocabulary.has_lines and bundle.manifest.encoder is None

        def job() -> Job[Mended]:
            choices = ("",) * len(blanks)
            if can_score and blanks:
                choices = yield from mend(bundle, prosody, lines, blanks)
            if corpus is None:
                return Mended(choices)
            whole = {line: _whole(line, vocabulary) for line in lines}
            known = _known(filter(None, whole.values()), corpus, vocabulary)
            return Mended(choices, tuple(whole[line] in known for line in lines))

        return job()

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Ends the scheduler; requests in progress get a `BusyError`.

        Args:
            timeout_s: Seconds to wait at most for the current step to end.
        """
        self._scheduler.close(timeout_s)

    def _job(self, request: Request | PreparedRequest) -> Job[Answer]:
        """Returns the job that answers a request, which is prepared first if it is not yet."""
        started = time.perf_counter()
        prepared = self.prepare(request) if isinstance(request, Request) else request

        def job() -> Job[Answer]:
            result = yield from self._planner.generate(prepared)
            return self._answer(prepared, result, started)

        return job()

    def _answer(
        self, prepared: PreparedRequest, result: GenerationResult, started: float
    ) -> Answer:
        request, prompt, manifest = prepared.request, prepared.prompt, self.bundle.manifest
        vocabulary, corpus = self.bundle.vocabulary, self.bundle.known

        def as_text(tokens: Sequence[int], opening: str = "") -> str:
            names = [vocabulary.tokens[token] for token in tokens]
            if opening:  # which the vocabulary may lack
                names[0] = opening
            return write_line(names, vocabulary, prompt.traditional)

        openings = (
            tuple(chain.from_iterable(prompt.lines))
            if prepared.openings
            else ("",) * prepared.new_lines
        )

        written = prepared.characters - bool(prepared.openings)  # tokens of a line
        poems = result.poems[: request.count]
        template, unknown = prepared.template, vocabulary.unknown
        whole = [template.filled(each.lines, unknown) if template else each.lines for each in poems]
        # A kept line may have characters that the vocabulary lacks.
        lines = {line for poem in whole for line in poem if not template or unknown not in line}
        known = _known(lines, corpus, vocabulary) if corpus else set()
        candidates = tuple(
            Candidate(
                tuple(map(as_text, own, openings))
                if template is None
                else template.write(own, vocabulary, prompt.traditional),
                poem.log_prob,
                poem.score,
                tuple(line in known for line in own) if corpus else (),
                poem.relaxed,
                self._confidence(poem.log_prob, len(own) * written) if template is None else None,
            )
            for poem, own in zip(poems, whole, strict=True)
        )
        continuation, prosody = prepared.corpus_continuation, self.bundle.prosody
        group = prepared.rhyme_group
        return Answer(
            request=request,
            line=("，" if vocabulary.is_chinese else "\n").join(prompt.shown),
            written=prompt.written,
            shown=prompt.shown,
            length=prepared.characters,
            candidates=candidates,
            elapsed_ms=(time.perf_counter() - started) * 1e3,
            bundle_name=manifest.name,
            bundle_version=manifest.version,
            rhyme=None if prosody is None or group is None else prosody.groups[group],
            unknown=prompt.unknown,
            corpus_continuation=None if continuation is None else as_text(continuation),
            complete=result.complete,
            departures=prepared.departures,
        )


def _whole(line: str, vocabulary: Vocabulary) -> Line | None:
    """Returns a line as tokens; None if the vocabulary lacks any of them."""
    known = all(map(vocabulary.is_ordinary, line))
    return tuple(vocabulary.encode(line)) if known else None


def _known(lines: Iterable[Line], corpus: CorpusIndex, vocabulary: Vocabulary) -> set[Line]:
    """Returns those of the lines, of any lengths, that the corpus has, whole or by a half."""
    comma = vocabulary.encode([COMMA])[0] if COMMA in vocabulary else None
    by_length: defaultdict[int, list[tuple[Line, Line]]] = defaultdict(list)
    for line in lines:
        places = [-1, *(place for place, token in enumerate(line) if token == comma), len(line)]
        for start, end in pairwise(places):
            by_length[end - start - 1].append((line[start + 1 : end], line))
    return {
        line
        for length, group in by_length.items()
        if length
        for (_, line), known in zip(
            group, corpus.contains(np.array([half for half, _ in group], np.int64)), strict=True
        )
        if known
    }


def open_composer(
    directory: Path | None = None,
    provider: Provider = "auto",
    threads: int = 0,
    capacity: int = 64,
    observer: Observer = NOBODY,
    poems: Bundle | None = None,
) -> Composer:
    """Loads a bundle and starts to answer requests; `close` the composer in the end.

    Args:
        directory: The bundle; None is the one that ships with Lianju.
        provider: Where the model runs.
        threads: Threads within one operator; 0 for all cores.
        capacity: How many requests `compose` accepts at once.
        observer: Is told of requests and of steps of the model.
        poems: A bundle whose corpus index is used if the bundle has none.

    Raises:
        BundleError: The bundle is damaged or cannot run.
        ProviderError: CUDA was requested and is not available.
    """
    bundle = load_bundle(default_directory() if directory is None else directory)
    if poems is not None:
        bundle = bundle.with_lines_of(poems)
    model = OnnxModel(bundle, provider, threads)
    scheduler = Scheduler(model, capacity, observer=observer)
    return Composer(bundle, model, scheduler, open_reranker(bundle, threads))


def open_reranker(bundle: Bundle, threads: int) -> Reranker | None:
    """Opens the re-ranker of a bundle; None if it has none.

    Raises:
        BundleError: Its graph cannot be run, or is no re-ranker's.
    """
    part, graph = bundle.manifest.reranker, bundle.read_reranker()
    if part is None or graph is None:
        return None
    return Reranker(graph, len(bundle.vocabulary), part.context, threads)
