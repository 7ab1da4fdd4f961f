"""`lianju` as its user types it."""

import io
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace

import click
import pytest
from lianju.bot import cli
from lianju.bot.cli.output import pretty, to_json
from lianju.bot.errors import LianjuError
from lianju.bot.i18n import Localizer
from lianju.bot.verse import (
    Beam,
    Candidate,
    Composer,
    NextLine,
    NothingAllowedError,
    PromptError,
    Request,
    Rerank,
    Revision,
    open_composer,
)

from .verse.toy import PROMPTS, Toy

LINE = "黄河远上白云间"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return Toy().write(tmp_path_factory.mktemp("cli") / "toy")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("LIANJU_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LIANJU_THREADS", "1")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def lianju(capsys, monkeypatch, bundle):
    """Runs a command on the toy bundle; returns status, standard output and standard error."""
    monkeypatch.setenv("LIANJU_BUNDLE", str(bundle))

    def run(*arguments):
        status = cli.main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def refused(lianju):
    """Runs a command that must fail as bad input does; returns the one sentence."""

    def run(*arguments):
        status, out, err = lianju(*arguments)
        assert (status, out) == (2, "")
        assert err.startswith("lianju: ")
        assert err.count("\n") == 1
        assert "Traceback" not in err
        return err.removeprefix("lianju: ").removesuffix("\n")

    return run


def sentence(key, **facts):
    return str(LianjuError(key, **facts))


def answers(bundle, text, **options):
    composer = open_composer(bundle, "cpu", 1)
    return composer.compose_now(Request(text, **options))


class TestPoem:
    def test_json_keeps_the_contract(self, lianju, bundle):
        status, out, err = lianju("poem", LINE, "--json")
        assert (status, err) == (0, "")
        found = json.loads(out)
        expected = answers(bundle, LINE, search=Rerank())
        assert found.pop("elapsed_ms") > 0
        assert found == {
            "line": LINE,
            "bundle": {"name": "toy", "version": "0.0.1"},
            "search": {"width": 5, "length": 7, "plain": False},
            "form": {
                "name": "next",
                "heads": None,
                "rhyme": None,
                "rules": "strict",
                "known": "exclude",
                "rhyme_group": None,
            },
            "candidates": [
                {
                    "text": c.text,
                    "log_prob": c.log_prob,
                    "lines": [c.text],
                    "known": [],
                    "relaxed": [],
                    "objective": c.score,
                    "seed": 0,
                }
                for c in expected.candidates
            ],
            "known_answer": None,
            "unknown": [],
            "complete": True,
            "prompt": {"written": [LINE], "shown": [LINE]},
            "request": {
                "line": LINE,
                "form": "next",
                "rules": "strict",
                "known": "exclude",
                "count": 5,
                "mode": "chosen",
                "beam": 5,
                "script": "auto",
                "seed": 0,
            },
        }

    def test_unknown_characters_are_named_beside_the_answer(self, lianju):
        status, out, err = lianju("poem", "黄河貓上白云间", "--json")
        assert (status, err) == (0, "")
        found = json.loads(out)
        assert (found["line"], found["unknown"]) == ("黄河貓上白云间", ["貓"])
        assert len(found["candidates"]) == 5
        assert "<unk>" not in out
        status, out, err = lianju("poem", "黄河貓上白云间")
        assert (status, err) == (0, "")
        assert [row.split()[-1] for row in out.splitlines() if "unknown" in row] == ["貓"]
        assert "unknown" not in lianju("poem", LINE)[1]

    def test_a_beam_says_its_width(self, lianju, bundle):
        found = json.loads(lianju("poem", LINE, "--beam", 5, "--json")[1])
        expected = answers(bundle, LINE)
        assert found["search"]["width"] == 5
        assert [(c["text"], c["log_prob"]) for c in found["candidates"]] == [
            (c.text, c.log_prob) for c in expected.candidates
        ]
        assert not any("seed" in c or "objective" in c for c in found["candidates"])

    def test_for_a_reader(self, lianju, bundle):
        status, out, _ = lianju("poem", LINE)
        expected = answers(bundle, LINE, search=Rerank())
        first, *rows, foot = out.splitlines()
        assert (status, first) == (0, LINE)
        for rank, (row, candidate) in enumerate(zip(rows, expected.candidates, strict=True), 1):
            assert row.split() == [str(rank), f"{candidate.log_prob:.3f}", candidate.text]
        assert foot.startswith("toy 0.0.1 · re-ranked with seed 0, length 7 · log-probabilities · ")
        assert foot.endswith(" ms")

    def test_an_empty_candidate_has_a_name(self, bundle):
        answer = replace(answers(bundle, LINE), candidates=(Candidate(("",), -0.5, -0.5),))
        assert pretty(answer).splitlines()[1].count("(ends here)") == 1

    def test_an_answer_that_was_cut_short_says_so(self, bundle):
        answer = answers(bundle, LINE)
        said = "time ran out: these are the best lines so far"
        assert said not in pretty(answer)
        cut_short = replace(answer, complete=False)
        *_, told, foot = map(click.unstyle, pretty(cut_short).splitlines())
        assert told == said
        assert foot.startswith("toy 0.0.1")
        assert json.loads(to_json(cut_short))["complete"] is False

    def test_options_reach_the_search(self, lianju, bundle):
        options = ("--beam", 9, "--count", 3, "--length", 4, "--plain", "--script", "traditional")
        found = json.loads(lianju("poem", LINE, *options, "--json")[1])
        expected = answers(
            bundle,
            LINE,
            form=NextLine(4),
            search=Beam(9, plain=True),
            count=3,
            script="traditional",
        )
        assert found["line"] == "黃河遠上白雲間"
        assert found["search"] == {"width": 9, "length": 4, "plain": True}
        assert [c["text"] for c in found["candidates"]] == [c.text for c in expected.candidates]

    def test_bundle_option_beats_the_setting(self, lianju, monkeypatch, bundle):
        monkeypatch.setenv("LIANJU_BUNDLE", "/nowhere")
        assert lianju("poem", LINE, "--bundle", bundle)[0] == 0

    @pytest.mark.parametrize(
        ("arguments", "key", "facts"),
        [
            ((LINE, "--beam", 0), "request-range", {"name": "width", "value": 0, "high": 64}),
            ((LINE, "--beam", 65), "request-range", {"name": "width", "value": 65, "high": 64}),
            ((LINE, "--count", 21), "request-range", {"name": "count", "value": 21, "high": 20}),
            ((LINE, "--length", 0), "request-range", {"name": "length", "value": 0, "high": 64}),
            ((LINE, "--beam", 2, "--count", 3), "request-width", {"width": 2, "lines": 3}),
            (("",), "prompt-empty", {}),
            (("hello",), "prompt-not-chinese", {}),
            (("--heads", "abc"), "prompt-heads", {}),
            (("--heads", ""), "prompt-heads", {}),
            (
                (LINE, "白日"),
                "cli-quotes",
                {"name": "LINE", "command": "poem", "text": f"{LINE} 白日"},
            ),
            (("黄猫狗",), "prompt-unknown", {"named": "猫 狗", "more": 0}),
            (("白" * 65,), "prompt-characters", {"size": 65, "most": 64}),
            (("白，" * 8,), "prompt-lines", {"lines": 8, "most": 7}),
            (("白\udcff",), "prompt-not-text", {}),
            (("--keep", "白日依，?", LINE), "request-keep-option", {"option": "line"}),
            (
                ("--keep", "白日依，?", "--heads", "白日"),
                "request-keep-option",
                {"option": "heads"},
            ),
            (("--keep", "白日依，?", "--plain"), "request-plain", {}),
            (("--keep", "白日依，黄河入"), "prompt-keep-nothing-open", {}),
            (("--keep", "?，?"), "prompt-keep-all-open", {}),
            (("--keep", "白日依，黄河，?"), "prompt-keep-uneven", {"found": "2, 3"}),
            (("--keep", "白日依？"), "prompt-keep-lines", {"lines": 1, "low": 2, "high": 8}),
            (("--keep", ""), "prompt-empty", {}),
        ],
    )
    def test_a_request_that_is_not_valid_is_refused(self, refused, arguments, key, facts):
        low = {"low": 1} if key == "request-range" else {}
        assert refused("poem", *arguments) == sentence(key, **facts, **low)

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("poem", LINE, "--beam", "five"), "'five' is not a valid integer"),
            (("poem", LINE, "--script", "latin"), "'latin' is not one of"),
            (("poem", LINE, "--provider", "tpu"), "'tpu' is not one of"),
            (("poem", LINE, "--bem", 4), "No such option '--bem': see `lianju poem --help`"),
            (("peom", LINE), "No such command 'peom': see `lianju --help`"),
            (("poem", LINE, "--bundle", "/nowhere"), "/nowhere"),
        ],
    )
    def test_arguments_that_are_not_valid_are_refused(self, refused, arguments, told):
        assert told in refused(*arguments)

    def test_a_poem_is_revised(self, lianju, bundle):
        text = "黄河远上白，?，日入间？中"
        status, out, err = lianju("poem", "--keep", text, "--json", "--count", 3)
        assert (status, err) == (0, "")
        found = json.loads(out)
        expected = answers(bundle, text, form=Revision(), search=Rerank(), count=3)
        assert found["line"] == text
        assert found["form"]["keep"] == found["request"]["keep"] == text
        assert "line" not in found["request"]
        assert found["departures"] == []
        texts = [each["lines"] for each in found["candidates"]]
        assert texts == [list(each.lines) for each in expected.candidates]
        assert [(first, last[:3], last[4]) for first, _, last in texts] == [
            ("黄河远上白", "日入间", "中")
        ] * 3
        printed = lianju("poem", "--keep", text, "--count", 3)[1]
        assert all("，".join(lines) in printed for lines in texts)

    def test_control_characters_do_not_reach_the_terminal(self, refused, tmp_path):
        path = tmp_path / "\x1b[31m\nevil"
        told = refused("poem", LINE, "--bundle", path)
        assert told == sentence("bundle-not-found", path=f"{tmp_path}/\ufffd[31m\ufffdevil")
        path.write_bytes(b"\xff")
        told = refused("generate", path, "--out", "-")
        assert told == sentence("cli-not-utf8", path=f"{tmp_path}/\ufffd[31m\ufffdevil")

    def test_the_line_may_come_from_standard_input(self, lianju, monkeypatch):
        def given(text):
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))

        given(f"\ufeff{LINE}\r\n".encode())
        out, expected = (lianju("poem", each)[1].splitlines() for each in ("-", LINE))
        assert out[:-1] == expected[:-1]  # the last has the time that it took
        given(LINE.encode("gbk"))
        told = f"lianju: {sentence('cli-stdin-not-utf8')}\n"
        assert lianju("poem", "-") == (2, "", told)

    def test_no_line(self, refused):
        assert refused("poem") == sentence("cli-no-line")

    def test_a_damaged_bundle(self, refused, tmp_path):
        directory = Toy().write(tmp_path / "damaged")
        (directory / "step.onnx").write_bytes(b"")
        assert "step.onnx has 0 bytes" in refused("poem", LINE, "--bundle", directory)

    def test_a_bad_setting(self, refused, monkeypatch):
        monkeypatch.setenv("LIANJU_PROVIDER", "tpu")
        expected = sentence("setting-value", name="LIANJU_PROVIDER", value="'tpu'")
        assert refused("poem", LINE) == expected


class TestGenerate:
    def write(self, directory, text):
        path = directory / "prompts.txt"
        path.write_text(text, encoding="utf-8")
        return path

    def test_classic_format(self, lianju, tmp_path, bundle):
        source = self.write(tmp_path, "黄 河 远 上 白 云 间\n白日依山尽\n\n")
        status, out, err = lianju("generate", source, "--out", tmp_path / "out.txt", "--count", 2)
        assert (status, out, err) == (0, "", "")
        blocks = []
        for index, prompt in enumerate(["黄 河 远 上 白 云 间", "白日依山尽"]):
            rows = [
                f"{c.log_prob:.4f}\t{' '.join(c.text)}\n"
                for c in answers(bundle, prompt, count=2).candidates
            ]
            blocks.append(f"{index}\t{prompt}\n{''.join(rows)}\n")
        assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "".join(blocks)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["out.txt", "prompts.txt"]

    def test_prints_to_standard_output(self, lianju, tmp_path):
        source = self.write(tmp_path, "\n".join(PROMPTS[:3]))
        lianju("generate", source, "--out", tmp_path / "out.txt", "--plain")
        status, out, _ = lianju("generate", source, "--out", "-", "--plain")
        assert status == 0
        assert out == (tmp_path / "out.txt").read_text(encoding="utf-8")

    def test_a_byte_order_mark_is_skipped(self, lianju, tmp_path):
        source = self.write(tmp_path, "\ufeff白日依山尽\r\n黄河\r\n")
        assert lianju("generate", source, "--out", "-")[1].startswith("0\t白日依山尽\n")

    def test_words_stay_words(self, lianju, tmp_path):
        words = Toy(tokens=("<unk>", "<e>", "the", "whale", "swam"))
        source = self.write(tmp_path, "the whale\n")
        _, out, _ = lianju(
            "generate", source, "--out", "-", "--bundle", words.write(tmp_path / "words")
        )
        assert out.splitlines()[1].split("\t")[1].count(" ") == 1

    @pytest.mark.parametrize(
        ("bad", "key", "facts"),
        [
            ("hello", "prompt-not-chinese", {}),
            ("", "prompt-empty", {}),
            ("黄猫狗", "prompt-unknown", {"named": "猫 狗", "more": 0}),
        ],
    )
    def test_a_prompt_that_cannot_be_answered_is_marked(
        self, lianju, tmp_path, bundle, bad, key, facts
    ):
        source = self.write(tmp_path, f"白日\n{bad}\n黄河\n")
        status, out, err = lianju("generate", source, "--out", "-", "--count", 1)
        reason = sentence(key, **facts)
        told = sentence("cli-prompt", path=str(source), line="2", reason=reason)
        assert (status, err) == (1, f"lianju: {told}\n")
        first, last = (
            f"{c.log_prob:.4f}\t{' '.join(c.text)}"
            for prompt in ("白日", "黄河")
            for c in answers(bundle, prompt, count=1).candidates
        )
        assert out == f"0\t白日\n{first}\n\n1\t{bad}\nerror\t{reason}\n\n2\t黄河\n{last}\n\n"

    def test_a_search_without_a_result_is_marked(self, lianju, tmp_path, monkeypatch):
        compose = Composer.compose_now

        def compose_now(self, prepared):
            if prepared.request.text == "黄河":
                raise NothingAllowedError("search-nothing")
            return compose(self, prepared)

        monkeypatch.setattr(Composer, "compose_now", compose_now)
        source = self.write(tmp_path, "黄河\n白日\n")
        status, _, err = lianju("generate", source, "--out", tmp_path / "out.txt")
        assert (status, err.count("\n")) == (1, 1)
        first, second, _ = (tmp_path / "out.txt").read_text(encoding="utf-8").split("\n\n")
        assert first == f"0\t黄河\nerror\t{sentence('search-nothing')}"
        assert len(second.splitlines()) == 6

    @pytest.mark.parametrize(
        ("text", "bad"),
        [
            ("hello\n\n", "hello"),
            ("黄猫狗\nhello\n", "黄猫狗"),
            ("", None),
            ("\n \n", None),
        ],
    )
    @pytest.mark.parametrize("out", ["out.txt", "-"])
    def test_no_valid_prompt_writes_no_file(self, refused, bundle, tmp_path, text, bad, out):
        source = self.write(tmp_path, text)
        told = refused("generate", source, "--out", out)
        if bad is None:
            assert told == sentence("cli-prompts-empty", path=str(source))
        else:
            with pytest.raises(PromptError) as error:
                answers(bundle, bad)
            reason = str(error.value)
            assert told == sentence("cli-prompt", path=str(source), line="1", reason=reason)
        assert [path.name for path in tmp_path.iterdir()] == ["prompts.txt"]

    def test_an_invalid_prompt_keeps_the_old_file(self, refused, tmp_path):
        (tmp_path / "out.txt").write_text("old", encoding="utf-8")
        refused("generate", self.write(tmp_path, "hello"), "--out", "out.txt")
        assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "old"

    @pytest.mark.parametrize(
        ("out", "reason"),
        [("missing/out.txt", "No such file or directory"), ("", "Is a directory")],
    )
    def test_no_place_to_write(self, refused, tmp_path, out, reason):
        source = self.write(tmp_path, "白日")
        expected = sentence("cli-unwritable", path=out, reason=reason)
        assert refused("generate", source, "--out", out) == expected
        assert [path.name for path in tmp_path.iterdir()] == ["prompts.txt"]

    def test_output_to_links_and_pipes_does_not_replace_them(self, lianju, tmp_path):
        source = self.write(tmp_path, "白日")
        (tmp_path / "link.txt").symlink_to("real.txt")
        os.mkfifo(tmp_path / "pipe")
        written = []
        reader = threading.Thread(target=lambda: written.append((tmp_path / "pipe").read_text()))
        reader.start()
        for name in ("link.txt", "pipe"):
            assert lianju("generate", source, "--out", tmp_path / name)[0] == 0
        reader.join()
        assert (tmp_path / "link.txt").is_symlink()
        assert (tmp_path / "pipe").is_fifo()
        assert written == [(tmp_path / "real.txt").read_text(encoding="utf-8")]

    def test_other_bad_input(self, refused, tmp_path):
        source = self.write(tmp_path, "白日")
        expected = sentence("cli-out-is-source", path=str(source))
        assert refused("generate", source, "--out", source) == expected
        assert "does not exist" in refused("generate", "nothing.txt", "--out", "-")
        assert "is a directory" in refused("generate", source, "--out", tmp_path)
        assert "Missing option '--out'" in refused("generate", source)
        expected = sentence("request-range", name="width", value=0, low=1, high=64)
        assert refused("generate", source, "--out", "-", "--beam", 0) == expected
        source.write_bytes("白日".encode("utf-16"))
        expected = sentence("cli-not-utf8", path=str(source))
        assert refused("generate", source, "--out", "-") == expected


def test_alone_it_shows_its_help(lianju):
    status, out, err = lianju()
    assert (status, err) == (0, "")
    assert "generate" in out


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("zh_TW.UTF-8", "zh-TW"),
        ("zh_HK", "zh-TW"),
        ("zh_MO.UTF-8", "zh-TW"),
        ("zh_Hant", "zh-TW"),
        ("zh_TW@radical", "zh-TW"),
        ("zh_SG.UTF-8", "zh-CN"),
        ("zh_Hans_MO", "zh-CN"),
        ("zh_CN.UTF-8", "zh-CN"),
        ("zh", "zh-CN"),
        ("en_GB.UTF-8", "en"),
        ("de_DE.UTF-8", "en"),
        ("C", "en"),
    ],
)
@pytest.mark.parametrize("variable", ["LC_ALL", "LC_MESSAGES", "LANG"])
def test_errors_are_in_the_language_of_the_locale(refused, monkeypatch, variable, locale, language):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "fr_FR")
    monkeypatch.setenv(variable, locale)
    assert refused("poem") == Localizer(language).format("cli-no-line")


def test_version(lianju):
    status, out, _ = lianju("--version")
    assert status == 0
    assert out.startswith("lianju ")


def test_as_a_process(bundle):
    command = [sys.executable, "-m", "lianju.bot", "poem", LINE, "--bundle", str(bundle)]
    good = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith(f"{LINE}\n")
    bad = subprocess.run([*command, "--beam", "0"], capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "lianju: Beam width 0 is out of range: choose from 1 to 64.\n"


def test_a_closed_pipe_is_not_an_error(bundle, tmp_path):
    source = tmp_path / "prompts.txt"
    source.write_text("白日依山尽\n" * 300, encoding="utf-8")
    options = f"--bundle '{bundle}' --beam 1 --length 1"
    lianju = f"'{sys.executable}' -m lianju.bot generate '{source}' --out - {options}"
    done = subprocess.run(
        ["bash", "-c", f"{lianju} | head -n 1"], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("0\t白日依山尽\n", "")


class TestSampling:
    def test_seed_draws_the_same_lines_again(self, lianju):
        first = json.loads(lianju("poem", LINE, "--sample", "--json")[1])
        (seed,) = {candidate["seed"] for candidate in first["candidates"]}
        again = json.loads(lianju("poem", LINE, "--sample", "--seed", seed, "--json")[1])
        assert again["candidates"] == first["candidates"]
        assert first["search"]["length"] == 7
        other = json.loads(lianju("poem", LINE, "--sample", "--seed", seed + 1, "--json")[1])
        assert other["candidates"] != first["candidates"]

    def test_unseeded_draws_differ(self, lianju):
        draws = {lianju("poem", LINE, "--sample", "--json")[1] for _ in range(3)}
        assert len(draws) == 3

    def test_fewer_lines_than_asked_for_are_explained(self, lianju):
        status, out, err = lianju("poem", LINE, "--sample", "--top-k", 1, "--seed", 1)
        assert (status, err) == (0, "")
        _, line, why, _ = out.splitlines()
        assert line.split()[0] == "1"
        assert why.startswith("1 of 5: ")
        assert "--top-k" in why
        assert " of 5: " not in lianju("poem", LINE, "--sample", "--seed", 1)[1]

    @pytest.mark.parametrize("options", [("--beam", 5), ("--seed", 1)])
    def test_other_searches_explain_fewer_lines_too(self, bundle, options):
        search = Beam() if options[0] == "--beam" else Rerank(1)
        answer = answers(bundle, LINE, search=search)
        assert "of 5" not in pretty(answer)
        fewer = replace(answer, candidates=answer.candidates[:2])
        assert [row for row in map(click.unstyle, pretty(fewer).splitlines()) if "2 of 5: " in row]
        assert "of 5" not in pretty(replace(fewer, complete=False))  # which says why

    def test_the_seed_is_shown(self, lianju):
        assert "drawn with seed 12, length 7" in lianju("poem", LINE, "--sample", "--seed", 12)[1]

    @pytest.mark.parametrize(
        ("options", "key", "facts"),
        [
            (["--beam", "5", "--seed", "1"], "poem-seed", {}),
            (["--plain", "--seed", "1"], "poem-seed", {}),
            (["--top-k", "9"], "request-sample-option", {"option": "top-k"}),
            (["--sample", "--beam", "9"], "request-sampling", {}),
            (["--sample", "--plain"], "request-sampling", {}),
            (
                ["--sample", "--temperature", "nan"],
                "request-range",
                {"name": "temperature", "value": float("nan"), "low": 0.1, "high": 2.0},
            ),
            (
                ["--sample", "--top-p", "1.5"],
                "request-range",
                {"name": "top_p", "value": 1.5, "low": 0.05, "high": 1.0},
            ),
            (
                ["--sample", "--seed", "-1"],
                "request-range",
                {"name": "seed", "value": -1, "low": 0, "high": 2**32 - 1},
            ),
        ],
    )
    def test_options_that_exclude_each_other_are_refused(self, refused, options, key, facts):
        assert refused("poem", LINE, *options) == sentence(key, **facts)


LONG = "a" * 300  # more than a name may have


@pytest.mark.parametrize(
    "command",
    [
        ("poem", LINE, "--bundle", LONG),
        ("backup", LONG),
        ("restore", LONG),
        ("generate", "prompts.txt", "--out", LONG),
    ],
)
def test_path_that_cannot_be_looked_up_is_one_sentence(refused, tmp_path, command):
    (tmp_path / "prompts.txt").write_text("白日", encoding="utf-8")
    told = refused(*command)
    assert LONG in told
    assert "answer" not in told


def test_database_that_cannot_be_looked_up_fails_its_check_alone(lianju, monkeypatch, tmp_path):
    monkeypatch.setenv("LIANJU_DATABASE", f"sqlite+aiosqlite:///{tmp_path / LONG}")
    status, out, err = lianju("serve", "--check")
    assert (status, err) == (2, "")
    verdicts = {row.split()[1]: row.split()[0] for row in out.splitlines()}
    assert verdicts == {"settings": "ok", "bundle": "ok"} | dict.fromkeys(
        ("database", "token"), "FAILED"
    )


@pytest.mark.parametrize("command", [("backup", "x"), ("generate", "{}", "--out", "x")])
def test_working_folder_that_is_gone_is_one_sentence(refused, tmp_path, monkeypatch, command):
    source = tmp_path / "prompts.txt"
    source.write_text("白日", encoding="utf-8")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    told = refused(*(each.format(source) for each in command))
    monkeypatch.chdir(tmp_path)
    assert told == sentence("cli-folder-gone")
