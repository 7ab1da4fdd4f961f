"""How answers look outside Discord: for a reader, for a program, and in the classic file format."""

import json
from typing import Any

import click

from ..verse.composer import Answer, Candidate

__all__ = ["classic_block", "pretty", "to_json"]


def pretty(answer: Answer) -> str:
    """The answer for a reader at a terminal; styles vanish where the output is no terminal."""
    rows = [
        f"{rank:>4}  {_dim(f'{candidate.log_prob:>9.3f}')}  {_verse(candidate)}"
        for rank, candidate in enumerate(answer.candidates, 1)
    ]
    if not answer.complete:
        rows.append(_dim("time ran out: these are the best lines so far"))
    if answer.known_answer:
        rows.append(_dim(f"the corpus goes on: {answer.known_answer}"))
    how = f"width {answer.width}"
    if answer.choosing:
        how = f"chosen with seed {answer.seed}"
    elif answer.sampling:
        how = f"drawn with seed {answer.seed}"
    search = f"{how}, length {answer.length}{', plain' if answer.plain else ''}"
    foot = (
        f"{answer.bundle_name} {answer.bundle_version} · {search} · log-probabilities · "
        f"{answer.elapsed_ms:.0f} ms"
    )
    return "\n".join((click.style(answer.line, bold=True), *rows, _dim(foot)))


def _verse(candidate: Candidate) -> str:
    """The lines of a candidate, and what is to be said of them."""
    if not any(candidate.lines):
        return _dim("(ends here)")
    known = candidate.known or (False,) * len(candidate.lines)
    lines = [
        line + (_dim(" (in the corpus)") if is_known else "")
        for line, is_known in zip(candidate.lines, known, strict=True)
    ]
    remark = _dim(f" (without: {', '.join(candidate.relaxed)})") if candidate.relaxed else ""
    return "，".join(lines) + remark


def _dim(text: str) -> str:
    return click.style(text, dim=True)


def to_json(answer: Answer) -> str:
    """The answer as one JSON object; what is left to chance comes with its seed."""
    request = answer.request
    content = {
        "line": answer.line,
        "bundle": {"name": answer.bundle_name, "version": answer.bundle_version},
        "search": {"width": answer.width, "length": answer.length, "plain": answer.plain},
        "form": {
            "name": request.form,
            "heads": request.heads,
            "rhyme": request.rhyme,
            "rules": None if answer.plain else request.strictness,
            "known": "allow" if answer.plain else request.known,
        },
        "candidates": [_candidate(candidate, answer.seed) for candidate in answer.candidates],
        "known_answer": answer.known_answer,
        "complete": answer.complete,
        "elapsed_ms": round(answer.elapsed_ms, 3),
    }
    return json.dumps(content, ensure_ascii=False)


def _candidate(candidate: Candidate, seed: int | None) -> dict[str, Any]:
    content: dict[str, Any] = {
        "text": candidate.text,
        "log_prob": candidate.log_prob,
        "lines": candidate.lines,
        "known": candidate.known,
        "relaxed": candidate.relaxed,
    }
    if candidate.objective is not None:
        content["objective"] = candidate.objective
    if seed is not None:
        content["seed"] = seed
    return content


def classic_block(index: int, prompt: str, answer: Answer, spaced: bool) -> str:
    """One prompt of `lianju generate`: `index<TAB>prompt`, `score<TAB>text` lines, an empty line.

    Args:
        index: The prompt's place in its file, from 0.
        prompt: The prompt as the file has it.
        answer: Its answer.
        spaced: Whether to part the characters by spaces; a text of words has them already.
    """
    lines = [f"{index}\t{prompt}"]
    for candidate in answer.candidates:
        text = " ".join(candidate.text) if spaced else candidate.text
        lines.append(f"{candidate.log_prob:.4f}\t{text}")
    return "\n".join(lines) + "\n\n"
