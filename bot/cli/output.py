"""Answers as text for a terminal, as JSON, and in the classic file format."""

import click

from ..characters import describe
from ..engine import wire
from ..errors import LianjuError
from ..verse import Answer, Candidate, Couplet, Departure, Rerank, Sample
from .language import format_error

__all__ = ["classic_block", "pretty", "to_json"]


def pretty(answer: Answer) -> str:
    """Returns the answer as text for a terminal; `click.echo` removes styles elsewhere."""
    form = answer.request.form
    scored = isinstance(answer.request.search, Rerank)
    rows = [
        f"{rank:>4}  {_dim(f'{each.score if scored else each.log_prob:>9.3f}')}  {_verse(each)}"
        for rank, each in enumerate(answer.candidates, 1)
    ]
    if isinstance(form, Couplet) and any("end" in each.relaxed for each in answer.candidates):
        rows.append(_dim(_wrong_end(form)))
    if len(answer.candidates) < answer.request.count and answer.complete:
        rows.append(_dim(_why_fewer(answer)))
    rows += [_dim(_departure(each)) for each in answer.departures]
    if answer.unknown:
        unknown = " ".join(map(describe, answer.unknown))
        rows.append(_dim(f"unknown to the model, and read around: {unknown}"))
    if not answer.complete:
        rows.append(_dim("time ran out: these are the best lines so far"))
    if answer.corpus_continuation:
        rows.append(_dim(f"the corpus goes on: {answer.corpus_continuation}"))
    mode = answer.request.search
    if isinstance(mode, Rerank):
        how = f"re-ranked with seed {mode.seed}"
    elif isinstance(mode, Sample):
        how = f"drawn with seed {mode.seed}"
    else:
        how = f"width {mode.width}"
    search = f"{how}, length {answer.length}{', plain' if answer.request.is_plain else ''}"
    foot = (
        f"{answer.bundle_name} {answer.bundle_version} · {search} · "
        f"{'scores' if scored else 'log-probabilities'} · {answer.elapsed_ms:.0f} ms"
    )
    return "\n".join((click.style(answer.line, bold=True), *rows, _dim(foot)))


def _departure(departure: Departure) -> str:
    """Returns what to say of a kept line that leaves a rule."""
    rule = "its tones leave the form" if departure.rule == "tones" else "its end does not rhyme"
    return f"line {departure.line + 1} is kept as it is, though {rule}"


def _wrong_end(form: Couplet) -> str:
    """Returns what to say of a line that ends with the tone of the other one."""
    own, other = ("an oblique", "a level") if form.upper else ("a level", "an oblique")
    line = "an upper" if form.upper else "a lower"
    ends = f"your line ends in {own} tone, as {line} line does"
    return f"{ends}: these end in {other} one, where tones bind"


def _why_fewer(answer: Answer) -> str:
    """Returns why there are fewer candidates than requested."""
    request = answer.request
    if isinstance(request.search, Sample):
        reason = "the others were drawn again: raise --temperature, --top-k or --top-p"
    elif isinstance(request.search, Rerank):
        reason = "the others were too much like these, or against the rules"
    else:
        reason = "the search found no more"
    return f"{len(answer.candidates)} of {request.count}: {reason}"


def _verse(candidate: Candidate) -> str:
    """Returns the lines of a candidate with remarks."""
    if not any(candidate.lines):
        return _dim("(ends here)")
    known = candidate.known or (False,) * len(candidate.lines)
    lines = [
        line + (_dim(" (in the corpus)") if is_known else "")
        for line, is_known in zip(candidate.lines, known, strict=True)
    ]
    dropped = [rule for rule in candidate.relaxed if rule != "end"]  # said of all of them
    remark = _dim(f" (without: {', '.join(dropped)})") if dropped else ""
    return "，".join(lines) + remark


def _dim(text: str) -> str:
    return click.style(text, dim=True)


def to_json(answer: Answer) -> str:
    """Returns the answer as one JSON object; candidates of a random search have its seed."""
    return wire.to_json(wire.AnswerFields.of(answer))


def classic_block(index: int, prompt: str, answer: Answer | LianjuError, spaced: bool) -> str:
    """Returns one prompt and its candidates in the format of `lianju generate`.

    Args:
        index: The index of the prompt in its file, from 0.
        prompt: The prompt as the file has it.
        answer: Its answer, or why there is none.
        spaced: Whether to separate characters by spaces; a text of words has spaces already.
    """
    lines = [f"{index}\t{prompt}"]
    if isinstance(answer, LianjuError):
        return f"{lines[0]}\nerror\t{format_error(answer)}\n\n"
    for candidate in answer.candidates:
        text = " ".join(candidate.text) if spaced else candidate.text
        lines.append(f"{candidate.log_prob:.4f}\t{text}")
    return "\n".join(lines) + "\n\n"
