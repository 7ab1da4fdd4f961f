"""Binary addition by a recurrent net: the text that it learns from, and sums through its bundle.

A line of the text has sums of two random numbers of at most 8 bits, least significant bit first,
each with a `.` at its end. A token such as `10` has a bit of each number. After about half of these
stands the bit of the sum, `〇` or `一`: where it does not, nothing but the hidden state can bring
the carry to the next place.

Usage:
    python docs/examples/addition.py text addition.txt
    lianju-train prepare --text addition.txt --out data/addition
    lianju-train train data/addition --preset addition --out runs/addition
    lianju-export bundle runs/addition/best.pt --out bundles/addition
    python docs/examples/addition.py add bundles/addition 200 100
    python docs/examples/addition.py check bundles/addition
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import numpy as np
from lianju.bot.errors import LianjuError
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.language_model import LanguageModel
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.errors import run_command
from lianju.training.options import FOLDER, NEW_FILE

PAIRS = ("00", "01", "10", "11")
SUM_BITS = ("〇", "一")  # Han, since the trainer reports the perplexity of Han characters alone
END = "."
TRAINED_BITS = 8
# A sum ends after each place with the same probability. If all had one length, the net would learn
# to count the places, and fail beyond it.
END_SHARE = 0.25
LINE_SUMS = 8
LONG_BITS, LONG_SUMS = 64, 1000

_seed_option = click.option("--seed", type=click.IntRange(0), default=1, show_default=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Teaches a recurrent net to add binary numbers."""


@cli.command()
@click.argument("file", type=NEW_FILE)
@click.option("--lines", type=click.IntRange(1), default=4000, show_default=True)
@_seed_option
def text(file: Path, lines: int, seed: int) -> None:
    """Writes FILE, for lianju-train prepare --text."""
    rng = np.random.default_rng(seed)
    written = (" ".join(line(rng)) for _ in range(lines))
    file.write_text("".join(f"{each}\n" for each in written), encoding="utf-8")


@cli.command("add")
@click.argument("directory", metavar="BUNDLE", type=FOLDER)
@click.argument("one", type=click.IntRange(0))
@click.argument("other", type=click.IntRange(0))
def add_two(directory: Path, one: int, other: int) -> None:
    """Prints the sum of ONE and OTHER, as BUNDLE finds it."""
    click.echo(add(*open_bundle(directory), [(one, other)])[0])


@cli.command()
@click.argument("directory", metavar="BUNDLE", type=FOLDER)
@_seed_option
def check(directory: Path, seed: int) -> None:
    """Adds all numbers of 8 bits, and random ones of 64 bits, with BUNDLE."""
    model, vocabulary = open_bundle(directory)
    every = [(a, b) for a in range(1 << TRAINED_BITS) for b in range(1 << TRAINED_BITS)]
    wrong = 0
    for bits, numbers in {TRAINED_BITS: every, LONG_BITS: random_numbers(seed)}.items():
        sums = add(model, vocabulary, numbers)
        right = sum(a + b == found for (a, b), found in zip(numbers, sums, strict=True))
        click.echo(f"{bits} bits: {right:,} of {len(numbers):,} sums are right")
        wrong += len(numbers) - right
    if wrong:
        sys.exit(1)


def line(rng: np.random.Generator) -> Iterator[str]:
    """Yields the tokens of a line of the text."""
    for _ in range(LINE_SUMS):
        places = min(int(rng.geometric(END_SHARE)), TRAINED_BITS)
        a, b = rng.integers(1 << places, size=2).tolist()
        for place, is_shown in enumerate(rng.random(places) < 0.5):
            yield pair(a, b, place)
            if is_shown:
                yield SUM_BITS[a + b >> place & 1]
        yield END


def pair(a: int, b: int, place: int) -> str:
    """Returns the token of the two numbers' bits at a place, 0 the least significant."""
    return f"{a >> place & 1}{b >> place & 1}"


def random_numbers(seed: int) -> list[tuple[int, int]]:
    """Returns pairs of random numbers of 64 bits."""
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 1 << LONG_BITS, (LONG_SUMS, 2), np.uint64, endpoint=False)
    return [(int(a), int(b)) for a, b in numbers]


def open_bundle(directory: Path) -> tuple[OnnxModel, Vocabulary]:
    """Opens a bundle that was trained on this text.

    Raises:
        LianjuError: There is no bundle, or it is damaged.
        click.UsageError: It was trained on something else.
    """
    bundle = load_bundle(directory)
    if not all(token in bundle.vocabulary for token in (*PAIRS, *SUM_BITS)):
        raise click.UsageError(
            f"{directory} has not learned to add: give a bundle that was trained on this text."
        )
    return OnnxModel(bundle, provider="cpu", threads=1), bundle.vocabulary


def add(
    model: LanguageModel, vocabulary: Vocabulary, numbers: Iterable[tuple[int, int]]
) -> list[int]:
    """Adds pairs of numbers, all in one batch, of which each is a row.

    A step reads the bits at one place, and the bit of the sum is the likelier of the two tokens. It
    is not fed back: all that a step has of earlier places is the state.
    """
    numbers = list(numbers)
    bits = vocabulary.encode(SUM_BITS)
    mask = np.full((1, len(vocabulary)), -np.inf, np.float32)
    mask[0, bits] = 0
    rows = np.arange(len(numbers))
    state = model.initial_state(len(numbers))
    sums = [0] * len(numbers)
    for place in range(max(map(max, numbers)).bit_length() + 1):
        token = vocabulary.encode(pair(a, b, place) for a, b in numbers)
        output = model.step(np.array(token), rows, state, 1, mask)
        state = output.state
        found = output.top_token[:, 0] == bits[1]
        sums = [total | bit << place for total, bit in zip(sums, found.tolist(), strict=True)]
    return sums


if __name__ == "__main__":
    run_command(cli, "addition.py", LianjuError)
