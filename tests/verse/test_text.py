import pytest
from lianju.bot.characters import describe
from lianju.bot.verse import PromptError
from lianju.bot.verse.text.prompt import (
    _variants,
    read_prompt,
    simplify,
    simplify_line,
    write_line,
)
from lianju.bot.verse.text.vocabulary import Vocabulary

from .toy import CHINESE


def vocabulary(*tokens):
    return Vocabulary(tokens, tuple(-1 if token[0] == "<" else 1 for token in tokens))


POEMS = vocabulary(*CHINESE)
NAMES = vocabulary("<unk>", "<e>", *"abcdefghijklmnopqrstuvwxyz")
NOVEL = vocabulary("<unk>", "<e>", "the", "Whale", ",", "swam")


def lines(text, words=POEMS, script="auto"):
    return ["".join(line) for line in read_prompt(text, words, script).lines]


def refusal(text, words=POEMS):
    """Returns key and facts of the error."""
    with pytest.raises(PromptError) as caught:
        read_prompt(text, words)
    return caught.value.key, caught.value.facts


def unknown(named, more=0):
    return "prompt-unknown", {"named": named, "more": more}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("黄河远上白云间", ["黄河远上白云间"]),
        ("  黄河远上白云间\n", ["黄河远上白云间"]),
        ("黄 河 远 上 白 云 间", ["黄河远上白云间"]),
        ("黄　河　远　上", ["黄河远上"]),  # ideographic spaces
        ("黄\t河", ["黄河"]),
        ("黄河 远上", ["黄河", "远上"]),
        ("白日依山尽，黄河入海流。", ["白日依山尽", "黄河入海流"]),
        ("白日依山尽,黄河入海流!", ["白日依山尽", "黄河入海流"]),
        ("《白日》依山尽…", ["白日", "依山尽"]),
        ("白日+依山|尽", ["白日", "依山", "尽"]),
        ("白日依山尽\r\n\n黄河", ["白日依山尽", "黄河"]),
        ("白日\u2028依山", ["白日", "依山"]),
        ("白日\x00依山", ["白日", "依山"]),
        ("白\u200b日\ufe00依\ufeff山", ["白日依山"]),  # invisible characters
        ("⽩⽇依⼭", ["白日依山"]),  # Kangxi radicals, by NFKC
        ("黃河遠上白雲間", ["黄河远上白云间"]),
    ],
)
def test_a_text_is_split_into_lines(text, expected):
    assert lines(text) == expected


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "，。！", "\u200b", "\x00"])
def test_an_empty_prompt_is_refused(text):
    assert refusal(text) == ("prompt-empty", {})


def test_at_most_seven_lines():
    assert len(lines("白日，" * 7)) == 7
    assert refusal("白日，" * 8) == ("prompt-lines", {"lines": 8, "most": 7})


def test_at_most_sixty_four_characters():
    assert lines("白" * 64) == ["白" * 64]
    assert refusal("白" * 65) == ("prompt-characters", {"size": 65, "most": 64})


@pytest.mark.parametrize("text", ["hello", "ひらがな", "123", "😀"])
def test_a_prompt_without_chinese_characters_is_refused(text):
    assert refusal(text) == ("prompt-not-chinese", {})


def test_unknown_characters_are_read_as_unk_and_named_once():
    prompt = read_prompt("白猫日依山猫尽x", POEMS)
    assert prompt.unknown == ("猫", "x")
    assert prompt.shown == ("白猫日依山猫尽x",)
    (ids,) = prompt.encode(POEMS)
    assert [POEMS.tokens[token] for token in ids] == [
        *("白", "<unk>", "日", "依", "山", "<unk>", "尽", "<unk>")
    ]
    assert read_prompt("白日依山尽", POEMS).unknown == ()


def test_unknown_characters_are_named_as_the_user_wrote_them():
    assert read_prompt("白貓黃河", POEMS).unknown == ("貓",)
    assert refusal("白貓貓") == unknown("貓")


@pytest.mark.parametrize(
    "odd", ["\u034f", "\u3164", "\u2800", "\u1160", "\uffa0", "\u0301", "\ue000"]
)
def test_characters_that_cannot_be_seen_are_named_by_code_point(odd):
    prompt = read_prompt(f"白日{odd}依山尽", POEMS)
    assert prompt.unknown == (odd,)
    named = f"U+{ord(odd):04X}"
    assert describe(odd) == named
    assert refusal(f"白{odd}{odd}") == unknown(named)


@pytest.mark.parametrize(
    ("variant", "standard"), [*zip("靑淸呉鬪甞黒歩徳", "青清吴斗尝黑步德", strict=True)]
)
def test_variants_are_read_as_what_they_are(variant, standard):
    poems = vocabulary(*CHINESE, *sorted(set("青清吴斗尝黑步德") - set(CHINESE)))
    prompt = read_prompt(f"白日{variant}依山", poems)
    assert prompt.lines == (tuple(f"白日{standard}依山"),)
    assert prompt.shown == (f"白日{variant}依山",)
    assert prompt.unknown == ()
    assert read_prompt(f"白日{variant}依山", poems, "simplified").shown == (f"白日{standard}依山",)


def test_a_variant_is_left_alone_if_the_vocabulary_has_it_or_lacks_its_standard():
    poems = vocabulary("<unk>", "<e>", *"靑青白日依山")
    assert read_prompt("白日靑山", poems).lines == (tuple("白日靑山"),)
    assert read_prompt("白日黒山", poems).unknown == ("黒",)


def test_characters_of_today_are_no_variants():
    for character in "码您她咱吗":
        assert _variants().get(character) is None
    assert all(len(pair) == 2 and pair[0] != pair[1] for pair in _variants().items())


def test_a_prompt_most_of_which_is_unknown_is_refused():
    assert read_prompt("白猫狗山", POEMS).unknown == ("猫", "狗")
    assert refusal("白猫狗山猫x") == unknown("猫 狗 x")
    assert refusal("白猫猫") == unknown("猫")
    assert refusal("白日，猫猫狗") == unknown("猫 狗")  # of all lines together


def test_at_most_eight_unknown_characters_are_named():
    assert refusal("白猫狗猪羊牛虎兔龟蛇鼠") == unknown("猫 狗 猪 羊 牛 虎 兔 龟", more=2)


def test_a_lone_surrogate_is_refused():
    assert refusal("白\udcff") == ("prompt-not-text", {})
    with pytest.raises(PromptError) as caught:
        simplify("\udcff")
    assert caught.value.key == "prompt-not-text"


@pytest.mark.parametrize(
    ("text", "script", "traditional", "shown"),
    [
        ("黄河远上白云间", "auto", False, "黄河远上白云间"),
        ("黃河遠上白雲間", "auto", True, "黃河遠上白雲間"),
        ("黃河远上白云间", "auto", False, "黃河远上白云间"),  # one stray character
        ("月落", "auto", False, "月落"),  # the same in both
        ("黄河远上白云间", "traditional", True, "黃河遠上白雲間"),
        ("黃河遠上白雲間", "simplified", False, "黄河远上白云间"),
        ("黃河遠上白雲間", "traditional", True, "黃河遠上白雲間"),
    ],
)
def test_the_script_is_detected_or_converted(text, script, traditional, shown):
    prompt = read_prompt(text, POEMS, script)
    assert prompt.traditional == traditional
    assert prompt.shown == (shown,)


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("征人何日向南枝", "征人何日向南枝"),  # by itself OpenCC has 徵人
        ("夜半钟声到客船", "夜半鐘聲到客船"),
        ("北斗七星高", "北斗七星高"),
        ("采菊东篱下", "采菊東籬下"),
        ("头发白如丝", "頭髮白如絲"),  # OpenCC's phrases stay
        ("万里长征人未还", "萬里長征人未還"),
    ],
)
def test_traditional_characters_are_those_used_in_verse(simplified, traditional):
    assert write_line(simplified, POEMS, traditional=True) == traditional


def test_simplified_lines_keep_their_length():
    for line in ("黃河遠上白雲間", "乾坤日夜浮", "瞭望著作"):
        assert len(simplify_line(line)) == len(line)


def test_a_line_is_written_in_either_script():
    line = tuple("两岸猿声啼不住")
    assert write_line(line, POEMS, traditional=False) == "两岸猿声啼不住"
    assert write_line(line, POEMS, traditional=True) == "兩岸猿聲啼不住"


def test_a_character_model_of_names():
    prompt = read_prompt("Tyranno", NAMES)
    assert prompt.lines == (tuple("tyranno"),)
    assert not prompt.traditional
    assert lines("t y r a", NAMES) == ["tyra"]
    assert write_line(tuple("saurus"), NAMES, traditional=False) == "saurus"
    assert read_prompt("O'Brien", NAMES).unknown == ("'",)


def test_a_character_model_with_a_space_token():
    novel = vocabulary("<unk>", "<e>", "␣", *"adehlotw")
    prompt = read_prompt("the  old\nwell", novel)
    assert prompt.lines == (tuple("the␣old"), tuple("well"))
    assert prompt.shown == ("the old", "well")
    assert write_line(list("the␣old"), novel, False) == "the old"
    assert lines("t h e", novel) == ["the"]


def test_a_word_model():
    prompt = read_prompt("the  Whale ,\nswam", NOVEL)
    assert prompt.lines == (("the", "Whale", ","), ("swam",))
    assert prompt.shown == ("the Whale ,", "swam")
    assert write_line(("the", "Whale"), NOVEL, traditional=False) == "the Whale"
    assert read_prompt("the whale", NOVEL).unknown == ("whale",)
    assert refusal("white whale", NOVEL) == unknown("white whale")
    assert refusal("the " * 65, NOVEL) == ("prompt-words", {"size": 65, "most": 64})


def test_the_names_of_special_tokens_are_unknown_words():
    prompt = read_prompt("the <e>", NOVEL)
    assert prompt.unknown == ("<e>",)
    assert prompt.encode(NOVEL) == ((2, 0),)
