"""The report card, on a small bundle of random weights."""

from __future__ import annotations

import json
import shutil
from itertools import combinations, pairwise

import numpy as np
import pytest
import torch
from lianju.bot.verse.errors import BundleError
from lianju.bot.verse.model.bundle import default_directory, load_bundle
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.export.__main__ import main
from lianju.export.grade.stamp import is_measured_on
from lianju.training.checkpoint import Trained

from .conftest import CONFIGS, random_model
from .grading import HAN, relist, write_corpus, write_graded
from .toy_bundle import write_toy_bundle

KEYS = [
    *("perplexity_regulated", "perplexity_han", "perplexity_all"),
    *("distinct_2", "top_bigram", "stock", "log_prob"),
    *("apart", "distance"),
    *("length", "rhyme", "rhyme_unruled", "tones", "template", "repeated"),
    *("quatrains_distinct_1", "quatrains_distinct_2", "quatrains_distinct_4"),
    *("known_before", "known_after", "near_copies"),
    *("true_first", "true_warm", "true_offered"),
    "readers",
    *("told_lines", "told_plain", "told_quatrains"),
    *("answer_ms", "quatrain_ms"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("grade")


@pytest.fixture(scope="module")
def corpus(folder):
    return write_corpus(folder / "corpus", HAN, poems=20)


@pytest.fixture(scope="module")
def trained():
    special = ("<unk>", "<e>", "<s>", "</l>")
    vocabulary = Vocabulary((*special, *HAN), (-1,) * 4 + (7,) * len(HAN))
    return Trained(random_model(CONFIGS["lstm"]), vocabulary, {"preset": "toy", "seed": 3})


@pytest.fixture(scope="module")
def bundle(trained, corpus, folder):
    return write_graded(trained, corpus, folder / "bundle")


def _run(*arguments):
    """Runs the exporter; returns its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["lianju-export", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
    return stop.value.code


def _grade(bundle, corpus, out, *more):
    common = ("--prompts", 16, "--poems", 6, "--threads", 1, "--pairs", 8)
    if not (corpus / "readings.json").exists():
        write_readings(corpus)
    common = (*common, "--readings", corpus / "readings.json")
    return _run("grade", bundle, "--corpus", corpus, "--out", out, *common, *more)


def write_readings(corpus):
    """Writes marks for lines of the corpus; the poets' own do not count."""
    couplets = list(_couplets(corpus).items())[:8]
    lines = [
        {
            "first": first,
            "candidates": [
                {"text": own, "from": "poet", "sense": 3},
                {"text": other, "from": "toy", "sense": number % 4},
            ],
        }
        for number, ((first, own), (_, other)) in enumerate(pairwise(couplets))
    ]
    text = json.dumps({"lines": lines}, ensure_ascii=False)
    (corpus / "readings.json").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def card(bundle, corpus, folder):
    """The folder of a card."""
    out = folder / "card"
    assert _grade(bundle, corpus, out) == 0
    return out


def _read(card):
    content = json.loads((card / "card.json").read_text(encoding="utf-8"))
    return content, {row["key"]: row for row in content["rows"]}


@pytest.fixture
def rows(card):
    return _read(card)[1]


@pytest.fixture
def answers(card):
    """Prompt, poet's line, and five lines offered, of each answer."""
    lines = (card / "answers.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[1:]]


@pytest.fixture
def quatrains(card):
    text = (card / "quatrains.txt").read_text(encoding="utf-8")
    return [line.split("，") for line in text.splitlines()]


def _held_out(corpus):
    return [
        [line.replace(" ", "") for line in poem.split("</l>") if line.strip()]
        for split in ("validation", "test")
        for poem in (corpus / f"{split}.txt").read_text(encoding="utf-8").splitlines()
    ]


def _couplets(corpus):
    return {poem[0]: poem[1] for poem in _held_out(corpus) if len(poem[0]) == len(poem[1])}


def test_the_card_has_every_figure(card, rows):
    assert list(rows) == KEYS
    assert all(row["measured"] is not None for row in rows.values())
    text = (card / "card.md").read_text(encoding="utf-8")
    assert all(row["label"] in text for row in rows.values())


def test_the_card_has_the_checksums_of_the_bundle(card, bundle):
    content, _ = _read(card)
    files = load_bundle(bundle).manifest.files
    assert content["bundle"]["files"] == {name: file.sha256 for name, file in files.items()}


def test_prompts_are_held_out_first_lines(answers, corpus):
    couplets = _couplets(corpus)
    assert len(answers) == 16 == len({prompt for prompt, *_ in answers})
    assert all(couplets[prompt] == poet for prompt, poet, *_ in answers)


def test_answer_figures_follow_from_the_answers(rows, answers):
    for column, side in ((2, "measured"), (1, "human_reference")):
        lines = [row[column] for row in answers]
        bigrams = [a + b for line in lines for a, b in pairwise(line)]
        assert rows["distinct_2"][side] == pytest.approx(len(set(bigrams)) / len(bigrams), abs=1e-5)
        most = max(sum(gram in line for line in lines) for gram in set(bigrams))
        assert rows["top_bigram"][side] == pytest.approx(most / 16, abs=1e-5)
    apart = [
        [sum(x != y for x, y in zip(a, b, strict=True)) for a, b in combinations(row[2:], 2)]
        for row in answers
    ]
    assert rows["apart"]["measured"] == pytest.approx(np.mean([min(d) >= 3 for d in apart]), 1e-4)
    assert rows["distance"]["measured"] == pytest.approx(np.mean(apart), abs=1e-5)
    assert rows["length"]["measured"] == 1
    assert rows["length"]["met"]


@torch.no_grad()
def _log_prob(model, vocabulary, before, line):
    """Natural-log probability of a line after others, in one pass of PyTorch."""
    lines = [token for each in (*before, line) for token in (*each, "</l>")]
    ids = torch.tensor([vocabulary.encode(["<s>", *lines])])
    logits, _ = model(ids[:, :-1])
    picked = logits[0].log_softmax(-1).gather(-1, ids[0, 1:, None])[:, 0]
    return float(picked[-len(line) - 1 :].sum())


def test_log_probabilities_match_pytorch(rows, answers, trained):
    for column, side in ((2, "measured"), (1, "human_reference")):
        expected = np.mean(
            [_log_prob(trained.model, trained.vocabulary, [row[0]], row[column]) for row in answers]
        )
        assert rows["log_prob"][side] == pytest.approx(expected, abs=1e-3)


def _score(trained, prompt, line):
    """The score that orders answers, in PyTorch."""

    def log_prob(before, text):
        return _log_prob(trained.model, trained.vocabulary, before, text)

    relevance = log_prob([line], prompt) - log_prob([], prompt)
    return log_prob([prompt], line) + 0.3 * relevance


def test_the_poets_line_is_ranked_among_others_of_its_kind(rows, answers, trained, bundle, corpus):
    groups = [
        line.split("\t")[2]
        for line in (bundle / "prosody.tsv").read_text(encoding="utf-8").splitlines()
    ]

    def kind(line):
        level = "".join(groups[:2])
        rhyme = next(n for n, group in enumerate(groups) if line[-1] in group)
        return len(line), rhyme, line[1] in level

    lines = {line for poem in _held_out(corpus) for line in poem[1:]}
    found = []
    for prompt, poet, *_ in answers:
        others = {line for line in lines if kind(line) == kind(poet)} - {prompt, poet}
        assert len(others) < 20  # so that the choice of some does not matter
        if others:
            best = max(_score(trained, prompt, line) for line in others)
            found.append(_score(trained, prompt, poet) > best)
    assert len(found) > 5
    assert rows["true_first"]["measured"] == pytest.approx(np.mean(found), abs=1e-5)


def test_the_score_is_compared_with_the_marks(rows, trained, corpus):
    content = json.loads((corpus / "readings.json").read_text(encoding="utf-8"))
    scores, marks = [], []
    for each in content["lines"]:
        _, machine = each["candidates"]
        scores.append(_score(trained, each["first"], machine["text"]) / len(machine["text"]))
        marks.append(machine["sense"])
    assert rows["readers"]["measured"] == pytest.approx(spearman(scores, marks), abs=1e-4)


def spearman(one, other):
    """Rank correlation by its definition."""

    def ranks(values):
        return [
            1 + sum(x < value for x in values) + (sum(x == value for x in values) - 1) / 2
            for value in values
        ]

    return np.corrcoef(ranks(one), ranks(other))[0, 1]


def test_shares_of_pairs_told_apart_are_shares(rows):
    for key in ("told_lines", "told_plain", "told_quatrains"):
        assert 0 <= rows[key]["measured"] <= 1
    assert 0 <= rows["true_warm"]["measured"] <= 1


def test_quatrain_figures_follow_from_the_quatrains(rows, quatrains):
    assert len(quatrains) == 6
    assert all([len(line) for line in poem] == [7] * 4 for poem in quatrains)
    texts = ["".join(poem) for poem in quatrains]
    expected = np.mean([1 - len(set(text)) / 28 for text in texts])
    assert rows["repeated"]["measured"] == pytest.approx(expected, abs=1e-5)
    for n in (1, 2, 4):
        grams = [text[i : i + n] for text in texts for i in range(29 - n)]
        measured = rows[f"quatrains_distinct_{n}"]["measured"]
        assert measured == pytest.approx(len(set(grams)) / len(grams), abs=1e-5)
    # Fewer than a thousand: held to as many of poets.
    assert rows["quatrains_distinct_2"]["target"] == rows["quatrains_distinct_2"]["human_reference"]


def test_rhymes_follow_the_table(rows, quatrains, bundle):
    groups = [
        set(line.split("\t")[2])
        for line in (bundle / "prosody.tsv").read_text(encoding="utf-8").splitlines()[:2]
    ]
    rhyming = [any({poem[1][-1], poem[3][-1]} <= group for group in groups) for poem in quatrains]
    assert rows["rhyme"]["measured"] == pytest.approx(np.mean(rhyming), abs=1e-5)


def test_no_training_line_is_offered(rows, answers, corpus):
    text = (corpus / "train.txt").read_text(encoding="utf-8").replace(" ", "")
    training = set(text.replace("\n", "").split("</l>"))
    offered = [line for row in answers for line in row[2:]]
    assert not training & set(offered)
    assert rows["known_after"]["measured"] == 0
    assert rows["known_after"]["met"]


def test_the_same_seed_gives_the_same_card(bundle, corpus, tmp_path):
    small = ("--prompts", 6, "--poems", 3, "--pairs", 4)
    first, again, other = (tmp_path / name for name in ("first", "again", "other"))
    for out, more in ((first, ()), (again, ()), (other, ("--seed", 1, "--pairs", 0))):
        assert _grade(bundle, corpus, out, *small, *more) == 0
    for key in set(KEYS) - {"answer_ms", "quatrain_ms"}:
        assert _read(first)[1][key] == _read(again)[1][key]
    texts = [(each / "answers.tsv").read_text(encoding="utf-8") for each in (first, again, other)]
    assert texts[0] == texts[1] != texts[2]
    assert list(_read(other)[1]) == [key for key in KEYS if "told" not in key]


@pytest.fixture
def copy(bundle, tmp_path):
    """The bundle, to be damaged."""
    return shutil.copytree(bundle, tmp_path / "copy")


def test_figures_are_stamped_into_the_manifest(copy, card, capsys):
    before = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    assert _run("stamp", copy, card / "card.json") == 0
    assert f"{len(KEYS)} figures" in capsys.readouterr().out
    opened = load_bundle(copy)
    figures = opened.manifest.metrics.pop("card")
    assert list(figures["rows"]) == KEYS
    assert is_measured_on(figures, opened)
    after = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    del after["metrics"]["card"]
    assert after == before


def test_shipped_figures_belong_to_the_shipped_bundle():
    shipped = load_bundle(default_directory())
    figures = shipped.manifest.metrics.get("card")
    assert figures is None or is_measured_on(figures, shipped)


def test_figures_of_other_files_are_not_stamped(copy, card, capsys):
    (copy / "prosody.tsv").write_text(
        (copy / "prosody.tsv").read_text(encoding="utf-8").replace("董", "洞", 1), encoding="utf-8"
    )
    with pytest.raises(BundleError):
        load_bundle(copy)
    relist(copy, "prosody.tsv")
    before = (copy / "manifest.json").read_bytes()
    assert _run("stamp", copy, card / "card.json") == 2
    assert "of a bundle with other files" in capsys.readouterr().err
    assert (copy / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in copy.iterdir()) == sorted(
        path.name for path in card.parent.joinpath("bundle").iterdir()
    )


@pytest.fixture(scope="module")
def others(trained, folder):
    """Bundles that cannot be graded: of words, and of a preset without line tokens."""
    for name, special, letters in (
        ("latin", trained.vocabulary.tokens[:4], [f"w{i}" for i in range(43)]),
        ("seed", ("<unk>", "<e>"), [*HAN, "松", "竹"]),
    ):
        tokens = (*special, *letters)
        counts = tuple(-1 if token in special else 7 for token in tokens)
        other = Trained(trained.model, Vocabulary(tokens, counts), {})
        write_toy_bundle(other, folder / "others" / name)
    return folder / "others"


def _without_prosody(copy):
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    del manifest["files"]["prosody.tsv"]
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["grade", "{copy}"], "has no prosody.tsv, the table of tones and rhymes"),
        (["grade", "{tmp}/none"], "There is no bundle at"),
        (["grade", "{bundle}", "--corpus", "{tmp}/none"], "run `lianju-train prepare` first"),
        (["grade", "{bundle}", "--corpus", "{tmp}/bare"], "too few held-out poems"),
        (["grade", "{bundle}", "--prompts", "1"], "--prompts"),
        (["grade", "{bundle}", "--out", "{tmp}/file"], "is a file"),
        (["grade", "{others}/latin"], "is not a model of Chinese verse"),
        (["grade", "{others}/seed"], "cannot choose lines"),
        (["stamp", "{bundle}", "{tmp}/none"], "cannot be read"),
        (["stamp", "{bundle}", "{tmp}/file"], "is not a card"),
        (["stamp", "{bundle}", "{corpus}/report.json"], "is not a card"),
    ],
)
def test_bad_input_is_one_sentence(
    arguments, sentence, bundle, copy, corpus, others, tmp_path, capsys
):
    _without_prosody(copy)
    (tmp_path / "file").write_text("{}", encoding="utf-8")
    (tmp_path / "bare").mkdir()
    for split in ("train", "validation", "test"):
        (tmp_path / "bare" / f"{split}.txt").write_text("a b c\n", encoding="utf-8")
    places = {"bundle": bundle, "copy": copy, "corpus": corpus, "others": others, "tmp": tmp_path}
    given = [argument.format(**places) for argument in arguments]
    defaults = {"--corpus": corpus, "--out": tmp_path / "card"}
    if given[0] == "stamp":
        defaults = {}
    for option, value in defaults.items():
        given += [] if option in given else [option, str(value)]
    assert _run(*given) == 2
    out, complaint = capsys.readouterr()
    assert out == ""
    assert complaint.startswith("lianju-export: ")
    assert sentence in complaint
    assert complaint.count("\n") == 1
    assert not (tmp_path / "card").exists()
