"""A transformer as large as GPT-2's smallest, beside the engine: only its speed counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ..errors import ExportError

HINT = "run pip install 'lianju[bench]'"


def open_gpt2(prompt_tokens: int, width: int, new_tokens: int, **sizes: int) -> Callable[[], Any]:
    """Makes GPT-2 with random weights ready to continue a prompt by beam search.

    Args:
        prompt_tokens: how long the prompt is.
        width: beam width.
        new_tokens: how many tokens follow, no more and no less.
        **sizes: of the model, where they are to differ from `GPT2Config`'s own.

    Raises:
        ModuleNotFoundError: `transformers` is not installed.
        ExportError: it generates another number of tokens.
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
            num_beams=width,
            do_sample=False,
            use_cache=True,
            min_new_tokens=new_tokens,
            max_new_tokens=new_tokens,
            pad_token_id=0,
        )

    found = tuple(generate().shape)
    if found != (1, prompt_tokens + new_tokens):
        raise ExportError(f"GPT-2 generated {found} and not {new_tokens} tokens after the prompt.")
    return generate
