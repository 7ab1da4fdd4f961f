"""`lianju poem` as its user types it."""

import io
import json
import sys
from dataclasses import replace

import click
import pytest
from lianju.bot.cli.output import pretty, to_json
from lianju.bot.verse import Beam, Candidate, NextLine, Rerank, Revision

from .command_line import LINE, answers, sentence
from .command_line import bundle as bundle
from .command_line import clean_environment as clean_environment
from .command_line import lianju as lianju
from .command_line import refused as refused
from .verse.toy import Toy


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
                    "confidence": c.confidence,
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
            assert row.split() == [str(rank), f"{candidate.score:.3f}", candidate.text]
        assert foot.startswith("toy 0.0.1 · re-ranked with seed 0, length 7 · scores · ")
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
