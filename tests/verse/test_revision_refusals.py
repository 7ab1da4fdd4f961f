"""Poems that cannot be revised: each is refused with a named error."""

import asyncio

import numpy as np
import pytest
from lianju.bot.verse import (
    DeadlineError,
    PromptError,
    Request,
    RequestError,
    Rerank,
    Revision,
    SearchError,
    open_composer,
)
from lianju.bot.verse.composer import Composer
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.serving.scheduler import Scheduler

from .controlled_model import Clock
from .revisions import LETTERS, revise
from .revisions import bundle as bundle
from .revisions import composer as composer
from .test_poems import MODES, SomeLines, knowing
from .toy import Toy


def test_after_the_deadline_there_is_no_half_poem(bundle):
    clock = Clock()
    steps = []

    class Ticking(OnnxModel):
        def step(self, *arguments):
            clock.now += 1
            steps.append(clock.now)
            return super().step(*arguments)

    loaded = open_composer(bundle, "cpu", 1)
    model = Ticking(loaded.bundle, "cpu", 1)
    composer = Composer(loaded.bundle, model, Scheduler(model, clock=clock))
    request = Request("黄河远上白，?，日入间云中，?", Revision(), Rerank())

    def ask(deadline):
        clock.now = 0.0
        return asyncio.run(composer.compose(request, deadline))

    whole = ask(1000)
    assert whole.complete
    needed = int(clock.now)
    for deadline in (0, 3, needed // 2, needed - 2):
        with pytest.raises(DeadlineError):
            ask(deadline)
    composer.close()
    loaded.close()


@pytest.mark.parametrize(
    ("text", "form", "error", "key", "facts"),
    [
        ("", Revision(), PromptError, "prompt-empty", {}),
        ("。", Revision(), PromptError, "prompt-empty", {}),
        ("黄河远上白，日入间云中", Revision(), PromptError, "prompt-keep-nothing-open", {}),
        ("?，？", Revision(), PromptError, "prompt-keep-all-open", {}),
        ("?????，?", Revision(), PromptError, "prompt-keep-all-open", {}),
        (
            "黄河远上白，日入间?，?",
            Revision(),
            PromptError,
            "prompt-keep-uneven",
            {"found": "4, 5"},
        ),
        (
            "黄河远上?",
            Revision(),
            PromptError,
            "prompt-keep-lines",
            {"lines": 1, "low": 2, "high": 8},
        ),
        ("黄，" + "?，" * 8, Revision(), PromptError, "prompt-keep-lines", {"lines": 9}),
        ("黄" * 33 + "，?", Revision(), PromptError, "prompt-characters", {"size": 66, "most": 64}),
        ("hello，?", Revision(), PromptError, "prompt-not-chinese", {}),
        ("黄猫狗，?", Revision(), PromptError, "prompt-unknown", {"named": "猫 狗"}),
        ("黄\ud800，?", Revision(), PromptError, "prompt-not-text", {}),
        ("黄河远，?，?，?", Revision("jueju"), RequestError, "request-form-uneven", {"found": "3"}),
        ("黄河远上白，?", Revision("lushi"), RequestError, "request-keep-form", {"size": 8}),
    ],
)
def test_a_template_that_cannot_be_revised_is_refused(composer, text, form, error, key, facts):
    with pytest.raises(error) as caught:
        composer.prepare(Request(text, form, Rerank()))
    assert caught.value.key == key
    assert caught.value.facts.items() >= facts.items()
    assert "\n" not in str(caught.value)


def test_a_blocked_combination_is_neither_kept_nor_made(composer, monkeypatch):
    module = "lianju.bot.verse.planning.prepared.offensive_words"
    monkeypatch.setattr(module, lambda: ("河远",))
    with pytest.raises(PromptError) as caught:
        revise(composer, "黃河遠上白，?")
    assert caught.value.key == "prompt-keep-blocked"


def test_a_model_without_line_tokens_cannot_revise(tmp_path):
    composer = open_composer(Toy(("<unk>", "<e>", *LETTERS)).write(tmp_path / "toy"), "cpu", 1)
    with pytest.raises(RequestError) as caught:
        revise(composer, "黄河，?")
    composer.close()
    assert caught.value.key == "request-keep-model"


def test_where_nothing_can_be_written_there_is_a_named_error(bundle):
    class Everything(SomeLines):
        def contains(self, lines):
            return np.ones(len(lines), bool)

    for mode in MODES.values():
        with pytest.raises(SearchError) as caught:
            revise(knowing(bundle, Everything()), "黄河远上白，?", mode)
        assert caught.value.key == "search-nothing"
