"""How answers look outside Discord: for a reader, for a program, and in the classic file format."""

import json

import click

from .verse.composer import Answer

__all__ = ["classic_block", "pretty", "to_json"]


def pretty(answer: Answer) -> str:
    """The answer for a reader at a terminal; styles vanish where the output is no terminal."""
    rows = [
        f"{rank:>4}  {click.style(f'{candidate.log_prob:>9.3f}', dim=True)}  "
        + (candidate.text or click.style("(ends here)", dim=True))
        for rank, candidate in enumerate(answer.candidates, 1)
    ]
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
    return "\n".join((click.style(answer.line, bold=True), *rows, click.style(foot, dim=True)))


def to_json(answer: Answer) -> str:
    """The answer as one JSON object; what is left to chance comes with its seed."""
    seed = {} if answer.seed is None else {"seed": answer.seed}
    content = {
        "line": answer.line,
        "bundle": {"name": answer.bundle_name, "version": answer.bundle_version},
        "search": {"width": answer.width, "length": answer.length, "plain": answer.plain},
        "candidates": [
            {"text": candidate.text, "log_prob": candidate.log_prob}
            | ({} if candidate.objective is None else {"objective": candidate.objective})
            | seed
            for candidate in answer.candidates
        ],
        "elapsed_ms": round(answer.elapsed_ms, 3),
    }
    return json.dumps(content, ensure_ascii=False)


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
