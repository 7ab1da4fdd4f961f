from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lianju.bot.verse.clinic.poem import _Reader, _Reading, check_poem
from lianju.bot.verse.prosody.forms import all_schemes, patterns

from .clinic_readings import TOY, shipped_readings

NAMES = {"level": "平", "oblique": "仄"}
READINGS = shipped_readings()
HERON_TOWER = "白日依山尽 黄河入海流 欲穷千里目 更上一层楼"
XIAN_HILL = (
    "人事有代谢 往来成古今 江山留胜迹 我辈复登临 水落鱼梁浅 天寒梦泽深 羊公碑尚在 读罢泪沾襟"
)


def check(text):
    lines = text.split()
    return check_poem(lines, len(lines[0]), READINGS)


def told(poem):
    """The licences and the faults of each line that has any."""
    return {
        number: [*line.licences, *(fault.kind for fault in line.faults)]
        for number, line in enumerate(poem.lines, 1)
        if line.licences or line.faults
    }


# What commentaries say of well-known poems.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HERON_TOWER, {}),
        # 孟浩然: 大拗, rescued with 孤平 by the next line.
        (XIAN_HILL, {1: ["bold"], 2: ["rescue", "self"]}),
        # 王维: the model of 折腰体.
        (
            "渭城朝雨浥轻尘 客舍青青柳色新 劝君更尽一杯酒 西出阳关无故人",
            {3: ["half", "waist"], 4: ["rescue"]},
        ),
        # 李白
        (
            "青山横北郭 白水绕东城 此地一为别 孤蓬万里征 "
            "浮云游子意 落日故人情 挥手自兹去 萧萧班马鸣",
            {3: ["half"], 7: ["half"], 8: ["rescue"]},
        ),
        ("凉风起天末 君子意如何 鸿雁几时到 江湖秋水多", {1: ["swap"]}),
        # 孟浩然, 杜甫: 特拗 that begins with an oblique tone.
        (
            "故人具鸡黍 邀我至田家 绿树村边合 青山郭外斜 "
            "开轩面场圃 把酒话桑麻 待到重阳日 还来就菊花",
            {1: ["swap", "loose"], 5: ["swap"]},
        ),
        (
            "昔闻洞庭水 今上岳阳楼 吴楚东南坼 乾坤日夜浮 "
            "亲朋无一字 老病有孤舟 戎马关山北 凭轩涕泗流",
            {1: ["swap", "loose"]},
        ),
        # 苏轼: the rhymes of 删 begin with one of 寒 (孤雁出群).
        (
            "横看成岭侧成峰 远近高低各不同 不识庐山真面目 只缘身在此山中",
            {1: ["neighbor"]},
        ),
        ("红豆生南国 春来发几枝 愿君多采撷 此物最相思", {}),
        # 白居易: 不 is oblique, and so the whole line is rescued (对句相救).
        ("离离原上草 一岁一枯荣 野火烧不尽 春风吹又生", {3: ["bold"], 4: ["rescue"]}),
    ],
)
def test_real_poems_are_told_as_commentaries_do(text, expected):
    poem = check(text)
    assert not poem.is_faulty
    assert {key: value for key, value in told(poem).items() if key in expected} == {
        key: value for key, value in expected.items() if value
    }


def test_readings_are_those_that_poets_use():
    def tones(characters):
        return {each: {NAMES[tone] for tone in READINGS.tones_of(each)} for each in characters}

    assert tones("龙家径儿暖深吟知不喻") == {
        **{each: {"平"} for each in "龙家儿深吟知"},
        **{each: {"仄"} for each in "径暖不喻"},
    }
    # They differ in meaning, and poets use both.
    both = "看过听教中重思长胜应王衣闻空骑冠论相将更间传望忘乘兴分禁量尚"
    assert all(own == {"平", "仄"} for own in tones(both).values())
    rhymes = [READINGS.groups[each] for each in READINGS.groups_of("不", "level")]
    assert rhymes == ["尤"]


@pytest.mark.parametrize(
    ("line", "places"), [("黄河入海不", []), ("黄河入不流", []), ("黄不入海流", [1])]
)
def test_a_reading_of_line_ends_rhymes_and_is_no_tone_within_a_line(line, places):
    second = check(f"白日依山尽 {line} 欲穷千里目 更上一层楼").lines[1]
    assert [(fault.kind, fault.place) for fault in second.faults] == [("tone", p) for p in places]


def test_old_verse_is_known_as_such():
    assert check("床前明月光 疑是地上霜 举头望明月 低头思故乡").is_old
    assert not check(HERON_TOWER).is_old


def replaced(text, old, new):
    assert old in text
    return check(text.replace(old, new))


# One thing is wrong each time.
@pytest.mark.parametrize(
    ("old", "new", "line", "kind", "place"),
    [
        ("黄河入海流", "黄河入天流", 2, "tone", 3),
        ("欲穷千里目", "欲览千里目", 3, "tone", 1),
        ("黄河入海流", "大河入海流", 2, "lonely", 0),
        ("更上一层楼", "更上高层楼", 4, "level-end", 2),
        ("更上一层楼", "更上一层山", 4, "rhyme", 4),
        ("更上一层楼", "更上一层", 4, "length", None),
    ],
)
def test_one_fault_is_told_alone(old, new, line, kind, place):
    poem = replaced(HERON_TOWER, old, new)
    assert told(poem) == {line: [kind]}
    (fault,) = poem.lines[line - 1].faults
    assert fault.place == place


def test_lines_turned_round_are_one_fault():
    lines = XIAN_HILL.split()
    turned = " ".join([*lines[:4], *lines[6:], *lines[4:6]])
    assert told(check(turned))[5] == ["joined"]
    seven = "渭城朝雨浥轻尘 客舍青青柳色新"
    opposed = check_poem(["朝来天地浥轻尘", "朝来杨柳色犹新"], 7, READINGS)
    assert told(check(seven)) == {}
    assert told(opposed)[2][-1] == "opposed"


def test_rhymes_and_their_group():
    assert {READINGS.groups[group] for group in check(HERON_TOWER).groups} == {"尤"}
    assert not check(HERON_TOWER).first_rhymes
    assert check("黄河远上白云间 一片孤城万仞山").first_rhymes
    oblique = check("春眠不觉晓 处处闻啼鸟 夜来风雨声 花落知多少")
    assert (oblique.rhyme_tone, oblique.is_faulty) == ("oblique", False)
    # 万树叶初红,人家树色中,…: 东 among 冬, which a line within the poem may not.
    among = check(
        "万树叶初红 人家树色中 疎钟摇雨足 积水浸云容 雪碛回寒雁 村灯促夜舂 旧山归未得 生计欲何从"
    )
    assert told(among) == {1: ["neighbor"], 2: ["neighbor"]}
    assert [fault.kind for fault in among.lines[1].faults] == ["neighbor"]


def test_oblique_groups_have_neighbors_too():
    assert told(check("风吹城上树 草没城边路 城里月明时 精灵自来去"))[4] == ["swap", "neighbor"]


def test_an_end_of_the_wrong_tone_is_no_rhyme_where_there_is_none():
    (fault,) = check("白日依山尽 黄河入海去").lines[1].faults
    assert (fault.kind, fault.place, fault.tone, fault.groups) == ("tone", 4, "level", frozenset())


def test_repeated_characters():
    found = check("床前明月光 疑是地上霜 举头望明月 低头思故乡").repeated
    assert {each.character: each.places for each in found} == {
        "明": ((0, 2), (2, 3)),
        "月": ((0, 3), (2, 4)),
        "头": ((2, 1), (3, 1)),
    }
    assert check("离离原上草 一岁一枯荣").repeated[0].places == ((1, 0), (1, 2))


@given(st.lists(st.text("平仄两谜东江", min_size=5, max_size=5), min_size=4, max_size=4))
@settings(max_examples=25)
def test_the_cheapest_reading_is_found(lines):
    """Against all tones that the second characters could be meant to have."""
    for tone, rhymes in product(("level", "oblique"), (True, False)):
        reader = _Reader(lines, 5, tone, rhymes, TOY)
        costs = []
        for seconds in product(("level", "oblique"), repeat=len(lines)):
            reading = _Reading()
            for index, second in enumerate(seconds):
                reading = reader._extended(reading, index, second)
            costs.append(reading.cost)
        assert reader.cheapest().cost == pytest.approx(min(costs))


@given(st.data(), st.sampled_from([*all_schemes(5)[:4], *all_schemes(7)[:4]]))
def test_a_poem_by_the_patterns_of_a_scheme_has_no_fault(data, scheme):
    """Each line takes any pattern of its form, with any tones where it is free."""
    lines = []
    for index in range(4):
        pattern = data.draw(st.sampled_from(patterns(scheme.length, scheme.line(index))))
        free = data.draw(st.text("平仄", min_size=7, max_size=7))
        tones = [NAMES.get(tone, other) for tone, other in zip(pattern.tones, free, strict=False)]
        lines.append("".join(tones))
    assert not check_poem(lines, scheme.length, TOY).is_faulty
