"""The n-gram baseline, against the formula with dictionaries."""

import json
import math
from collections import Counter, defaultdict
from functools import cache

import numpy as np
import pytest
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.data import build_vocabulary, encode_poem, read_poems
from lianju.training.errors import CorpusError
from lianju.training.evaluate import measure, perplexity
from lianju.training.ngram import NGramModel, open_baseline

LETTERS = "abcdefgh"
WITH_START = Vocabulary(("<unk>", "<e>", "<s>", "</l>", *LETTERS), (-1,) * 4 + (1,) * 8)
WITHOUT = Vocabulary(("<unk>", "<e>", *LETTERS), (-1,) * 2 + (1,) * 8)


def _texts(vocabulary, count=60, seed=4):
    """Random texts in which some letters follow each other more often than others."""
    rng = np.random.default_rng(seed)
    texts = []
    for _ in range(count):
        letter, text = rng.integers(8), []
        for _ in range(rng.integers(1, 12)):
            text.append(LETTERS[letter])
            letter = (letter + rng.choice(4, p=[0.1, 0.5, 0.2, 0.2])) % 8
        texts.append(encode_poem(text, vocabulary))
    return texts


class Dictionary:
    """Kneser-Ney as in Chen & Goodman 1998, figure 5 and section 4.1.6, word for word."""

    def __init__(self, texts, vocabulary, order):
        begin = "begin"  # any mark that is no token
        drop = 0 if vocabulary.start is None else 1
        texts = [(begin, *text[drop:]) for text in texts]
        self.tokens = [t for t in range(len(vocabulary)) if t != vocabulary.start]
        self.begin, self.order = begin, order
        raw = {n: Counter() for n in range(1, order + 1)}
        for text in texts:
            for n in raw:
                raw[n].update(text[i : i + n] for i in range(len(text) - n + 1))
        self.counts = {}
        for n in raw:
            before = defaultdict(set)
            for gram in raw.get(n + 1, ()):
                before[gram[1:]].add(gram[0])
            self.counts[n] = {
                gram: count if n == order or gram[0] == begin else len(before[gram])
                for gram, count in raw[n].items()
                if gram != (begin,)
            }
        self.discounts = {n: self._discount(Counter(c.values())) for n, c in self.counts.items()}
        self.after = defaultdict(dict)
        for counts in self.counts.values():
            for gram, count in counts.items():
                self.after[gram[:-1]][gram[-1]] = count

    @staticmethod
    def _discount(of):
        if not all(of[n] for n in (1, 2, 3, 4)):
            return (0.5, 1.0, 1.5)
        y = of[1] / (of[1] + 2 * of[2])
        found = (1 - 2 * y * of[2] / of[1], 2 - 3 * y * of[3] / of[2], 3 - 4 * y * of[4] / of[3])
        return found if all(0 <= d <= n for n, d in enumerate(found, 1)) else (0.5, 1.0, 1.5)

    @cache  # noqa: B019 - lives as long as the test
    def p(self, token, context):
        context = context[-(self.order - 1) :] if self.order > 1 else ()
        shorter = self.p(token, context[1:]) if context else 1 / len(self.tokens)
        followers = self.after.get(context)
        if not followers:
            return shorter
        discounts = self.discounts[len(context) + 1]
        total = sum(followers.values())
        taken = {w: discounts[min(c, 3) - 1] for w, c in followers.items()}
        own = followers[token] - taken[token] if token in followers else 0
        return own / total + sum(taken.values()) / total * shorter


@pytest.mark.parametrize("vocabulary", [WITH_START, WITHOUT], ids=["start", "no start"])
@pytest.mark.parametrize("order", [2, 3, 5])
@pytest.mark.parametrize("count", [3, 60, 900])
def test_every_probability_equals_the_formula_with_dictionaries(vocabulary, order, count):
    texts = _texts(vocabulary, count)
    model, reference = NGramModel(texts, vocabulary, order), Dictionary(texts, vocabulary, order)
    assert model.tokens == sum(len(text) - (vocabulary.start is not None) for text in texts)
    begin = () if vocabulary.start is None else (vocabulary.start,)
    for text in _texts(vocabulary, 10, seed=5):
        scores = model.score(np.array([text]))[0]
        whole = text[len(begin) :]
        for t in range(1 - len(begin), len(whole)):
            context = (reference.begin, *whole[:t])
            expected = math.log(reference.p(whole[t], context))
            assert scores[t - 1 + len(begin)] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("vocabulary", [WITH_START, WITHOUT], ids=["start", "no start"])
def test_probabilities_sum_to_one(vocabulary):
    model = NGramModel(_texts(vocabulary), vocabulary)
    tokens = [t for t in range(len(vocabulary)) if t != vocabulary.start]
    for text in _texts(vocabulary, 20, seed=6):
        for t in range(1, len(text) + 1):
            ids = np.array([[*text[:t], token] for token in tokens])
            assert np.exp(model.score(ids)[:, -1]).sum() == pytest.approx(1, abs=1e-5)


def test_texts_shorter_than_the_order():
    texts = [encode_poem(text, WITH_START) for text in (["a"], ["b"], ["a"])]
    model, reference = NGramModel(texts, WITH_START), Dictionary(texts, WITH_START, 5)
    expected = reference.p(4, (reference.begin,))
    assert math.exp(model.score(np.array([[2, 4]]))[0, 0]) == pytest.approx(expected, rel=1e-5)


def test_a_vocabulary_too_large_for_one_number_is_refused():
    size = 6209  # the least whose fifth power is beyond 2^63
    vocabulary = Vocabulary(
        ("<unk>", "<e>", "<s>", *map(str, range(size - 3))), (-1,) * 3 + (1,) * (size - 3)
    )
    with pytest.raises(ValueError, match="6209 tokens are too many"):
        NGramModel([[2, 3, 1]], vocabulary)


def _two_corpora(corpus):
    """Says of the toy corpus that 80 of its 120 poems are one corpus and the rest another."""
    kept = {"tang": {"poems": 80}, "song": {"poems": 40}}
    (corpus / "report.json").write_text(json.dumps({"kept": {"train": kept}}), encoding="utf-8")
    return corpus


@pytest.mark.parametrize(("part", "chosen"), [("tang", (0, 80)), ("song", (80, 120)), ("all", ())])
def test_a_part_is_counted_alone(part, chosen, corpus):
    poems = read_poems(_two_corpora(corpus) / "train.txt")[slice(*chosen) if chosen else slice(120)]
    vocabulary = build_vocabulary(poems, line_tokens=True, minimum_count=1, maximum_size=6004)
    texts = [encode_poem(poem, vocabulary) for poem in poems]
    expected = perplexity(NGramModel(texts, vocabulary), read_poems(corpus / "test.txt"))
    assert measure(open_baseline(corpus, part), corpus, "test") == expected


def test_an_unknown_part_is_refused(corpus):
    with pytest.raises(CorpusError, match="no training part 'yuan': choose from tang, song, all"):
        open_baseline(_two_corpora(corpus), "yuan")


def test_a_continuous_text_is_one_text(tmp_path):
    words = ["a", "b", "c", "d", "e", "f"] * 40
    for split, lines in {"train": 20, "test": 4}.items():
        text = "\n".join(" ".join(words[i : i + 6]) for i in range(lines))
        (tmp_path / f"{split}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "report.json").write_text('{"stream": true}', encoding="utf-8")
    model = open_baseline(tmp_path, "all")
    assert model.vocabulary.start is None
    assert model.tokens == 20 * 7
    found = measure(model, tmp_path, "test")
    assert found.poems == 1
    assert 1 < found.all < 7
