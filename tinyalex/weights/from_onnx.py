"""A model's weights from an ONNX graph: our own, Caffe's converted to ONNX, or PyTorch's."""

from __future__ import annotations

import numpy as np

from tinyalex.errors import CheckpointError, ConfigError
from tinyalex.layers import Container, Sequential
from tinyalex.weights.onnx_graph import Graph
from tinyalex.weights.onnx_read import read_layer
from tinyalex.weights.onnx_walk import OTHER, Shape, Walk, same
from tinyalex.weights.tensors import HostArray


def read_layout(
    walk: Walk, x: str, network: Container, image: Shape, bgr: bool
) -> dict[str, HostArray]:
    """Read a network's weights from a graph that has the network's layers, node by node.

    Parameters
    ----------
    walk : Walk
        Over the graph, for a model.
    x : str
        The tensor that holds the prepared image.
    network : Container
        The model's layers; their weights are not used.
    image : (C, H, W)
    bgr : bool
        Whether the graph takes B, G, R. Then the first filters' channels are reversed.

    Returns
    -------
    dict of str to float32 array
        The state dict; the number of outputs is the file's.

    Raises
    ------
    CheckpointError
        A node is not the model's, or has other settings.
    """
    graph, shape = walk.graph, (1, *image)
    walk.images = {x}
    y = read_layer(walk, network, x, shape)
    y = walk.skip_idle(y, network.output_shape(shape))
    last = walk.peek(y)
    if last is not None and last.kind in ("Softmax", "LogSoftmax"):
        axis = last.attributes.get("axis", 1)
        if axis not in (1, -1):
            raise walk.wrong(last, "axis", "1", axis)
        walk.mark(last)
        y = walk.skip_idle(last.outputs[0], ())
    rest = [node for node in graph.nodes if id(node) not in walk.taken]
    if rest or y != graph.output:
        got = str(rest[0]) if rest else f"{y!r}, and the output is {graph.output!r}"
        raise CheckpointError(
            f"{graph.path}: not the layout of {walk.model}: after its last layer there must be "
            f"nothing but Softmax (got {got})",
            OTHER,
        )
    if bgr:
        for name in walk.first_weights:
            walk.state[name] = np.ascontiguousarray(walk.state[name][:, ::-1])
    return walk.state


def guess(graph: Graph, known: list[str]) -> str:
    """The name of a graph's model, from its first filters and its first normalisation.

    Raises
    ------
    ConfigError
        No model fits, or several do.
    """
    if graph.producer == "tinyalex" and graph.name in known:
        return graph.name
    norm = next((node for node in graph.nodes if node.kind == "LRN"), None)
    filters = first_filters(graph)[0]
    if filters == 64 and norm is None:
        return "alexnet-torchvision"
    if filters == 96 and norm is not None:
        return "alexnet-caffe" if same(norm.attributes.get("bias", 1.0), 1) else "alexnet"
    kinds = list(dict.fromkeys(node.kind for node in graph.nodes))
    raise ConfigError(
        f"{graph.path}: the nodes do not tell which model they are ({filters} filters first; "
        f"{', '.join(kinds[:8])}); quantized networks are not read",
        "--model with one of `tinyalex model`",
    )


def first_filters(graph: Graph) -> Shape:
    """Shape of the first convolution's weight: (F, C/groups, KH, KW), or zeros without one."""
    for node in graph.nodes:
        if node.kind == "Conv":
            shape: Shape = graph.constant(node, 1, "weight").shape
            return shape if len(shape) == 4 else (0, 0, 0, 0)
    return (0, 0, 0, 0)


def first_channels(graph: Graph, default: int) -> int:
    """Number of the image's channels, from the first filters."""
    C = first_filters(graph)[1]
    return C if C in (1, 3) else default


def read_pixels(walk: Walk) -> tuple[str, HostArray | None, HostArray]:
    """Read what our own graph does with pixels before the first layer.

    Returns
    -------
    x : str
        The tensor that holds the prepared image.
    mean : float32 (C,) or (C, H, W), or None
    scale : float32 (1,) or (C,)

    Raises
    ------
    CheckpointError
        It is not Cast, Transpose to (N, C, H, W), Sub if there is a mean, and Mul.
    """
    x, mean = walk.graph.input, None
    node = walk.take("Cast", x, "the input", Sequential([]))
    walk.check(node, to=(1, 0))
    x = walk.transpose(node.outputs[0], "the input", Sequential([]), [0, 3, 1, 2])
    if (minus := walk.peek(x)) is not None and minus.kind == "Sub":
        node = walk.take("Sub", x, "the mean", Sequential([]))
        mean, x = walk.number(node, x), node.outputs[0]
        if mean.ndim != 4 or len(mean) != 1 or not mean.size:
            raise walk.wrong(node, "its mean", "(1, C, H, W)", mean.shape)
        mean = mean[0] if mean[0, 0].size > 1 else mean.reshape(-1)
    node = walk.take("Mul", x, "the scale", Sequential([]))
    scale = walk.number(node, x).reshape(-1)
    if scale.size not in (1, 3):
        raise walk.wrong(node, "its scale", "1 or 3 numbers", scale.size)
    return node.outputs[0], mean, scale
