"""The table of today's rhymes, from small tables and from the published one."""

import json
from pathlib import Path

import pytest
from lianju.bot.verse.model.bundle import default_directory
from lianju.bot.verse.prosody import xinyun as shipped
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.export import xinyun
from lianju.export.errors import ExportError

# The rhyme words that the standard itself gives for each group.
STANDARD = {
    "麻": "mā jiā guā",
    "波": "bō gē duō",
    "皆": "jiē xuē yuè",
    "开": "kāi huái wài",
    "微": "wēi fēi guī shuǐ",
    "豪": "háo yāo xiǎo",
    "尤": "yóu qiū lóu jiǔ",
    "寒": "hán tiān guān yuán juàn",
    "文": "wén xīn chūn yún jūn rén yīn",
    "唐": "táng jiāng guāng yáng wáng",
    "庚": "gēng yīng wēng dōng xiōng yǒng",
    "齐": "qí ér nǚ xū yī yú",
    "支": "zhī chí shì rì zǐ cí sī",
    "姑": "gū wú fú zhú",
}


@pytest.mark.parametrize(("name", "syllables"), STANDARD.items())
def test_finals_belong_to_the_groups_of_the_standard(name, syllables):
    for syllable in syllables.split():
        group, tone = xinyun.syllable_group(syllable)
        assert group == name, syllable
        level = any(mark in syllable for mark in "āēīōūǖáéíóúǘ")
        assert tone == ("平" if level else "仄"), syllable


@pytest.mark.parametrize("syllable", ["de", "ng", "ḿ", "hm", ""])
def test_syllables_without_a_tone_or_a_final_have_no_group(syllable):
    assert xinyun.syllable_group(syllable) is None


def test_readings_that_words_have_are_in_use():
    characters = [("看", "kàn"), ("看", "kān"), ("家", "jiā"), ("家", "gū"), ("㐀", "qiū")]
    words = [*[("看", "kàn")] * 9, ("看", "kān"), *[("家", "jiā")] * 99, ("家", "gū")]
    assert list(xinyun.readings_in_use(characters, words)) == [
        ("看", "kàn"),
        ("看", "kān"),
        ("家", "jiā"),
        ("㐀", "qiū"),
    ]


def test_a_table_has_level_groups_first_and_frequent_characters_first():
    words = Vocabulary(("<unk>", "<e>", "天", "山", "看"), (-1, -1, 2, 9, 1))
    readings = [("天", "tiān"), ("山", "shān"), ("看", "kàn"), ("𠀀", "hán"), ("遠", "yuǎn")]
    rows = [row.split("\t") for row in xinyun.write_table(readings, words).splitlines()]
    assert [row[1] for row in rows] == ["平"] * 14 + ["仄"] * 14
    assert {row[0]: row[2] for row in rows if row[2]} == {"寒": "山天", "寒仄": "看远"}


@pytest.mark.parametrize("content", ["x", "[]", "{", '{"黑": 3}', '{"1": 3}'])
@pytest.mark.parametrize("read", [xinyun.read_pinyin, xinyun.read_words])
def test_an_invalid_table_is_refused(tmp_path, read, content):
    table = tmp_path / "table"
    table.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"."):
        list(read(table))


def test_words_are_read_by_their_characters(tmp_path):
    table = tmp_path / "table"
    table.write_text(json.dumps({"看守": [["kān"], ["shǒu"]], "儿": []}), encoding="utf-8")
    assert list(xinyun.read_words(table)) == [("看", "kān"), ("守", "shǒu")]


@pytest.mark.slow  # fetches 1 MB the first time
def test_the_published_table_gives_the_table_that_ships():
    words = Vocabulary.load(default_directory() / "vocab.txt")
    try:
        text = xinyun.build_xinyun(words)
    except ExportError as error:
        if "check the network" not in str(error):
            raise
        pytest.skip(str(error))
    assert text == Path(shipped.__file__).with_name("xinyun.tsv").read_text(encoding="utf-8")
