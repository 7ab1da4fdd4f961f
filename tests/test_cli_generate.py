"""`lianju generate` as its user types it."""

import os
import threading

import pytest
from lianju.bot.verse import Composer, NothingAllowedError, PromptError

from .command_line import answers, sentence
from .command_line import bundle as bundle
from .command_line import clean_environment as clean_environment
from .command_line import lianju as lianju
from .command_line import refused as refused
from .verse.toy import PROMPTS, Toy


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
