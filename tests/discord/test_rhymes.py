"""What `/poem` and `/acrostic` offer while a rhyme is typed."""

import pytest
from lianju.bot.engine import rhymes
from lianju.bot.engine.rhymes import matching_rhymes, rhyme_groups
from lianju.bot.verse.prosody.table import Prosody
from lianju.bot.verse.text.vocabulary import Vocabulary

from .bundle_with_prosody import READINGS, write_bundle_with_prosody
from .interactions import slash

TABLE = "东\t平\t风中空\n阳\t平\t长光乡\n庚\t平\t行\n养\t上\t长\n漾\t去\t望行\n"
LETTERS = "中空风光长乡行望东"
COUNTS = (9, 1, 50, 7, 8, 3, 2, 2, 2)  # 风 is the commonest


@pytest.fixture(scope="module")
def groups():
    vocabulary = Vocabulary(("<unk>", "<e>", *LETTERS), (-1, -1, *COUNTS))
    return rhyme_groups(Prosody.parse(TABLE, vocabulary), vocabulary)


def test_every_group_shows_its_tone_and_most_common_characters(groups):
    assert matching_rhymes(groups, " ", traditional=False) == {
        "东": "东 · 平 · 风中空",
        "阳": "阳 · 平 · 长光乡",
        "庚": "庚 · 平 · 行",
        "养": "养 · 仄 · 长",
        "漾": "漾 · 仄 · 行望",
    }


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("阳", ["阳"]),
        ("下平阳", ["阳"]),
        ("陽", ["阳"]),
        ("长", ["阳", "养"]),  # a character of two groups
        ("長", ["阳", "养"]),
        ("行", ["庚", "漾"]),
        ("风望", ["东", "漾"]),
        ("仄", ["养", "漾"]),
        ("猫", []),
        ("a", []),
    ],
)
def test_groups_that_match_the_typed_text(typed, names, groups):
    assert list(matching_rhymes(groups, typed, traditional=False)) == names


def test_labels_are_written_once_for_each_bundle(groups, monkeypatch):
    """Every keystroke needs all of them, and writing them takes milliseconds."""
    written, write = [], rhymes.to_traditional

    def counted(text):
        written.append(text)
        return write(text)

    rhymes.rhyme_labels.cache_clear()
    monkeypatch.setattr(rhymes, "to_traditional", counted)
    for _ in range(3):
        for traditional in (False, True):
            matching_rhymes(groups, "阳", traditional)
    assert len(written) == 3 * len(groups)


def test_groups_are_in_traditional_characters_for_zh_tw(groups):
    assert matching_rhymes(groups, "陽", traditional=True) == {"阳": "陽 · 平 · 長光鄉"}


async def offered(fake, bot, command, **place):
    payload = fake.complete(slash(command, focused="rhyme", rhyme=""), **place)
    await bot.receive(payload)
    exchange = fake.exchange(payload)
    assert exchange.type == 8
    return {choice["value"]: choice["name"] for choice in exchange.choices}


@pytest.mark.parametrize("command", ["poem", "acrostic"])
async def test_bundle_without_rhymes_offers_none(command, fake, bot):
    assert await offered(fake, bot, command) == {}


class TestLearned:
    @pytest.fixture
    def bundle(self, tmp_path):
        return write_bundle_with_prosody(tmp_path / "toy")

    @pytest.mark.parametrize("command", ["poem", "acrostic"])
    async def test_command_offers_the_groups_of_the_bundle(self, command, fake, bot):
        choices = await offered(fake, bot, command)
        assert list(choices) == ["东", "阳", "董", "屋"]
        for name, text in choices.items():
            shown, tone, examples = text.split(" · ")
            assert (shown, tone) == (name, "平" if name in "东阳" else "仄")
            assert len(examples) == 8
            assert {READINGS[letter] for letter in examples} == {name}

    async def test_names_are_in_the_users_script(self, fake, bot):
        choices = await offered(fake, bot, "poem", locale="zh-TW")
        assert choices["东"].startswith("東 · 平 · ")
