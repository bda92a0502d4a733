"""How every network is run: one thread on the CPU, so that more workers, not threads, use more cores."""

import onnxruntime


def open_session(graph: bytes) -> onnxruntime.InferenceSession:
    """An ONNX graph ready to run, the same way on every worker (two threads cost twice the CPU time)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # A plan for each size of picture reserves memory for all of them at once: 60 MB instead of 30 at 720p, no faster.
    options.enable_mem_pattern = False
    options.log_severity_level = 3  # the graphs carry initializers that are never used; onnxruntime warns about each
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
