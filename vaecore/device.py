"""Where the tensors are: one device, and one process or several that share a batch."""

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

DEVICES = ("auto", "cuda", "mps", "cpu")
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
LARGEST_KEPT = 2**30


def best_device(name: str = "auto") -> torch.device:
    """The named device; "auto" is cuda, then mps, then cpu. Under torchrun, the GPU of this process.

    Raises:
        ValueError: an unknown device, or one that this machine does not have.
    """
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, available in here.items() if available)
    kind, _, index = name.partition(":")
    if kind not in here or not (index == "" or index.isdigit()):
        raise ValueError(f"unknown device {name!r}. Expected one of: {', '.join(DEVICES)}")
    if not here[kind]:
        raise ValueError(f"device {name!r} is not available here; 'auto' takes what is")
    if name == "cuda" and "LOCAL_RANK" in os.environ:
        name = f"cuda:{os.environ['LOCAL_RANK']}"
    return torch.device(name)


def model_device(model: nn.Module) -> torch.device:
    """Where a model's parameters, or the buffers of one that has no parameters, are."""
    return next(iter(model.state_dict().values())).device


def device_name(device: torch.device) -> str:
    """What a card calls a device: a GPU by its name, anything else by its kind."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 matrix products are done by the hardware; elsewhere they are emulated, slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        capabilities = getattr(torch.cpu, "get_capabilities", dict)()  # since torch 2.11; an older one gets float32
        return any("bf16" in name and present for name, present in capabilities.items())
    return False


def keep_freed_memory() -> None:
    """Let the C library keep freed memory for the next step instead of handing it back to the system.

    A step frees and takes the same megabytes thousands of times. glibc returns large blocks at once and faults in
    each page anew: a tenth to a fifth of a bfloat16 step on the CPU. Does nothing where the C library is another one.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option is not None:
        set_option(M_MMAP_THRESHOLD, LARGEST_KEPT)
        set_option(M_TRIM_THRESHOLD, LARGEST_KEPT)


@contextmanager
def onednn_products() -> Iterator[None]:
    """Let oneDNN multiply float32 matrices where that is as exact as MKL: on an EPYC 9005 it is twice as fast.

    torch takes MKL for float32 unless bfloat16 products are allowed, and then oneDNN, which uses them only where the
    processor has tiles for them (AMX). So they are allowed, and forbidden again if a product shows that they are used.
    """
    settings = torch.backends.mkldnn.matmul  # pyright: ignore[reportAttributeAccessIssue]
    before, settings.fp32_precision = settings.fp32_precision, "bf16"
    try:
        finer = torch.full((256, 256), 1 + 2.0**-12)  # bfloat16 has 8 bits: it would be rounded to 1
        if not torch.equal(finer @ torch.eye(256), finer):
            settings.fp32_precision = before
        yield
    finally:
        settings.fp32_precision = before


@dataclass(frozen=True)
class Process:
    """One of `world` processes that share every batch."""

    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def share(self, batch: int) -> slice:
        """The rows of a batch that are this process's.

        Raises:
            ValueError: the batch cannot be split evenly.
        """
        if batch % self.world:
            raise ValueError(f"expected a batch that {self.world} processes can share evenly, got {batch}")
        mine = batch // self.world
        return slice(self.rank * mine, (self.rank + 1) * mine)

    def wait(self) -> None:
        """Go on when all processes have come this far."""
        if self.world > 1:
            distributed.barrier()

    def total(self, value: Tensor) -> Tensor:
        """The sum of `value` over all processes."""
        if self.world > 1:
            distributed.all_reduce(value)
        return value


@contextmanager
def processes(device: torch.device) -> Iterator[Process]:
    """The process group that torchrun describes in the environment; a single process without it."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Process()
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Process(distributed.get_rank(), world)
    finally:
        gc.collect()  # the data-parallel wrapper is a cycle; while it lives, so do the group's threads, into the exit
        distributed.destroy_process_group()
