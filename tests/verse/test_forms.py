from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.verse.prosody.forms import (
    LineForm,
    Scheme,
    all_schemes,
    fits,
    form_after,
    on_template,
    patterns,
    rhyme_groups,
    rhymes_level,
    schemes,
    tones_right,
)
from lianju.bot.verse.prosody.table import Prosody
from lianju.bot.verse.text.vocabulary import Vocabulary

# 平 can be read level only, 仄 oblique only, 两 and 双 both; the table lacks 谜. 东, 冬 and 江 are
# level and rhyme in one group each, 钟 in two of them, 董 in an oblique one.
VOCABULARY = Vocabulary(("<unk>", "<e>", *"平仄两双谜东冬江钟董"), (-1, -1, *[1] * 10))
PROSODY = Prosody.parse(
    "东\t平\t东两平\n冬\t平\t冬钟双\n江\t平\t江钟\n董\t上\t董仄\n送\t去\t两双\n", VOCABULARY
)
NAMES = {"level": "平", "oblique": "仄"}

# As the textbooks print them. Those for a regulated verse of eight lines go on with the same four,
# whose first line then does not rhyme.
BOOK = {
    Scheme(7, "oblique", True): "仄仄平平仄仄平 平平仄仄仄平平 平平仄仄平平仄 仄仄平平仄仄平",
    Scheme(7, "level", True): "平平仄仄仄平平 仄仄平平仄仄平 仄仄平平平仄仄 平平仄仄仄平平",
    Scheme(7, "level", False): "平平仄仄平平仄 仄仄平平仄仄平 仄仄平平平仄仄 平平仄仄仄平平",
    Scheme(7, "oblique", False): "仄仄平平平仄仄 平平仄仄仄平平 平平仄仄平平仄 仄仄平平仄仄平",
    Scheme(5, "oblique", False): "仄仄平平仄 平平仄仄平 平平平仄仄 仄仄仄平平",
    Scheme(5, "level", False): "平平平仄仄 仄仄仄平平 仄仄平平仄 平平仄仄平",
    Scheme(5, "oblique", True): "仄仄仄平平 平平仄仄平 平平平仄仄 仄仄仄平平",
    Scheme(5, "level", True): "平平仄仄平 仄仄仄平平 仄仄平平仄 平平仄仄平",
}


def ids(text):
    return [VOCABULARY.encode(line) for line in text.split()]


def book(scheme, lines):
    """The textbook's tones for a poem of that scheme."""
    begin = BOOK[scheme].split()
    again = BOOK[Scheme(scheme.length, scheme.opening, False)].split()
    return " ".join([*begin, *again][:lines])


def with_last(text, *last):
    """The poem with other last characters in its even lines."""
    lines = text.split()
    for index, character in zip(range(1, len(lines), 2), last, strict=False):
        lines[index] = lines[index][:-1] + character
    return " ".join(lines)


@pytest.mark.parametrize("scheme", BOOK)
@pytest.mark.parametrize("lines", [2, 3, 4, 5, 7, 8])
def test_a_textbook_poem_fits_its_scheme_alone(scheme, lines):
    poem = ids(book(scheme, lines))
    found = schemes(poem, PROSODY)
    assert [s for s in found if s.rhyme_tone == "level"] == [scheme]
    assert found[0] == scheme
    if lines % 2 == 0:
        assert on_template(poem, PROSODY)


@pytest.mark.parametrize("scheme", BOOK)
def test_a_scheme_asks_for_what_the_textbook_has(scheme):
    for index, line in enumerate(book(scheme, 8).split()):
        form = scheme.line(index)
        assert (NAMES[form.second], NAMES[form.last]) == (line[1], line[-1])
        assert form.rhymes == (line[-1] == "平")
        regular, *licensed = patterns(scheme.length, form)
        assert regular.fits(VOCABULARY.encode(line), PROSODY)
        assert not regular.licensed
        assert all(pattern.licensed for pattern in licensed)
        assert form_after(ids(book(scheme, 8))[:index], scheme, PROSODY) == form


def test_each_scheme_comes_once_the_level_rhymes_first():
    for length in (5, 7):
        found = all_schemes(length)
        assert len(set(found)) == len(found) == 8
        assert set(found[:4]) == {s for s in BOOK if s.length == length}
        assert all(s.rhyme_tone == "oblique" for s in found[4:])


@pytest.mark.parametrize("length", [0, 4, 6, 8])
def test_other_lengths_have_no_schemes(length):
    with pytest.raises(ValueError, match=f"5 or 7 characters, not of {length}"):
        all_schemes(length)
    with pytest.raises(ValueError, match=f"5 or 7 characters, not of {length}"):
        patterns(length, LineForm("level", "level", True))
    assert schemes([[2] * length] * 2, PROSODY) == ()
    assert tones_right([[2] * length] * 4, PROSODY) == (0, 0)
    assert not on_template([[2] * length] * 4, PROSODY)


def test_no_lines_and_uneven_lines_fit_nothing():
    assert schemes([], PROSODY) == ()
    assert schemes(ids("平平仄仄平 仄仄平平仄仄平"), PROSODY) == ()


def by_the_book(line, form):
    """The rules of one line in a treatise's words: of its tones, and of what to avoid."""
    even = dict(zip(range(1, len(line) - 1, 2), [form.second, None, form.second], strict=False))
    even[3] = "oblique" if form.second == "level" else "level"
    placed = all(line[place] == NAMES[tone] for place, tone in even.items())
    end = line[-5:]
    if line[-1] != NAMES[form.last]:
        return False
    if end == "平平仄平仄":  # for 平平平仄仄
        return line[1] == NAMES[form.second] == ("平" if len(line) == 5 else "仄")
    alone = end[1] == end[4] == "平" and "平平" not in end  # 孤平
    triple = len(set(line[-3:])) == 1  # 三平尾, 三仄尾
    return placed and not alone and (not triple or (len(line) == 5 and line == "平平仄仄仄"))


@pytest.mark.parametrize("length", [5, 7])
@pytest.mark.parametrize("second", ["level", "oblique"])
@pytest.mark.parametrize("last", ["level", "oblique"])
def test_patterns_admit_what_the_treatises_admit(length, second, last):
    form = LineForm(second, last, last == "level")
    for tones in map("".join, product("平仄", repeat=length)):
        line = VOCABULARY.encode(tones)
        admitted = any(pattern.fits(line, PROSODY) for pattern in patterns(length, form))
        assert admitted == by_the_book(tones, form), tones


@pytest.mark.parametrize("length", [5, 7])
@pytest.mark.parametrize("second", ["level", "oblique"])
@pytest.mark.parametrize("last", ["level", "oblique"])
def test_a_line_fits_by_its_even_positions_and_its_end(length, second, last):
    form = LineForm(second, last, last == "level")
    for tones in map("".join, product("平仄", repeat=length)):
        opposite = "仄" if NAMES[second] == "平" else "平"
        wanted = (NAMES[second] + opposite + NAMES[second])[: length // 2] + NAMES[last]
        plain = tones[1::2] + tones[-1] == wanted
        line = VOCABULARY.encode(tones)
        assert fits(line, form, PROSODY) == (plain or by_the_book(tones, form)), tones


def test_a_character_of_two_tones_and_one_that_the_table_lacks_fit_both():
    for line in ("两两两两两", "谜谜谜谜谜"):
        tokens = VOCABULARY.encode(line)
        assert len(schemes([tokens], PROSODY)) == 8
        for second, last in product(NAMES, NAMES):
            assert fits(tokens, LineForm(second, last, False), PROSODY)


# Meng Haoran: 人事有代谢,往来成古今. 江山留胜迹,我辈复登临. 水落鱼梁浅,天寒梦泽深. …
BOLD = "平仄仄仄仄 仄平平仄平 平平平仄仄 仄仄仄平平"


def test_a_deviating_line_is_compensated_by_the_next():
    scheme = Scheme(5, "oblique", False)
    assert schemes(ids(BOLD)[:1], PROSODY)[0] == scheme
    form = form_after(ids(BOLD)[:1], scheme, PROSODY)
    assert form == LineForm("level", "level", rhymes=True, compensates=True)
    (compensation,) = patterns(5, form)
    for tones in map("".join, product("平仄", repeat=5)):
        expected = tones[1] == "平" and tones[2:] == "平仄平"
        assert compensation.fits(VOCABULARY.encode(tones), PROSODY) == expected
        assert fits(VOCABULARY.encode(tones), form, PROSODY) == expected
    assert on_template(ids(BOLD), PROSODY)
    assert tones_right(ids(BOLD), PROSODY) == (12, 12)
    assert not form_after(ids(BOLD)[:2], scheme, PROSODY).compensates


def test_a_deviating_line_without_compensation_is_wrong():
    poem = ids(BOLD.replace("仄平平仄平", "平平仄仄平"))
    assert schemes(poem, PROSODY) == ()
    assert not on_template(poem, PROSODY)
    assert tones_right(poem, PROSODY) == (11, 12)


def test_a_deviating_line_of_seven_is_compensated_too():
    # 仄仄仄平平仄平 compensates 平平仄仄平仄仄
    lines = ["平平仄仄平仄仄", "仄仄仄平平仄平"]
    scheme = Scheme(7, "level", False)
    assert schemes(ids(lines[0]), PROSODY)[0] == scheme
    assert form_after(ids(lines[0]), scheme, PROSODY).compensates
    assert schemes(ids(" ".join(lines)), PROSODY) == (scheme,)
    assert schemes(ids(f"{lines[0]} 仄仄平平仄仄平"), PROSODY) == ()


def test_a_line_may_deviate_in_one_position_only():
    assert schemes(ids("平平平仄仄 仄平平仄平"), PROSODY) == ()
    assert schemes(ids("平平仄平平仄仄 仄仄仄平平仄平"), PROSODY) == ()


def test_a_rhyming_line_may_not_deviate():
    # 处处闻啼鸟 with 啼 oblique: an oblique rhyme, whose lines no other compensates
    assert schemes(ids("平平平仄仄 仄仄平仄仄"), PROSODY) == ()


def test_an_oblique_rhyme_is_found_where_no_level_one_fits():
    # Meng Haoran: 春眠不觉晓,处处闻啼鸟
    found = schemes(ids("平平仄仄仄 仄仄平平仄"), PROSODY)
    assert found == (Scheme(5, "level", True, "oblique"),)
    assert not on_template(ids("平平仄仄仄 仄仄平平仄"), PROSODY)


def test_old_verse_fits_nothing():
    # Li Bai: 床前明月光,疑是地上霜
    assert schemes(ids("平平平仄平 平仄仄仄平"), PROSODY) == ()


def test_a_first_line_that_may_end_in_either_tone_rhymes_as_is_common():
    assert schemes(ids("平平仄仄谜平谜"), PROSODY)[0] == Scheme(7, "level", True)
    assert schemes(ids("平平谜仄谜"), PROSODY)[0] == Scheme(5, "level", False)


def test_it_rhymes_if_the_second_line_does_with_it():
    for second, rhymes in (("冬", False), ("东", True)):
        found = schemes(ids(f"平平仄仄谜平两 仄仄平平仄仄{second}"), PROSODY)
        assert found[0] == Scheme(7, "level", rhymes)
        assert set(found) == {Scheme(7, "level", True), Scheme(7, "level", False)}


def test_a_level_rhyme_is_preferred_to_a_better_oblique_one():
    poem = ids("仄仄平平谜 平平谜仄双 平平谜仄谜 仄仄谜平两")
    assert [scheme.rhyme_tone for scheme in schemes(poem, PROSODY)] == [
        *("level", "level", "oblique", "oblique")
    ]


def test_a_whole_pattern_is_preferred_to_even_positions():
    # As a rhyming line this would end on three levels.
    assert schemes(ids("平平仄仄平平两"), PROSODY)[:2] == (
        Scheme(7, "level", False),
        Scheme(7, "level", True),
    )


def test_a_regular_pattern_is_preferred_to_a_licensed_one():
    # 平平仄仄平, or 平平仄仄仄
    assert schemes(ids("平平仄仄两"), PROSODY)[:2] == (
        Scheme(5, "level", True),
        Scheme(5, "level", False),
    )


def test_the_rhyme_so_far():
    scheme = Scheme(5, "oblique", False)
    lines = "仄仄平平仄 平平仄仄平 平平平仄仄 仄仄仄平平"
    assert rhyme_groups([], scheme, PROSODY) is None
    assert rhyme_groups(ids("仄仄平平仄"), scheme, PROSODY) is None
    assert rhyme_groups(ids(with_last(lines, "钟"))[:2], scheme, PROSODY) == {1, 2}
    assert rhyme_groups(ids(with_last(lines, "钟", "江")), scheme, PROSODY) == {2}
    assert rhyme_groups(ids(with_last(lines, "东", "江")), scheme, PROSODY) == set()
    assert rhyme_groups(ids(with_last(lines, "谜", "江")), scheme, PROSODY) == {2}
    assert rhyme_groups(ids(with_last(lines, "谜", "谜")), scheme, PROSODY) is None


def test_a_first_line_chooses_among_groups_and_never_rules_them_out():
    scheme = Scheme(5, "level", True)
    assert rhyme_groups(ids("平平仄仄钟"), scheme, PROSODY) == {1, 2}
    assert rhyme_groups(ids("平平仄仄谜"), scheme, PROSODY) is None
    assert rhyme_groups(ids("平平仄仄冬 仄仄仄平钟"), scheme, PROSODY) == {1}
    assert rhyme_groups(ids("平平仄仄东 仄仄仄平钟"), scheme, PROSODY) == {1, 2}
    assert rhyme_groups(ids("平平仄仄谜 仄仄仄平钟"), scheme, PROSODY) == {1, 2}
    other = Scheme(5, "level", False)
    assert rhyme_groups(ids("平平仄仄冬 仄仄仄平钟"), other, PROSODY) == {1, 2}


def test_an_oblique_rhyme_has_oblique_groups():
    scheme = Scheme(5, "level", True, "oblique")
    assert rhyme_groups(ids("平平平仄董 仄仄平平两"), scheme, PROSODY) == {4}
    assert rhyme_groups(ids("平平平仄董 仄仄平平仄"), scheme, PROSODY) == {3}


@pytest.mark.parametrize(
    ("last", "rhymes"),
    [
        ("冬冬", True),
        ("冬钟", True),
        ("东两", True),
        ("东江", False),
        ("仄仄", False),
        ("冬谜", False),
        ("冬钟江冬", False),
        ("冬钟钟冬", True),
    ],
)
def test_rhyme_of_a_whole_poem(last, rhymes):
    poem = with_last(book(Scheme(7, "level", True), 2 * len(last)), *last)
    assert rhymes_level(ids(poem), PROSODY) == rhymes


def test_no_poem_rhymes_without_a_second_line():
    assert not rhymes_level([], PROSODY)
    assert not rhymes_level(ids("平平仄仄平"), PROSODY)


def flip(poem, line, place):
    lines = poem.split()
    tone = "仄" if lines[line][place] == "平" else "平"
    lines[line] = lines[line][:place] + tone + lines[line][place + 1 :]
    return " ".join(lines)


@pytest.mark.parametrize("scheme", BOOK)
def test_one_wrong_tone_is_counted_once(scheme):
    poem = book(scheme, 8)
    asked = [*range(1, scheme.length - 1, 2), scheme.length - 1]
    assert tones_right(ids(poem), PROSODY) == (8 * len(asked), 8 * len(asked))
    for line, place in product(range(8), range(scheme.length)):
        if (line, place) == (0, scheme.length - 1):
            continue  # another end of the first line makes another scheme
        flipped = ids(flip(poem, line, place))
        right, total = tones_right(flipped, PROSODY)
        assert total - right == (place in asked)
        assert on_template(flipped, PROSODY) == (place not in asked)


@given(st.lists(st.text("平仄两谜", min_size=7, max_size=7), min_size=1, max_size=8))
def test_a_poem_on_a_template_has_all_its_tones_right(lines):
    poem = [VOCABULARY.encode(line) for line in lines]
    right, asked = tones_right(poem, PROSODY)
    assert asked == 4 * len(lines)
    assert right <= asked
    assert (right == asked) == on_template(poem, PROSODY)
