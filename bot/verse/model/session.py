"""ONNX Runtime sessions, on CUDA where it is available and on the CPU otherwise."""

import contextlib
import ctypes
import io
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

from ..errors import BundleError, ProviderError
from .bundle import GraphFile
from .provider import Device, Provider

# ONNX Runtime 1.29 and later send telemetry, and store an id of the machine in its cache folder,
# unless this is set before the import. Therefore other modules import `ort` from here.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort

if os.environ["ORT_DISABLE_TELEMETRY"] != "0":
    ort.disable_telemetry_events()  # another part of the program may have imported it before

__all__ = [
    "ORT_TYPES",
    "open_session",
    "ort",
    "provider_of",
    "trim_heap",
    "usable_cores",
]

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
FATAL = 4  # log severity of ONNX Runtime

_log = logging.getLogger(__name__)


def open_session(
    graph: GraphFile,
    provider: Provider,
    threads: int,
    read_gpu_graph: Callable[[], GraphFile | None] = lambda: None,
) -> ort.InferenceSession:
    """Opens a graph.

    ONNX Runtime has no CUDA kernel for the matrix product of an int8 graph
    (`MatMulIntegerToFloat`, as of 1.31): with CUDA, each product would run on the CPU between two
    copies. Hence the other graph.

    Args:
        graph: The graph.
        provider: `auto` uses CUDA if it loads and suits the graph, and the CPU otherwise, with a
            line in the log if a GPU is not used; `cuda` requires CUDA.
        threads: Threads within one operator; 0 uses every core that this process may use.
        read_gpu_graph: Returns the graph to open instead on CUDA, if there is one; called only
            where there is a GPU.

    Raises:
        BundleError: ONNX Runtime cannot run the file.
        ProviderError: `cuda` was requested and is not available.
    """
    if provider == "cpu":
        return _open_on_cpu(graph, threads)
    if CUDA not in ort.get_available_providers() or not _has_cuda_device():
        if provider == "cuda":
            raise ProviderError("provider-cuda")
        return _open_on_cpu(graph, threads)
    gpu_graph = read_gpu_graph()
    if provider == "auto" and gpu_graph is None and graph.precision == "int8":
        _log.info(
            "An int8 bundle without a graph for GPUs is fastest on the CPU; export it again to "
            "use this GPU."
        )
        return _open_on_cpu(graph, threads)
    try:
        return _open_on_cuda(gpu_graph or graph, threads)
    except Exception as error:  # ONNX Runtime's errors share no other base
        session = _open_on_cpu(graph, threads)
        if provider == "cuda":
            raise ProviderError("provider-cuda") from error
        _log.warning("CUDA cannot be used, so the model runs on the CPU: %s.", _reason(error))
        return session


def provider_of(session: ort.InferenceSession) -> Device:
    """Returns the provider that the session uses."""
    return "cuda" if CUDA in session.get_providers() else "cpu"


def _open_on_cpu(graph: GraphFile, threads: int) -> ort.InferenceSession:
    try:
        return _open(graph, threads, [CPU])
    except Exception as error:  # ONNX Runtime's errors share no other base
        raise BundleError("bundle-graph", path=str(graph.path), reason=_reason(error)) from error


def _open_on_cuda(graph: GraphFile, threads: int) -> ort.InferenceSession:
    # ONNX Runtime prints which libraries fail to load.
    with contextlib.redirect_stdout(io.StringIO()):
        ort.preload_dlls()
        # TF32 would round the factors of fp32 products to 10 bits of mantissa.
        session = _open(graph, threads, [(CUDA, {"use_tf32": "0"}), CPU])
    if provider_of(session) != "cuda":
        raise RuntimeError("its libraries, or cuDNN's, cannot be loaded")
    return session


def _open(graph: GraphFile, threads: int, providers: list[Any]) -> ort.InferenceSession:
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = threads or usable_cores()
    # By default threads spin for long while they wait for work: beside another process on the same
    # cores, an answer then took half as long again.
    settings.add_session_config_entry("session.intra_op.spin_duration_us", "200")
    settings.enable_mem_pattern = False  # shapes differ from step to step
    settings.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    settings.log_severity_level = FATAL
    # A provider that fails to load is reported on the process-wide logger.
    ort.set_default_logger_severity(FATAL)
    # ONNX Runtime's own fallback to the CPU prints, and gives no reason.
    if graph.weights:  # it copies what it needs of them
        names, contents = zip(*graph.weights.items(), strict=True)
        settings.add_external_initializers_from_files_in_memory(
            list(names), list(contents), list(map(len, contents))
        )
    return ort.InferenceSession(graph.content, settings, providers=providers, enable_fallback=0)


def _reason(error: Exception) -> str:
    return str(error).split("\n", 1)[0].rstrip(". ")


def usable_cores() -> int:
    """Returns the number of cores that this process may use."""
    # ONNX Runtime counts all cores of the machine, and warns if it may not pin threads to them.
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _has_cuda_device() -> bool:
    """Asks the driver, since ONNX Runtime prints errors on a machine without a GPU."""
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
    """Returns freed memory to the system, most of which glibc would keep.

    After many wide searches this is more than half of the process. Does nothing with another C
    library.
    """
    if sys.platform != "linux":
        return
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library
        return
    trim(0)
