import numpy as np
import pytest
from lianju.bot.verse import RequestError
from lianju.bot.verse.prosody.readings import CharacterReadings
from lianju.bot.verse.prosody.table import Prosody
from lianju.bot.verse.text.vocabulary import Vocabulary

VOCABULARY = Vocabulary(
    ("<unk>", "<e>", "</l>", *"风中空看寒间山重动共绿凑"), (-1, -1, -1, *[1] * 12)
)
TABLE = """\
东	平	风中空
冬	平	重
寒	平	看寒
删	平	间山
董	上	动
送	去	风中空
宋	去	重共
翰	去	看
谏	去	间
沃	入	绿
"""


@pytest.fixture
def prosody():
    return Prosody.parse(TABLE, VOCABULARY)


def ids(text):
    return VOCABULARY.encode(text)


def test_keeps_every_reading_of_every_token(prosody):
    assert prosody.groups == tuple("东冬寒删董送宋翰谏沃")
    assert prosody.level_groups == 4
    assert prosody.readings.shape == (10, len(VOCABULARY))
    found = {
        (prosody.groups[group], VOCABULARY.tokens[token])
        for group, token in np.argwhere(prosody.readings)
    }
    written = {
        (name, character)
        for name, _, characters in map(str.split, TABLE.splitlines())
        for character in characters
    }
    assert found == written


def test_level_and_oblique_follow_from_the_readings(prosody):
    def with_tone(array):
        return {VOCABULARY.tokens[token] for token in np.flatnonzero(array)}

    assert with_tone(prosody.level) == set("风中空重看寒间山")
    assert with_tone(prosody.oblique) == set("动风中空重共看间绿")


def test_a_token_without_readings_fits_any_tone_and_rhymes_with_nothing(prosody):
    (lacking,) = ids("凑")
    assert prosody.may_be(lacking, "level")
    assert prosody.may_be(lacking, "oblique")
    assert prosody.groups_of(lacking, "level") == prosody.groups_of(lacking, "oblique") == set()


def test_a_token_may_have_the_tones_of_its_readings_only(prosody):
    level, oblique, both = ids("山绿看")
    assert [prosody.may_be(token, "level") for token in (level, oblique, both)] == [1, 0, 1]
    assert [prosody.may_be(token, "oblique") for token in (level, oblique, both)] == [0, 1, 1]


def test_groups_of_a_token_by_tone(prosody):
    (both,) = ids("重")
    assert prosody.groups_of(both, "level") == {1}
    assert prosody.groups_of(both, "oblique") == {6}
    assert prosody.groups_in("level") == {0, 1, 2, 3}
    assert [prosody.tone_of(group) for group in (0, 3, 4, 9)] == [
        *("level", "level", "oblique", "oblique")
    ]


def test_arrays_are_read_only(prosody):
    for array in (prosody.readings, prosody.level, prosody.oblique):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = True


@pytest.mark.parametrize(
    "name",
    [
        "东",
        "東",
        "一东",
        "上平一东",
        "上平声一東",
        "平声东",
        "平聲一東",
        "平水韵东",
        "东韵",
        " 东 ",
    ],
)
def test_a_level_group_can_be_named_in_several_ways(prosody, name):
    assert prosody.group(name) == 0


@pytest.mark.parametrize(
    ("name", "group"),
    [("刪", "删"), ("諫", "谏"), ("去声谏", "谏"), ("入声二沃", "沃"), ("上董", "董")],
)
def test_an_oblique_group_can_be_named_in_several_ways(prosody, name, group):
    assert prosody.groups[prosody.group(name)] == group


def test_a_character_stands_for_the_only_group_in_which_it_rhymes(prosody):
    assert prosody.groups[prosody.group("山")] == "删"
    assert prosody.groups[prosody.group("看")] == "寒"  # the level one
    assert prosody.groups[prosody.group("绿")] == "沃"
    assert prosody.groups[prosody.group("寒")] == "寒"


@pytest.mark.parametrize(
    "name", ["凑", "海", "x", "", "东冬", "去声一东", "<e>", "</l>", "声", "东东东东"]
)
def test_an_unknown_group_is_refused_with_examples_of_names(prosody, name):
    with pytest.raises(RequestError) as caught:
        prosody.group(name)
    assert caught.value.key == "request-rhyme"
    assert caught.value.facts == {"rhyme": name, "names": "东, 冬, 寒"}


def test_a_character_that_rhymes_in_several_groups_is_ambiguous():
    vocabulary = Vocabulary(("<unk>", "<e>", "行"), (-1, -1, 5))
    prosody = Prosody.parse("阳\t平\t行\n庚\t平\t行\n漾\t去\t行\n", vocabulary)
    with pytest.raises(RequestError) as caught:
        prosody.group("行")
    assert caught.value.key == "request-rhyme"
    assert caught.value.facts == {"rhyme": "行", "names": "阳, 庚"}


def test_a_group_may_be_empty_and_lines_may_end_as_on_windows():
    prosody = Prosody.parse("东\t平\t\r\n董\t上\t动\r\n", VOCABULARY)
    assert not prosody.level.any()
    assert prosody.groups == ("东", "董")


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("", "has no name, tone and characters, separated by tabs, in line 1"),
        ("东\t平\t风\n\n", "has no name, tone and characters, separated by tabs, in line 2"),
        ("东 平 风\n", "has no name, tone and characters, separated by tabs, in line 1"),
        (
            *("东\t平\t风\t\t\n",),
            "has no name, tone and characters, separated by tabs, in line 1",
        ),
        (
            "东\t平\t风\n冬\t平\t重\t重共\n",
            "has the character 共 only at the ends of lines in line 2, and not among the "
            "characters before",
        ),
        ("\t平\t风\n", "has a group without a name in line 1"),
        ("东\t平\t风\n东\t平\t中\n", "repeats the group 东 in line 2"),
        ("东\t阳平\t风\n", "has the tone '阳平' in line 1, which is none of 平上去入"),
        ("董\t上\t动\n东\t平\t风\n", "has the level group 东 after an oblique one, in line 2"),
        ("东\t平\t风龙\n", "has the character 龙 in line 1, which the vocabulary lacks"),
    ],
)
def test_a_faulty_table_is_named_with_its_line(table, fault):
    with pytest.raises(ValueError, match=f"^{fault}$"):
        Prosody.parse(table, VOCABULARY)


def test_a_table_without_groups_is_refused():
    with pytest.raises(ValueError, match="has no rhyme groups"):
        Prosody((), VOCABULARY)


def test_readings_of_characters_agree_with_those_of_tokens(prosody):
    rows = (line.split("\t") for line in TABLE.splitlines())
    readings = CharacterReadings((name, tone, characters) for name, tone, characters in rows)
    assert readings.groups == prosody.groups
    for character in "风中空看寒间山重动共绿凑":
        (token,) = ids(character)
        for tone in ("level", "oblique"):
            assert readings.may_be(character, tone) == prosody.may_be(token, tone)
            assert readings.groups_of(character, tone) == prosody.groups_of(token, tone)
        assert (character in readings) == bool(readings.tones_of(character))
    assert "凑" not in readings


# 中 is level at ends alone, 共 has no other reading than one at ends.
AT_ENDS = "东\t平\t风中\t中\n送\t去\t风中\n宋\t去\t共\t共\n"


def test_a_reading_of_the_fourth_column_counts_only_at_the_end_of_a_line():
    rows = [tuple(line.split("\t")) for line in AT_ENDS.splitlines()]
    readings, prosody = CharacterReadings(rows), Prosody.parse(AT_ENDS, VOCABULARY)
    both = {
        character: {
            (tone, at_end)
            for tone in ("level", "oblique")
            for at_end in (False, True)
            if readings.may_be(character, tone, at_end=at_end)
        }
        for character in "风中共"
    }
    everything = {(tone, at_end) for tone in ("level", "oblique") for at_end in (False, True)}
    assert both == {
        "风": everything,
        "中": everything - {("level", False)},
        "共": everything - {("level", True)},
    }
    for character, own in both.items():
        (token,) = ids(character)
        for tone, at_end in everything:
            found = prosody.may_be(token, tone, at_end=at_end)
            assert found == ((tone, at_end) in own), (character, tone, at_end)
        assert readings.groups_of(character, "level") == prosody.groups_of(token, "level")
    assert [*map(len, readings.tones_in("中中"))] == [1, 2]
    assert prosody.level[ids("中")[0]] == 0
    assert [*map(VOCABULARY.tokens.__getitem__, prosody.at_ends[0])] == ["中"]
