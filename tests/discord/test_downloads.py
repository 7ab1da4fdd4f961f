import csv
import io
import json
from datetime import UTC, datetime

import pytest
from lianju.bot.ui.downloads import favorites_file
from lianju.bot.verses import Favorite, Verse

KEPT = [
    Favorite(7, Verse("黄河远上白云间", "一片孤城万仞山"), 1_700_000_000, 2**63 - 1),
    Favorite(9, Verse('say "hi", you', "new\nline"), 0, None),
]
BOM = b"\xef\xbb\xbf"


def rows(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_text_file_has_one_verse_per_line():
    content = favorites_file(KEPT[:1] * 2, "txt")
    assert content.decode() == "黄河远上白云间，一片孤城万仞山\n" * 2


def test_poem_is_one_entry_of_every_file():
    kept = [Favorite(7, Verse.of("白日依山尽", "黄河入海流", "欲穷千里目"), 0, None)]
    assert favorites_file(kept, "txt").decode() == "白日依山尽，黄河入海流。欲穷千里目。\n"
    assert rows(favorites_file(kept, "csv"))[1][:2] == ["白日依山尽", "黄河入海流\n欲穷千里目"]
    (entry,) = json.loads(favorites_file(kept, "json"))["couplets"]
    assert (entry["line"], entry["answer"]) == ("白日依山尽", "黄河入海流\n欲穷千里目")


def test_csv_is_read_back_by_a_spreadsheet():
    content = favorites_file(KEPT, "csv")
    assert content.startswith(BOM)
    header, *table = rows(content)
    assert header == ["line", "answer", "kept_at"]
    assert [row[:2] for row in table] == [
        ["黄河远上白云间", "一片孤城万仞山"],
        ['say "hi", you', "new\nline"],
    ]
    assert [datetime.fromisoformat(row[2]) for row in table] == [
        datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＋1", "－1", "＠1"],
)
def test_csv_escapes_formulas(cell):
    # https://owasp.org/www-community/attacks/CSV_Injection
    content = favorites_file([Favorite(1, Verse(cell, cell), 0, None)], "csv")
    assert rows(content)[1][:2] == [f"'{cell}"] * 2


def test_csv_does_not_change_verse():
    content = favorites_file([Favorite(1, Verse("a=b", "'tis"), 0, None)], "csv")
    assert rows(content)[1][:2] == ["a=b", "'tis"]


def test_json_has_everything():
    content = favorites_file(KEPT, "json")
    assert "黄河" in content.decode()  # for eyes as well
    assert json.loads(content) == {
        "couplets": [
            {
                "line": "黄河远上白云间",
                "answer": "一片孤城万仞山",
                "kept_at": "2023-11-14T22:13:20+00:00",
                "server_id": "9223372036854775807",
            },
            {
                "line": 'say "hi", you',
                "answer": "new\nline",
                "kept_at": "1970-01-01T00:00:00+00:00",
                "server_id": None,
            },
        ]
    }
