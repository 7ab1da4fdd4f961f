"""ONNX Runtime sessions, on CUDA where it can be had and on the CPU otherwise."""

import contextlib
import ctypes
import io
import logging
import os
import sys
from pathlib import Path
from typing import Any, Literal

from ..errors import BundleError, ProviderError

# ONNX Runtime 1.29 and later report their use over the network, and keep an id of the machine in
# its cache folder, unless this is set before they load, which is why all others take `ort` from
# here. Who sets it to something else has chosen.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort

__all__ = [
    "ORT_TYPES",
    "Provider",
    "no_cuda",
    "open_session",
    "ort",
    "provider_of",
    "trim_heap",
    "usable_cores",
]

Provider = Literal["auto", "cuda", "cpu"]

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"
ORT_TYPES = {
    "float16": "tensor(float16)",
    "float32": "tensor(float)",
    "float64": "tensor(double)",
    "int64": "tensor(int64)",
    "int32": "tensor(int32)",
    "bool": "tensor(bool)",
    "uint8": "tensor(uint8)",
}
FATAL = 4  # ONNX Runtime's log severity: say nothing short of a crash

_log = logging.getLogger(__name__)


def open_session(
    path: Path, provider: Provider, threads: int, precision: str = "fp32"
) -> ort.InferenceSession:
    """Opens a graph.

    ONNX Runtime has no CUDA kernel for the product of an int8 graph (`MatMulIntegerToFloat`, as of
    1.31): with CUDA, each of them would run on the CPU between two copies.

    Args:
        path: The ONNX file.
        provider: `auto` takes CUDA if it loads and suits the graph, and the CPU otherwise, with a
            line in the log if there is a GPU that goes unused; `cuda` insists.
        threads: Threads within one operator; 0 takes every core that this process may use.
        precision: How the graph stores its weights.

    Raises:
        BundleError: The file is no graph that ONNX Runtime can run.
        ProviderError: `cuda` was asked for and cannot be had.
    """
    if provider == "cpu":
        return _open_on_cpu(path, threads)
    if CUDA not in ort.get_available_providers() or not _has_cuda_device():
        if provider == "cuda":
            raise no_cuda()
        return _open_on_cpu(path, threads)
    if provider == "auto" and precision == "int8":
        _log.info("An int8 bundle is fastest on the CPU; for this GPU, export one with fp32.")
        return _open_on_cpu(path, threads)
    try:
        return _open_on_cuda(path, threads)
    except Exception as error:  # ONNX Runtime's errors share no other base
        session = _open_on_cpu(path, threads)
        if provider == "cuda":
            raise no_cuda() from error
        _log.warning("CUDA cannot be used, so the model runs on the CPU: %s.", _reason(error))
        return session


def provider_of(session: ort.InferenceSession) -> Literal["cuda", "cpu"]:
    """The provider that the session really runs on."""
    return "cuda" if CUDA in session.get_providers() else "cpu"


def no_cuda() -> ProviderError:
    """What is raised where CUDA is insisted on and does not work."""
    return ProviderError(
        "CUDA cannot be loaded on this machine: set LIANJU_PROVIDER (or --provider) to auto "
        "or cpu, or install a CUDA that this onnxruntime-gpu works with."
    )


def _open_on_cpu(path: Path, threads: int) -> ort.InferenceSession:
    try:
        return _open(path, threads, [CPU])
    except Exception as error:  # ONNX Runtime's errors share no other base
        raise BundleError(
            f"{path} is no graph that ONNX Runtime can run: {_reason(error)}."
        ) from error


def _open_on_cuda(path: Path, threads: int) -> ort.InferenceSession:
    # What fails to load is also told by `print`.
    with contextlib.redirect_stdout(io.StringIO()):
        ort.preload_dlls()
        # TF32 would round the factors of fp32 products to 10 bits.
        session = _open(path, threads, [(CUDA, {"use_tf32": "0"}), CPU])
    if provider_of(session) != "cuda":
        raise RuntimeError("its libraries, or cuDNN's, cannot be loaded")
    return session


def _open(path: Path, threads: int, providers: list[Any]) -> ort.InferenceSession:
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = threads or usable_cores()
    # Threads wait actively for their next part, and by default for long: where something else runs
    # on the same cores, an answer then took half as long again.
    settings.add_session_config_entry("session.intra_op.spin_duration_us", "200")
    settings.enable_mem_pattern = False  # hardly two steps have the same shapes
    settings.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    settings.log_severity_level = FATAL
    # A provider that fails to load is reported on the process-wide logger.
    ort.set_default_logger_severity(FATAL)
    # Its own way back to the CPU would print, and give no reason.
    return ort.InferenceSession(path, settings, providers=providers, enable_fallback=0)


def _reason(error: Exception) -> str:
    return str(error).split("\n", 1)[0].rstrip(". ")


def usable_cores() -> int:
    """The cores that this process may use."""
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


def trim_heap() -> None:
    """Gives what has been freed back to the system, most of which glibc would keep.

    After many wide searches at once that is more than all the rest of the process. With another C
    library nothing is done.
    """
    if sys.platform != "linux":
        return
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library
        return
    trim(0)
