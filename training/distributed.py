"""Training in one process, or in several that `torchrun` started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist


@dataclass(frozen=True)
class Processes:
    """This process and the number of those that train together."""

    rank: int
    world_size: int
    device: torch.device

    @property
    def is_main(self) -> bool:
        """Whether this process writes files, evaluates and prints."""
        return self.rank == 0

    def maximum(self, value: float) -> float:
        """Returns the largest `value` of all processes."""
        if self.world_size == 1:
            return value
        tensor = torch.tensor(value, dtype=torch.float64, device=self.device)
        dist.all_reduce(tensor, op=dist.ReduceOp.MAX)
        return float(tensor)


@contextmanager
def join_processes(device: str) -> Iterator[Processes]:
    """Joins the process group of `torchrun`, if there is one.

    Args:
        device: "auto", "cpu" or "cuda".
    """
    cuda = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    world_size = int(os.environ.get("WORLD_SIZE", "1"))
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    own = torch.device("cuda", local_rank) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(own)
    if world_size == 1:
        yield Processes(0, 1, own)
        return
    dist.init_process_group("nccl" if cuda else "gloo")
    try:
        yield Processes(dist.get_rank(), world_size, own)
    finally:
        dist.destroy_process_group()
