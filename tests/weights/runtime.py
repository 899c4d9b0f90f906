"""Compare an imported network with ONNX Runtime."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tests.weights.nets import assert_same_logits, images
from tests.weights.test_to_onnx import session
from tinyalex.weights.imported import Imported


def assert_same_as_runtime(onnxruntime: ModuleType, model: Any, found: Imported, bgr: bool) -> None:
    """Compare logits of random images; the file may end with a Softmax."""
    run = found.run("numpy")
    x = images((1, *run.model.input_shape), seed=4)
    name = model.graph.input[0].name
    fed = np.ascontiguousarray(x[:, ::-1]) if bgr else x
    (p,) = session(onnxruntime, model.SerializeToString()).run(None, {name: fed})
    logits = run.model.forward(x.copy())
    if model.graph.node[-1].op_type == "Softmax":
        e = np.exp(logits - logits.max())
        assert np.ptp(p) > 0.01  # there is something to compare
        np.testing.assert_allclose(e / e.sum(), p, rtol=1e-3, atol=1e-6)
    else:
        assert_same_logits(logits, p)
