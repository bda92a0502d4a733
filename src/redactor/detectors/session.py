"""How every network is run: on the CPU, one thread, so that more workers, not threads, use more cores; or on a GPU."""

import os
from collections.abc import Mapping

import onnxruntime

from redactor.detectors.bysize import BySize, Network
from redactor.detectors.graph import Weights
from redactor.errors import GpuMissing

# What runs the networks: cpu or gpu. A task that has a GPU is told so; there is no falling back, since a GPU that is
# paid for and not used would be noticed by nobody.
VARIABLE = "REDACTOR_DEVICE"
_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
# Pictures of a size that a network is given at once: more keep a GPU no busier and are planned for longer (bysize.py).
_AT_ONCE = {"cpu": 1, "gpu": 4}


def device(env: Mapping[str, str] = os.environ) -> str:
    """cpu or gpu; raises GpuMissing for any other word."""
    word = env.get(VARIABLE) or "cpu"
    if word not in _AT_ONCE:
        raise GpuMissing(f"{VARIABLE} is {word}", field=VARIABLE, allowed=[*_AT_ONCE])
    return word


def pictures_at_once(env: Mapping[str, str] = os.environ) -> int:
    """How many pictures of each size a network is given at a time, at least."""
    return _AT_ONCE[device(env)]


def open_session(
    graph: bytes, env: Mapping[str, str] = os.environ, weights: Mapping[str, Weights] | None = None
) -> Network:
    """An ONNX graph ready to run, the same way on every worker (two threads cost twice the CPU time).

    weights: those that the graph says lie elsewhere; they are copied. Raises GpuMissing where a GPU was asked for and
    there is none that works.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # A plan for each size of picture reserves memory for all of them at once: 60 MB instead of 30 at 720p, no faster.
    options.enable_mem_pattern = False
    options.log_severity_level = 3  # the graphs carry initializers that are never used; onnxruntime warns about each
    if weights:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
        options.add_external_initializers(list(weights), values)
    if device(env) == "gpu":
        return BySize(lambda: _on_gpu(graph, options))
    session: Network = onnxruntime.InferenceSession(graph, options, providers=[_CPU])
    return session


def _on_gpu(graph: bytes, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    if _CUDA not in onnxruntime.get_available_providers():
        raise GpuMissing("a GPU was asked for, and this onnxruntime cannot use one")
    # CUDA and cuDNN come as wheels of their own, which the loader does not look for.
    onnxruntime.preload_dlls()
    options.use_deterministic_compute = True
    # Without TF32 a GPU counts as a CPU does, but for the order of sums. What CUDA has no kernel for runs on the CPU.
    cuda = (_CUDA, {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"})
    session = onnxruntime.InferenceSession(graph, options, providers=[cuda, _CPU])
    # It falls back on the CPU by itself, with no more than a line in the log.
    if session.get_providers()[0] != _CUDA:
        raise GpuMissing("a GPU was asked for, and there is none here that works")
    return session
