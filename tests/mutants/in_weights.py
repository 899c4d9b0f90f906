"""Bugs in weights that come from elsewhere or go there."""

from tests.mutants.mutant import Mutant

CAFFE = "tinyalex/weights/caffe.py"
ONNX = "tinyalex/weights/to_onnx.py"
EXPORT = "tinyalex/weights/export.py"
READ = "tinyalex/weights/read.py"
OF_CAFFE = "tests/weights/test_caffe.py"
OF_ONNX = "tests/weights/test_to_onnx.py"
OF_IMPORT = "tests/weights/test_imported.py"
OF_FETCH = "tests/weights/test_fetch.py"
OF_WIRE = "tests/weights/test_protobuf.py"


def in_onnx(name: str, old: str, new: str, test: str) -> Mutant:
    """A bug of an exported network; without what reads one its test skips."""
    return Mutant(name, ONNX, old, new, (test,), needs=("onnx", "onnxruntime"))


WEIGHTS_MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "onnx: what is written as a tanh is read as a ReLU",
        "tinyalex/weights/onnx_read.py",
        'Tanh: activation("Tanh")',
        'Tanh: activation("Relu")',
        ("tests/weights/test_onnx_round_trip.py::test_every_exported_layer_is_read_back",),
        needs=("onnx", "onnxruntime"),
    ),
    Mutant(
        "caffe: colours stay BGR",
        CAFFE,
        "            weight = weight[:, ::-1]\n",
        "            weight = weight[:, ::1]\n",
        (f"{OF_CAFFE}::test_every_file_format_gives_the_same_weights",),
    ),
    Mutant(
        "caffe: every convolution's channels are turned round",
        CAFFE,
        "if not state and weight.ndim == 4:",
        "if weight.ndim == 4:",
        (f"{OF_CAFFE}::test_every_file_format_gives_the_same_weights",),
    ),
    Mutant(
        "caffe: the mean image stays BGR",
        CAFFE,
        "return as_float32(mean[::-1])",
        "return as_float32(mean)",
        (
            f"{OF_CAFFE}::test_a_mean_file_is_reversed_to_rgb",
            f"{OF_CAFFE}::test_images_are_prepared_as_in_caffe",
        ),
    ),
    Mutant(
        "caffe: alpha is compared undivided",
        CAFFE,
        '"alpha": ((ours.alpha * ours.size,),',
        '"alpha": ((ours.alpha,),',
        (f"{OF_CAFFE}::test_every_file_format_gives_the_same_weights",),
    ),
    Mutant(
        "caffe: numbers that lack are not missed",
        CAFFE,
        "if size != len(data):",
        "if size < len(data):",
        (f"{OF_CAFFE}::test_a_shape_of_another_size_is_refused",),
    ),
    Mutant(
        "protobuf: a value may reach beyond its message",
        "tinyalex/weights/protobuf.py",
        "            if length > len(self.data) - at:\n",
        "            if length > 1 << 40:\n",
        (f"{OF_WIRE}::test_invalid_bytes_are_refused",),
    ),
    Mutant(
        "protobuf: floats one by one forget the packed ones",
        "tinyalex/weights/protobuf.py",
        "                data += value\n",
        "                data = bytearray(value)\n",
        (f"{OF_WIRE}::test_floats_packed_or_not_and_mixed",),
    ),
    Mutant(
        "import: PyTorch's networks halve at test time",
        "tinyalex/weights/sources.py",
        'replace(recipe, model=name, dropout="inverted")',
        "replace(recipe, model=name)",
        (f"{OF_IMPORT}::test_the_papers_dropout_goes_into_the_next_layers_weights",),
    ),
    Mutant(
        "import: NaN comes in",
        "tinyalex/weights/tensors.py",
        "        if not np.isfinite(array).all():\n",
        "        if np.isinf(array).all():\n",
        (f"{OF_IMPORT}::test_a_tensor_that_does_not_fit_is_named",),
    ),
    Mutant(
        "import: an extra tensor is let pass",
        "tinyalex/weights/tensors.py",
        "            if name not in wanted\n",
        "            if not wanted\n",
        (f"{OF_IMPORT}::test_a_tensor_that_does_not_fit_is_named",),
    ),
    Mutant(
        "import: the mean image of our own export is left behind",
        READ,
        'if recipe.mean != "image":',
        'if recipe.mean != "none":',
        (f"{OF_IMPORT}::test_our_own_export_tells_everything",),
    ),
    Mutant(
        "export: the paper's dropout is forgotten",
        EXPORT,
        "return factor * (layer.test_factor() or 1.0)",
        "return factor",
        (f"{OF_IMPORT}::test_the_papers_dropout_goes_into_the_next_layers_weights",),
    ),
    Mutant(
        "download: a file with another hash is kept",
        "tinyalex/weights/fetch.py",
        "        if not got.startswith(wanted):\n",
        "        if not got:\n",
        (f"{OF_FETCH}::test_nothing_is_left_of_a_wrong_file",),
    ),
    in_onnx(
        "onnx: alpha is not multiplied by the size",
        "        alpha=layer.alpha * layer.size,\n",
        "        alpha=layer.alpha,\n",
        f"{OF_ONNX}::test_a_layer_gives_the_same_result_in_onnx_runtime",
    ),
    in_onnx(
        "onnx: an even square leans to the other side",
        "        pads=[before, before, after, after],\n",
        "        pads=[after, after, before, before],\n",
        f"{OF_ONNX}::test_a_layer_gives_the_same_result_in_onnx_runtime",
    ),
    in_onnx(
        "onnx: windows that reach over the edge are left out",
        "ceil_mode=int(layer.ceil_mode)",
        "ceil_mode=0",
        f"{OF_ONNX}::test_a_layer_gives_the_same_result_in_onnx_runtime",
    ),
    in_onnx(
        "onnx: pixels are scaled before the mean is subtracted",
        'x = self.node("Sub", [x, self.constant(mean[None])])',
        'x = self.node("Sub", [x, self.constant(mean[None] * np.max(scale))])',
        f"{OF_ONNX}::test_the_graph_prepares_pixels_as_the_recipe_says",
    ),
)
