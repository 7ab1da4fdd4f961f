"""The table of variant characters, from small tables and from the published ones."""

from pathlib import Path

import pytest
from lianju.bot.verse.model.bundle import default_directory
from lianju.bot.verse.text import prompt
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.export import variants
from lianju.export.errors import ExportError

WORDS = Vocabulary(("<unk>", "<e>", "青", "丘", "岳", "采", "彩"), (-1, -1, 9, 3, 8, 7, 2))


def find(one, other=None):
    return variants.find_variants(one, one if other is None else other, WORDS)


def test_only_what_both_tables_say_is_a_variant():
    one, other = {"靑": "青", "㐀": "丘坵"}, {"靑": "靑青", "㐀": "岳"}
    assert find(one, other) == {"靑": "青"}


def test_usual_characters_are_simplified_before_they_are_compared():
    assert find({"㟴": "嶽"}, {"㟴": "岳"}) == {"㟴": "岳"}


@pytest.mark.parametrize("character", ["您", "采", "嶽", "讬", "a"])
def test_characters_in_use_and_those_that_opencc_converts_are_no_variants(character):
    """Of GB 2312, of the vocabulary, traditional, simplified, and no Chinese one."""
    assert find({character: "青"}) == {}


def test_of_several_the_one_that_is_by_far_the_commonest():
    assert find({"㐀": "青彩"}) == {"㐀": "青"}
    assert find({"㐀": "青丘"}) == {}  # 9 is less than four times 3
    assert find({"㐀": "坵"}) == {}  # which the vocabulary lacks


@pytest.mark.parametrize("content", ["黑 黒", "[]", "{", '{"黑": 3}'])
@pytest.mark.parametrize("read", [variants.read_tsv, variants.read_json])
def test_an_invalid_table_is_refused(tmp_path, read, content):
    table = tmp_path / "table"
    table.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"."):
        list(read(table))


@pytest.mark.slow  # fetches 1 MB the first time
def test_the_published_tables_give_the_table_that_ships():
    words = Vocabulary.load(default_directory() / "vocab.txt")
    try:
        text = variants.build_variants(words)
    except ExportError as error:
        if "check the network" not in str(error):
            raise
        pytest.skip(str(error))
    shipped = Path(prompt.__file__).with_name("variants.txt")
    assert text == shipped.read_text(encoding="utf-8")
