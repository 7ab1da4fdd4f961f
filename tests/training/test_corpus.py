import pytest
from lianju.training.corpus import PoemError, clean, form, has_words, simplifier, tokenize


@pytest.mark.parametrize(
    ("published", "lines"),
    [
        ("秦川雄帝宅，函谷壯皇居。", ["秦川雄帝宅", "函谷壮皇居"]),
        ("一水護田將綠遶。。兩山排闥送青來。", ["一水护田将绿绕", "两山排闼送青来"]),
        # An editor's reading stays, a note goes, also one within another.
        ("停杯試北望，還欲淚沾[襟]。", ["停杯试北望", "还欲泪沾襟"]),
        (
            "軍器甲（辛本作「良」（按：一作甲））夜後生，光照遠山明。",
            ["军器甲夜后生", "光照远山明"],
        ),
        ("折毀月形方上窖〖1〗，離營百步正相當。", ["折毁月形方上窖", "离营百步正相当"]),
        ("《易》之位六親，與「五」鄉外卦。", ["易之位六亲", "与五乡外卦"]),
    ],
)
def test_cleaning_keeps_the_poem_and_removes_editorial_marks(published, lines):
    assert clean(published, simplifier()) == tuple(lines)


@pytest.mark.parametrize(
    ("published", "reason"),
    [
        ("□□□滿山，花落始知靜。", "missing glyphs"),
        ("葉落{艹/糓}山中，花落始知靜。", "missing glyphs"),
        ("一去定無反，（見《粵西通志》花落始知靜。", "notes"),
        (
            "一去定無反" + "（" * 300_000 + "）" * 300_000 + "花落始知靜。",
            "notes",
        ),  # in linear time
        ("一去定無反x，花落始知靜人。", "markup"),
        ("一去定無反\ud800，花落始知靜人。", "missing glyphs"),
        ("山中人，月下。", "too short"),
        ("", "too short"),
    ],
)
def test_a_poem_that_cannot_be_cleaned_is_rejected_with_a_reason(published, reason):
    with pytest.raises(PoemError) as verdict:
        clean(published, simplifier())
    assert str(verdict.value) == reason


def test_form_counts_lines_and_characters():
    assert form(["山" * 5] * 4) == "五绝"
    assert form(["山" * 7] * 8) == "七律"
    assert form(["山" * 5] * 3) == "other"
    assert form(["山" * 5, "山" * 7] * 2) == "other"


def test_text_is_split_into_characters_or_words():
    assert tokenize("T rex", words=False) == ["T", "␣", "r", "e", "x"]
    assert tokenize("the  old oak ", words=True) == ["the", "old", "oak"]
    assert has_words(iter(["the old oak", "a tree", "end"]))
    assert not has_words(iter(["aachenosaurus", "zupaysaurus", "t rex"]))
