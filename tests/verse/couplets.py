"""A model of couplets without a network, and what a couplet must be, told in plain Python."""

from pathlib import Path

import numpy as np
from lianju.bot.verse.composer import Composer
from lianju.bot.verse.model.bundle import Bundle
from lianju.bot.verse.model.manifest import Manifest
from lianju.bot.verse.prosody.table import Prosody
from lianju.bot.verse.serving.scheduler import Scheduler
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.bot.verse.text.word_kinds import WordKinds

from .table import TableModel, random_table

SPECIALS = ("<unk>", "<e>", "<s>", "<lower>", "<upper>")
COMMA = "，"
LEVEL, OBLIQUE, EITHER = "天山春花三", "月水夜雨一", "看中"
NEITHER = "猫"  # the table of tones lacks it
NUMBERS = "三一"
LETTERS = LEVEL + OBLIQUE + EITHER + NEITHER
TOKENS = (*SPECIALS, COMMA, *LETTERS)
KINDS = f"{NUMBERS}\t{NUMBERS}\n"


class SourceTable(TableModel):
    """A table whose histories begin with the source."""

    def encode(self, source):
        rows = np.zeros(len(source), np.int64)
        return self.prefill(source.T, rows, self.initial_state())


def vocabulary_of(tokens=TOKENS):
    return Vocabulary(tokens, tuple(-1 if token in SPECIALS else 1 for token in tokens))


def couplet_bundle(*, tokens=TOKENS, prosody=True, kinds="", known=None):
    """A bundle of couplets, all but its model."""
    vocabulary = vocabulary_of(tokens)
    has = [letter for letter in LETTERS if letter in tokens]

    def read(*groups):
        return "".join(letter for letter in has if any(letter in group for group in groups))

    rows = [("先", "平", read(LEVEL, EITHER)), ("屑", "入", read(OBLIQUE, EITHER))]
    return Bundle(
        Path("couplets"),
        Manifest.model_construct(name="table", version="1.0.0", encoder=object(), reranker=None),
        vocabulary,
        Prosody(rows, vocabulary) if prosody else None,
        known,
        WordKinds.parse(kinds, vocabulary) if kinds else None,
    )


def couplet_composer(bundle=None, seed=1):
    """A composer over a table of random numbers; close it in the end."""
    bundle = bundle or couplet_bundle()
    model = SourceTable(random_table(seed, len(bundle.vocabulary)), len(bundle.vocabulary))
    return Composer(bundle, model, Scheduler(model))


def tones_of(letter):
    """The tones that a character can have."""
    return {tone for tone, letters in (("平", LEVEL), ("仄", OBLIQUE)) if letter in letters} or {
        "平",
        "仄",
    }


def clauses(line):
    """The places of the characters of each half."""
    places, found = [], []
    for place, letter in enumerate(line):
        if letter == COMMA:
            found.append(places)
            places = []
        else:
            places.append(place)
    return [*found, places]


def opposed(given, answer, *, upper=False):
    """Whether the tones of an answer are opposed where they have to be."""
    for places in clauses(given):
        for number, place in enumerate(places, 1):
            if number % 2 == 0 or number == len(places):
                others = {"平": "仄", "仄": "平"}
                wanted = {others[tone] for tone in tones_of(given[place])}
                if place == len(given) - 1 and len(wanted) == 2:
                    wanted = {"仄" if upper else "平"}
                if not wanted & tones_of(answer[place]):
                    return False
    return True


def repeats_alike(given, answer):
    """Whether an answer repeats characters where the given line does, and shares no others."""
    size = range(len(given))
    twice = {letter for letter in given if given.count(letter) > 1}
    for i in size:
        if (given[i] == COMMA) != (answer[i] == COMMA):
            return False
        if given[i] == COMMA:
            continue
        if answer[i] == given[i]:
            return False
        if answer[i] in given and not (answer[i] in twice and given[i] in twice):
            return False
    return all((given[i] == given[j]) == (answer[i] == answer[j]) for i in size for j in size)


def kinds_agree(given, answer):
    """Whether numbers answer numbers."""
    return all(a in NUMBERS for g, a in zip(given, answer, strict=True) if g in NUMBERS)
