"""Sampling text from a model, token by token."""

from __future__ import annotations

import torch
from lianju.bot.verse.text.vocabulary import LINE, LOWER, SPACE, UPPER, Vocabulary

from .corpus import tokenize
from .errors import TrainingError
from .model import LanguageModel, State


@torch.no_grad()
def sample(
    model: LanguageModel,
    vocabulary: Vocabulary,
    prompt: list[str],
    *,
    temperature: float,
    seed: int,
    maximum: int,
    source: list[str] | None = None,
) -> list[str]:
    """Continues a prompt until the end token or `maximum` tokens.

    Args:
        model: The model.
        vocabulary: Its vocabulary.
        prompt: Tokens, `</l>` after each finished line; may be empty.
        temperature: Above 0; below 1 favors the likely tokens.
        seed: The same seed gives the same text.
        maximum: Most tokens to add.
        source: Tokens of the source, for an encoder-decoder.

    Returns:
        The prompt and its continuation, `</l>` included.
    """
    training = model.training
    model.eval()
    device = model.embedding.weight.device
    generator = torch.Generator().manual_seed(seed)
    ids = vocabulary.encode(prompt)
    if vocabulary.start is not None:
        ids = [vocabulary.start, *ids]
    # Without <s>, a text begins after the end of another.
    pending = torch.tensor([ids or [vocabulary.end]], device=device)
    never = (vocabulary.unknown, vocabulary.start, vocabulary.lower, vocabulary.upper)
    forbidden = [i for i in never if i is not None]
    state: State | None = None
    if source is not None:
        state = model.encode(torch.tensor([vocabulary.encode(source)], device=device))
    text = list(prompt)
    for _ in range(maximum):
        logits, state = model(pending, state)
        scaled = logits[0, -1].float().cpu() / temperature
        scaled[forbidden] = -torch.inf
        chosen = int(torch.multinomial(scaled.softmax(-1), 1, generator=generator))
        if chosen == vocabulary.end:
            break
        text.append(vocabulary.tokens[chosen])
        pending = torch.tensor([[chosen]], device=device)
    model.train(training)
    return text


def parse_prompt(text: str, vocabulary: Vocabulary) -> list[str]:
    """Splits a prompt into tokens; `/` ends a line, and text after the last `/` is an open line.

    Raises:
        TrainingError: The vocabulary lacks a token.
    """
    if vocabulary.is_lowercase:
        text = text.lower()
    *closed, open_line = (tokenize(line, vocabulary.is_words) for line in text.split("/"))
    ending = [] if vocabulary.line is None else [LINE]
    tokens = [token for line in closed for token in (*line, *ending)] + open_line
    _check_known(tokens, vocabulary)
    return tokens


def parse_source(text: str, vocabulary: Vocabulary) -> list[str]:
    """Splits a source into tokens: at its spaces, or into characters if no token is longer.

    A model of couplets needs a source that begins with `<lower>` or `<upper>`.

    Raises:
        TrainingError: The source is empty, the vocabulary lacks a token, or that one is missing.
    """
    if vocabulary.is_lowercase:
        text = text.lower()
    directions = [name for name in (LOWER, UPPER) if name in vocabulary]
    direction = [name for name in directions if text.lstrip().startswith(name)]
    if directions and not direction:
        raise TrainingError(f"Begin the source with {' or '.join(directions)}.")
    rest = text.lstrip().removeprefix("".join(direction)).split()
    tokens = rest if vocabulary.is_words else [*"".join(rest)]
    if not tokens:
        raise TrainingError("Give a source that is to be answered.")
    _check_known(tokens, vocabulary)
    return [*direction, *tokens]


def _check_known(tokens: list[str], vocabulary: Vocabulary) -> None:
    unknown = sorted({token for token in tokens if token not in vocabulary})
    if unknown:
        raise TrainingError(f"The model does not know {' '.join(unknown)}: leave it out.")


def as_text(tokens: list[str], vocabulary: Vocabulary) -> str:
    """Joins tokens for display: ` / ` between lines, spaces between words."""
    joined = (" " if vocabulary.is_words else "").join(
        " / " if token == LINE else f"{token} " if token in (LOWER, UPPER) else token
        for token in tokens
    )
    return joined.replace(SPACE, " ").strip().removesuffix("/").strip()
