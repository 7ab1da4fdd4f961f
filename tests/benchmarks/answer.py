"""One answer, beside PyTorch and GPT-2: `python -m tests.benchmarks.answer`.

The rivals in PyTorch run the same beam search with the same weights, read back from the bundle;
before anything is timed, they must find the lines that the graph finds without rounded activations.
The GPT-2 (`pip install '.[bench]'`) has the size of its smallest release and random weights.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import click
import torch
from lianju.bot.verse.model.language_model import LanguageModel
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.export.weights import StoredWeights

from .table import print_table
from .timing import Contender, Run, median_ms, repeated
from .torch_models import RerunAllPositions, RerunLastPosition, Stepwise
from .workload import LINE, WIDE, WIDTH, Engine, engine_options, plain

NEW, SEEN, WIDER = "Lianju, new prompt", "Lianju, prompt seen before", f"Lianju, width {WIDE}"
GPT2 = "GPT-2 base, transformers"


@click.command()
@engine_options
@click.option("--repeat", type=click.IntRange(1), default=20, show_default=True)
def main(engine: Engine, repeat: int) -> None:
    """Measures one warm answer of a plain beam search in every way, in turns."""
    if engine.threads:
        torch.set_num_threads(engine.threads)
    rivals = open_rivals(engine)
    check_rivals(engine, rivals)
    answer = engine.composer().compose_now(plain(LINE))
    prompts = engine.prompts(repeat)
    contenders = [
        _new_prompt(NEW, engine, engine.model, prompts),
        _seen_prompt(engine, prompts),
        _new_prompt(WIDER, engine, engine.model, prompts, WIDE),
        *(_new_prompt(name, engine, model, prompts) for name, model in rivals.items()),
    ]
    try:
        contenders.append(repeated(GPT2, open_gpt2(len(LINE) + 2, answer.length)))
    except ModuleNotFoundError:
        print("GPT-2 is left out: run pip install '.[bench]'", file=sys.stderr)
    taken = median_ms(contenders, repeat)
    print_table(
        f"One answer of {answer.length} characters, width {WIDTH}, medians of {repeat}",
        ("", "ms", "over new", "over seen"),
        [
            (name, f"{ms:.2f}", f"{ms / taken[NEW]:.2f} ×", f"{ms / taken[SEEN]:.2f} ×")
            for name, ms in taken.items()
        ],
    )


def open_rivals(engine: Engine) -> dict[str, LanguageModel]:
    """Returns the models in PyTorch by name."""
    model = StoredWeights(engine.bundle.graph_path).model()
    return {
        "PyTorch, prefix again, all outputs": RerunAllPositions(model),
        "PyTorch, prefix again, last output": RerunLastPosition(model),
        "PyTorch, step by step": Stepwise(model),
    }


def check_rivals(engine: Engine, rivals: dict[str, LanguageModel]) -> None:
    """Compares the rivals' lines with those of the graph without rounded activations.

    Raises:
        ClickException: They differ.
    """
    exact = OnnxModel(engine.bundle, "cpu", engine.threads, gpu_graph_on_cpu=True)
    expected = _lines(engine, exact)
    for name, model in rivals.items():
        if _lines(engine, model) != expected:
            raise click.ClickException(f"{name} finds other lines than the graph")


def open_gpt2(prompt_tokens: int, new_tokens: int, **sizes: int) -> Callable[[], Any]:
    """Returns a function that continues a prompt by beam search with a GPT-2 of random weights.

    Args:
        prompt_tokens: Length of the prompt.
        new_tokens: How many tokens follow, no more and no less.
        **sizes: Of the model, where they are to differ from `GPT2Config`'s own.

    Raises:
        ModuleNotFoundError: `transformers` is not installed.
    """
    from transformers import GPT2Config, GPT2LMHeadModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(**sizes)).eval()
    model.generation_config.eos_token_id = None  # random weights would end anywhere
    prompt = torch.randint(1, model.config.vocab_size, (1, prompt_tokens))

    @torch.inference_mode()
    def generate() -> torch.Tensor:
        return model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            num_beams=WIDTH,
            do_sample=False,
            use_cache=True,
            min_new_tokens=new_tokens,
            max_new_tokens=new_tokens,
            pad_token_id=0,
        )

    return generate


def _lines(engine: Engine, model: LanguageModel) -> list[str]:
    answer = engine.composer(model).compose_now(plain(LINE))
    return [candidate.text for candidate in answer.candidates]


def _new_prompt(
    name: str, engine: Engine, model: LanguageModel, prompts: Sequence[str], width: int = WIDTH
) -> Contender:
    """Returns a contender with a new composer in each turn, warm from another prompt."""

    def prepare(turn: int) -> Run:
        composer = engine.composer(model)
        composer.compose_now(plain(LINE, width))
        request = plain(prompts[turn % len(prompts)], width)
        return lambda: composer.compose_now(request)

    return Contender(name, prepare)


def _seen_prompt(engine: Engine, prompts: Sequence[str]) -> Contender:
    composer = engine.composer()

    def prepare(turn: int) -> Run:
        request = plain(prompts[turn % len(prompts)])
        composer.compose_now(request)
        return lambda: composer.compose_now(request)

    return Contender(SEEN, prepare)


if __name__ == "__main__":
    main()
