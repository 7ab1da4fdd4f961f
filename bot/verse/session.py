"""ONNX Runtime sessions, on CUDA where it can be had and on the CPU otherwise."""

import contextlib
import ctypes
import io
import os
import sys
from pathlib import Path
from typing import Literal

from .errors import BundleError, ProviderError

# ONNX Runtime 1.29 and later report their use over the network, and keep an id of the machine in
# its cache folder, unless this is set before they load. Who sets it to something else has chosen.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort

__all__ = ["Provider", "open_session", "provider_of"]

Provider = Literal["auto", "cuda", "cpu"]

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"
FATAL = 4  # ONNX Runtime's log severity: say nothing short of a crash


def open_session(path: Path, provider: Provider, threads: int) -> ort.InferenceSession:
    """Opens a graph.

    Args:
        path: The ONNX file.
        provider: `auto` takes CUDA if it loads and the CPU otherwise; `cuda` insists.
        threads: Threads within one operator; 0 takes every core that this process may use.

    Raises:
        BundleError: The file is no graph that ONNX Runtime can run.
        ProviderError: `cuda` was asked for and cannot be had.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or _usable_cores()
    # Threads wait actively for their next part, and by default for long: where something else runs
    # on the same cores, an answer then took half as long again.
    options.add_session_config_entry("session.intra_op.spin_duration_us", "200")
    options.enable_mem_pattern = False  # hardly two steps have the same shapes
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = FATAL
    with_cuda = provider != "cpu" and CUDA in ort.get_available_providers() and _has_cuda_device()
    session = _open_quietly(path, options, [CUDA, CPU] if with_cuda else [CPU])
    if provider == "cuda" and provider_of(session) != "cuda":
        raise ProviderError(
            "CUDA cannot be loaded on this machine: set LIANJU_PROVIDER (or --provider) to auto "
            "or cpu, or install a CUDA that this onnxruntime-gpu works with."
        )
    return session


def provider_of(session: ort.InferenceSession) -> Literal["cuda", "cpu"]:
    """The provider that the session really runs on."""
    return "cuda" if CUDA in session.get_providers() else "cpu"


def _open_quietly(
    path: Path, options: ort.SessionOptions, providers: list[str]
) -> ort.InferenceSession:
    # A provider that fails to load is reported on the process-wide logger, and by `print`.
    ort.set_default_logger_severity(FATAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if CUDA in providers:
                ort.preload_dlls()
            return ort.InferenceSession(path, options, providers=providers)
    except Exception as error:  # ONNX Runtime's errors share no other base
        reason = str(error).split("\n", 1)[0].rstrip(". ")
        raise BundleError(f"{path} is no graph that ONNX Runtime can run: {reason}.") from error


def _usable_cores() -> int:
    # ONNX Runtime would count the machine's cores, and complain where it may not pin to them.
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _has_cuda_device() -> bool:
    """Asks the driver itself, since asking ONNX Runtime first would print red errors."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int()
        return (
            driver.cuInit(0) == 0
            and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
            and count.value > 0
        )
    except (OSError, AttributeError):
        return False
