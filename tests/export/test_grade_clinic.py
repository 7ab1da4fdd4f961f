"""What the clinic says of the poems of a corpus."""

import pytest
from click.testing import CliRunner
from lianju.bot.verse import default_directory
from lianju.export.__main__ import cli
from lianju.export.errors import ExportError
from lianju.export.grade.clinic import check_poems

POEMS = (
    "白日依山尽 黄河入海流 欲穷千里目 更上一层楼",  # kept
    "白日依山尽 黄河入天流 欲穷千里目 更上一层山",  # faulty
    "床前明月光 疑是地上霜 举头望明月 低头思故乡",  # old verse
    "渭城朝雨浥轻尘 客舍青青柳色新 劝君更尽一杯酒 西出阳关无故人",  # kept, with licences
    "白日依山尽 黄河入海流",  # of no such form
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    rows = ["".join(f"{' '.join(line)} </l> " for line in poem.split()) for poem in POEMS]
    (folder / "test.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "validation.txt").write_text(rows[-1] + "\n", encoding="utf-8")
    return folder


def test_every_poem_of_a_form_is_counted_and_the_faulty_ones_are_shown(corpus):
    report = check_poems(default_directory(), corpus, "test", count=300, seed=0)
    assert len(report.checkups) == 4
    assert [each.text.lines[3] for each in report.faulty] == ["更上一层山"]
    near = dict(zip((each.text.lines[3] for each in report.checkups), report.near, strict=True))
    assert near == {
        "更上一层楼": True,
        "更上一层山": True,
        "低头思故乡": False,
        "西出阳关无故人": False,
    }
    ran = CliRunner().invoke(
        cli, ["grade-clinic", str(default_directory()), "--corpus", str(corpus)]
    )
    assert ran.exit_code == 0
    assert "| all | 4 | 50.0 % | 25.0 % | 25.0 % | 1 of 2, 50.0 % |" in ran.output
    assert "| waist | 1 |" in ran.output
    assert ran.output.count("黄河入天流") == 1
    assert "黄河入海流" not in ran.output


def test_no_more_than_asked_for(corpus):
    assert len(check_poems(default_directory(), corpus, "test", count=2, seed=1).checkups) == 2


def test_a_part_without_such_poems_is_refused(corpus):
    with pytest.raises(ExportError, match="no poem of regulated form in its part validation"):
        check_poems(default_directory(), corpus, "validation", count=2, seed=0)
