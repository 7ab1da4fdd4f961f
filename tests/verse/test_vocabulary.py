import pytest
from lianju.bot.verse.text.vocabulary import Vocabulary, is_han


def vocabulary(*ordinary):
    return Vocabulary(("<unk>", "<e>", *ordinary), (-1, -1, *[1] * len(ordinary)))


def test_a_vocabulary_is_read_back_from_its_file(tmp_path):
    before = Vocabulary(("</l>", "<unk>", "山", "<e>"), (-1, -1, 12, -1))
    before.save(tmp_path / "vocab.txt")
    assert (
        tmp_path / "vocab.txt"
    ).read_bytes() == "</l>\t-1\n<unk>\t-1\n山\t12\n<e>\t-1\n".encode()
    after = Vocabulary.load(tmp_path / "vocab.txt")
    assert after == before
    assert (after.unknown, after.end, after.start, after.line) == (1, 3, None, 0)
    assert after.encode(["山", "海"]) == [2, 1]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<unk>\t-1\n<e>\t-1\n山\n", "line 3, is not token, tab, count"),
        ("<unk>\t-1\n<e>\t-1\n山\tx\n", "line 3, is not token, tab, count"),
        ("<unk>\t-1\n<e>\t-1\n\t4\n", "line 3, has no token"),
        ("<unk>\t-1\n<e>\t-1\n<e>\t-1\n", "line 3, repeats the token <e>"),
        ("<unk>\t-1\n", "must have <e>"),
        ("", "must have <unk>"),
    ],
)
def test_an_invalid_file_is_named_with_its_fault(tmp_path, text, fault):
    path = tmp_path / "words.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=fault) as caught:
        Vocabulary.load(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_bytes("<unk>\t-1\n<e>\t-1\n山\t1\n".encode("utf-16"))
    with pytest.raises(ValueError, match="not UTF-8"):
        Vocabulary.load(path)


def test_the_language_is_detected():
    assert vocabulary(*"山水云月日花鸟风雨x").is_chinese
    assert not vocabulary(*"山水云月日花鸟风xy").is_chinese
    assert not vocabulary().is_chinese
    assert vocabulary("the", "a").is_words
    assert not vocabulary("t", "a").is_words
    assert vocabulary("the", "é").is_lowercase
    assert not vocabulary("The").is_lowercase


@pytest.mark.parametrize("token", ["山", "〇", "㐀", "\U00020000", "\U00030000"])
def test_han(token):
    assert is_han(token)


@pytest.mark.parametrize("token", ["", "a", "，", "の", "山水", "<e>", "　"])
def test_not_han(token):
    assert not is_han(token)
