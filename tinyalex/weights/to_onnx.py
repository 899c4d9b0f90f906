"""A network as an ONNX file, in test mode."""

from __future__ import annotations

from collections.abc import Mapping

from tinyalex.errors import BackendError, ConfigError
from tinyalex.outside import shown
from tinyalex.runs.load import Run
from tinyalex.weights.onnx_table import WRITERS
from tinyalex.weights.onnx_write import Graph

OPSET = 19  # from here on a clipped window's average counts what the window has
IR_VERSION = 9
LARGEST = 1 << 31  # bytes that one ONNX file can hold


def to_onnx(
    run: Run, preprocess: bool = False, properties: Mapping[str, str] | None = None
) -> bytes:
    """A run's network as an ONNX file.

    Parameters
    ----------
    run : Run
    preprocess : bool
        Take pixels instead of prepared images.
    properties : dict of str to str, optional
        Metadata.

    Returns
    -------
    bytes
        A model with one input, ``images`` float32 (N, C, H, W) or with ``preprocess`` ``pixels``
        uint8 (N, H, W, C), cut to the network's size already; and one output, ``logits`` float32
        (N, classes). N is free.

    Raises
    ------
    BackendError
        The package ``onnx`` is missing.
    ConfigError
        A layer has no counterpart in ONNX.
    """
    try:
        import onnx
    except ImportError as error:
        hint = 'pip install "tinyalex[onnx]"'
        raise BackendError(
            "ONNX files need the package onnx, which is not installed", hint
        ) from error
    model, recipe = run.model, run.config.recipe
    C, H, W = model.input_shape
    graph = Graph(onnx, WRITERS)
    if preprocess:
        name, kind, shape = "pixels", onnx.TensorProto.UINT8, ("N", H, W, C)
        x = graph.prepare(name, run.statistics.mean(recipe.mean), recipe.scale)
    else:
        name, kind, shape = "images", onnx.TensorProto.FLOAT, ("N", C, H, W)
        x = name
    last = graph.layer(model, x, (1, C, H, W))
    graph.node("Identity", [last], output="logits")
    if sum(tensor.ByteSize() for tensor in graph.tensors) >= LARGEST:
        raise ConfigError(f"{model.name}: too large for one ONNX file (2 GiB)")
    logits = ("N", model.num_classes)
    body = onnx.helper.make_graph(
        graph.nodes,
        model.name,
        [onnx.helper.make_tensor_value_info(name, kind, shape)],
        [onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, logits)],
        graph.tensors,
    )
    whole = onnx.helper.make_model(
        body,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="tinyalex",
    )
    onnx.helper.set_model_props(
        whole, {"classes": "\n".join(map(shown, run.classes)), **(properties or {})}
    )
    onnx.checker.check_model(whole, full_check=True)
    written: bytes = whole.SerializeToString()
    return written
