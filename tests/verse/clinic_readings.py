"""The tones and rhymes that tests of the clinic use."""

from importlib.resources import files

from lianju.bot.verse.prosody.readings import CharacterReadings


def shipped_readings():
    """Those of the bundle that ships."""
    table = files("lianju.bot.models") / "tang" / "prosody.tsv"
    return CharacterReadings(
        tuple(line.split("\t")) for line in table.read_text(encoding="utf-8").splitlines()
    )


# 平 can be read level only, 仄 oblique only, 两 both; the table lacks 谜. 东, 冬 and 江 are level
# and rhyme in one group each, 钟 in two of them.
TOY = CharacterReadings(
    [("东", "平", "东两平"), ("冬", "平", "冬钟"), ("江", "平", "江钟"), ("送", "去", "仄两")]
)
