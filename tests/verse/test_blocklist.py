import numpy as np
import pytest
from lianju.bot.verse.search.blocklist import Blocklist, offensive_words
from lianju.bot.verse.text.vocabulary import Vocabulary

TOKENS = ("<unk>", "<e>", "甲", "乙", "丙", "丁", "戊")
VOCABULARY = Vocabulary(TOKENS, (-1, -1, 9, 9, 9, 9, 9))
WORDS = ("甲乙", "丙丁戊", "乙甲乙", "丁未")


def refused(rule, paths):
    """What may not follow each path, of all tokens."""
    rows = np.array([VOCABULARY.encode(path) for path in paths], np.int64).reshape(len(paths), -1)
    every = np.tile(np.arange(len(VOCABULARY)), (len(paths), 1))
    found = rule.refuses(rows, every)
    return ["".join(np.array(TOKENS)[row]) for row in found]


def expected(paths, words=WORDS, opening=""):
    """The same by looking for the words in the text."""
    return [
        "".join(
            token for token in TOKENS if any((opening + path + token).endswith(w) for w in words)
        )
        for path in paths
    ]


def every_path(length):
    paths = [""]
    for _ in range(length):
        paths = [path + token for path in paths for token in TOKENS[2:]]
    return paths


@pytest.mark.parametrize("length", range(4))
def test_no_path_completes_a_word(length):
    paths = every_path(length)
    assert refused(Blocklist(VOCABULARY, WORDS), paths) == expected(paths)


@pytest.mark.parametrize("opening", ["", "甲"])
@pytest.mark.parametrize("length", range(3))
def test_a_single_character_can_be_on_the_list(opening, length):
    words = (*WORDS, "丁", "甲")
    rule = Blocklist(VOCABULARY, words).after(VOCABULARY.encode(opening))
    paths = every_path(length)
    assert refused(rule, paths) == expected(paths, words, opening)
    assert rule.reserve(length) > Blocklist(VOCABULARY, WORDS).reserve(length)


@pytest.mark.parametrize("opening", ["甲", "丙丁", "丁", "戊乙"])
@pytest.mark.parametrize("length", range(3))
def test_a_word_that_the_opening_begins(opening, length):
    rule = Blocklist(VOCABULARY, WORDS)
    paths = every_path(length)
    assert refused(rule.after(VOCABULARY.encode(opening)), paths) == expected(
        paths, opening=opening
    )
    assert refused(rule, paths) == expected(paths)


def test_candidates_are_judged_by_row():
    rule = Blocklist(VOCABULARY, WORDS)
    paths = np.array([VOCABULARY.encode("丙甲"), VOCABULARY.encode("丙丁")])
    token = np.array([VOCABULARY.encode("戊乙甲"), VOCABULARY.encode("戊乙甲")])
    assert rule.refuses(paths, token).tolist() == [[False, True, False], [True, False, False]]


@pytest.mark.parametrize(
    "tokens",
    [("<unk>", "<e>", "a", "b", "c"), ("<unk>", "<e>", "妓院", "妓", "院")],
    ids=["letters", "words"],
)
def test_the_blocklist_is_empty_for_word_tokens(tokens):
    rule = Blocklist(Vocabulary(tokens, (-1, -1, 9, 9, 9)), ("ab", "妓院", "bc"))
    every = np.arange(5)[:, None]
    assert not rule.refuses(every, np.tile(np.arange(5), (5, 1))).any()


def test_a_combination_with_a_character_that_the_model_lacks_refuses_nothing():
    assert refused(Blocklist(VOCABULARY, ("甲未", "未乙", "<unk>甲")), every_path(1)) == [""] * 5


def test_the_list_that_ships_is_in_force():
    tokens = dict.fromkeys("".join(offensive_words()))
    vocabulary = Vocabulary(("<unk>", "<e>", *tokens), (-1, -1, *(9 for _ in tokens)))
    rule = Blocklist(vocabulary)
    for word in offensive_words():
        *path, last = vocabulary.encode(word)
        assert rule.refuses(np.array([path]), np.array([[last]])).all(), word


def test_the_list_that_ships_is_a_list_of_combinations():
    words = offensive_words()
    assert len(words) > 100
    assert len(set(words)) == len(words)
    assert all(len(word) >= 2 and "\u4e00" <= min(word) <= max(word) <= "\u9fff" for word in words)


def test_harmless_lines_are_allowed():
    lines = "黄河远上白云间 山阴道士如相见 今日他乡独尔身 穆王八骏超昆仑 商女不知亡国恨 妓女出中闺"
    lines += " 隔江犹唱后庭花 旦为朝云暮行雨 单于下阴山 来比后庭中"
    assert [word for word in offensive_words() if word in lines] == []
