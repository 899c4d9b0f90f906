"""Bugs in reading networks of others: ONNX graphs, colours, classes by synset, hostile files."""

from tests.mutants.mutant import Mutant

WEIGHTS = "tinyalex/weights"
OF = "tests/weights"
OTHER = f"{OF}/test_onnx_refused.py::test_another_network_is_refused_at_the_node"
SAME = f"{OF}/test_from_onnx.py::test_equivalent_graphs_give_the_same_weights"

NETWORK_MUTANTS = (
    Mutant(
        "ONNX: a convolution's zeros at the far side are not looked at",
        f"{WEIGHTS}/onnx_read.py",
        "before != list(layer.padding) or after != list(layer.padding)",
        "before != list(layer.padding)",
        (OTHER,),
        needs=("onnx",),
    ),
    Mutant(
        "ONNX: pooling with another number of windows passes",
        f"{WEIGHTS}/onnx_read.py",
        "if counts != wanted:",
        "if False:",
        (OTHER,),
        needs=("onnx",),
    ),
    Mutant(
        "ONNX: alpha of LRN is taken as undivided",
        f"{WEIGHTS}/onnx_read.py",
        "alpha=(layer.alpha * layer.size, 1e-4)",
        "alpha=(layer.alpha, 1e-4)",
        (SAME,),
        needs=("onnx",),
    ),
    Mutant(
        "ONNX: Gemm without transB is read as if it had it",
        f"{WEIGHTS}/onnx_read.py",
        'if product or not node.attributes.get("transB", 0):',
        "if product:",
        (SAME,),
        needs=("onnx",),
    ),
    Mutant(
        "ONNX: a dropout that trains does nothing",
        f"{WEIGHTS}/onnx_walk.py",
        "            if training:\n",
        "            if False:\n",
        (f"{OF}/test_onnx_refused.py::test_a_dropout_in_training_mode_is_refused",),
        needs=("onnx",),
    ),
    Mutant(
        "ONNX: nodes after the last layer are forgotten",
        f"{WEIGHTS}/from_onnx.py",
        "if rest or y != graph.output:",
        "if False:",
        (OTHER,),
        needs=("onnx",),
    ),
    Mutant(
        "ONNX: Caffe's B, G, R is taken for R, G, B",
        f"{WEIGHTS}/from_onnx.py",
        "    if bgr:\n",
        "    if False:\n",
        (f"{OF}/test_from_onnx.py::test_older_opsets_give_the_same_weights",),
        needs=("onnx",),
    ),
    Mutant(
        "ONNX: numbers are read outside of the file's folder",
        f"{WEIGHTS}/onnx_tensors.py",
        "if not location or not inside or",
        "if not location or",
        (f"{OF}/test_onnx_hostile.py::test_files_outside_of_the_folder_are_not_read",),
        needs=("onnx",),
    ),
    Mutant(
        "ONNX: a node may read what comes later",
        f"{WEIGHTS}/onnx_graph.py",
        "        if missing:\n",
        "        if False:\n",
        (f"{OF}/test_onnx_hostile.py::test_an_impossible_file_is_refused",),
        needs=("onnx",),
    ),
    Mutant(
        "Caffe's layout: the last pooling drops what is left over",
        "tinyalex/models/alexnet.py",
        "layers[-1] = MaxPool2d(3, stride=2, ceil_mode=True)",
        "layers[-1] = MaxPool2d(3, stride=2)",
        (
            f"{OF}/test_from_onnx.py"
            "::test_the_real_caffe_layout_has_fc6s_inputs_on_224_and_227_pixels",
        ),
        needs=("onnx",),
    ),
    Mutant(
        "Caffe's files: a shape with a 0 in it has any other sizes",
        f"{WEIGHTS}/caffe.py",
        "not all(1 <= size <= MOST_NUMBERS for size in shape)",
        "False",
        (f"{OF}/test_caffe.py::test_a_shape_of_another_size_is_refused",),
    ),
    Mutant(
        "the kit: an id that is no number passes the check of its range",
        "tinyalex/data/prepare/labels.py",
        "not 1 <= number < 1 << 31 or number % 1:",
        "number < 1 or number != int(number):",
        (f"{OF}/test_hostile_files.py::test_a_kits_id_that_is_no_integer_is_refused",),
    ),
    Mutant(
        "PyTorch's files: a tensor without its numbers is read",
        f"{WEIGHTS}/tensors.py",
        "if value.is_meta or size > value.untyped_storage().nbytes():",
        "if False:",
        (f"{OF}/test_hostile_files.py::test_a_pytorch_tensor_without_all_its_numbers_is_refused",),
    ),
    Mutant(
        "classes: a name of two classes is the first one's",
        "tinyalex/data/subset.py",
        "label_of[common] = -1 if common in label_of else i",
        "label_of.setdefault(common, i)",
        (
            "tests/evaluation/test_synsets.py"
            "::test_names_that_could_be_two_classes_stay_as_they_are",
        ),
    ),
)
