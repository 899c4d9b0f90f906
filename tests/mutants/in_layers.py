"""Bugs in layers and models."""

from tests.mutants.mutant import Mutant

CONV = "tinyalex/functional/conv.py"
LOCAL = "tinyalex/functional/local.py"
LINEAR = "tinyalex/functional/linear.py"
DROPOUT = "tinyalex/layers/dropout.py"
LOSS = "tinyalex/functional/loss.py"
OPERATIONS = "tinyalex/backends/operations.py"
NUMPY = "tinyalex/backends/numpy/backend.py"
MODULE = "tinyalex/layers/module.py"
CONTAINERS = "tinyalex/layers/containers.py"

OF_CONV = "tests/layers/test_conv.py"
OF_DROPOUT = "tests/layers/test_dropout.py"
OF_COMMON = "tests/layers/test_common.py"
OF_CONTRACT = "tests/backends/test_contract.py"
OF_TEXTBOOK = "tests/functional/test_textbook.py"

WRITTEN_OUT = (
    "tests/layers/test_containers.py"
    "::test_a_network_is_written_out_with_every_setting_that_decides_what_it_computes"
)

LAYER_MUTANTS = (
    Mutant(
        "convolution: the groups' channels are interleaved",
        CONV,
        "y = xp.matmul(w, cols)",
        "cols = xp.reshape(xp.permute_dims(cols, (0, 2, 1, 3)), cols.shape)\n"
        "    y = xp.matmul(w, cols)",
        (f"{OF_CONV}::test_forward_equals_the_loops",),
    ),
    Mutant(
        "convolution: the groups see each other's half",
        CONV,
        "    w = xp.reshape(weight, (G, F // G, cols.shape[2]))",
        "    cols = xp.flip(cols, axis=1)\n    w = xp.reshape(weight, (G, F // G, cols.shape[2]))",
        (f"{OF_CONV}::test_forward_equals_the_loops",),
    ),
    Mutant(
        "convolution: the bias gradient is not summed over the batch",
        CONV,
        "xp.sum(dy, axis=(0, 2, 3))",
        "xp.sum(dy[:1, ...], axis=(0, 2, 3))",
        (f"{OF_COMMON}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "convolution: the bias gradient is not summed over positions",
        CONV,
        "xp.sum(dy, axis=(0, 2, 3))",
        "xp.sum(dy[..., 0, 0], axis=0)",
        (f"{OF_CONV}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "convolution: the weight gradient is always zero",
        CONV,
        "return dx, xp.reshape(dw, weight.shape), db",
        "return dx, 0 * xp.reshape(dw, weight.shape), db",
        (f"{OF_CONV}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "convolution: the filters are flipped for the input gradient",
        CONV,
        "xp.matmul(xp.reshape(weight, dw.shape).mT, g)",
        "xp.matmul(xp.flip(xp.reshape(weight, dw.shape).mT, axis=2), g)",
        (f"{OF_CONV}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "unshared convolution: every position uses the first one's weights",
        LOCAL,
        "y = xp.matmul(w, _columns",
        "y = xp.matmul(w[:1, :1, ...], _columns",
        (
            f"{OF_CONV}::test_an_unshared_layer_is_a_convolution_with_other_weights_at_each_position",
        ),
    ),
    Mutant(
        "unshared convolution: rows are taken as if the stride were 1",
        NUMPY,
        "read = slice(oh.start * stride[0],",
        "read = slice(oh.start,",
        (f"{OF_COMMON}::test_any_number_of_threads_gives_the_same_bytes",),
    ),
    Mutant(
        "unshared convolution: where windows overlap, the last gradient stays",
        LOCAL,
        "dx[:, *pixels, :] += ",
        "dx[:, *pixels, :] = ",
        (f"{OF_CONV}::test_unshared_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "layers: the gradient of a weight grows from call to call",
        "tinyalex/layers/base.py",
        'self.grads["weight"], self.grads["bias"] = dw, db',
        'self.dw = self.grads["weight"] = dw + self.__dict__.get("dw", 0)\n'
        '        self.grads["bias"] = db',
        (f"{OF_COMMON}::test_the_same_passes_twice_give_the_same_bytes",),
    ),
    Mutant(
        "linear: the bias gradient is a mean",
        LINEAR,
        "db = xp.sum(dy, axis=0)",
        "db = xp.mean(dy, axis=0)",
        (f"{OF_COMMON}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "ReLU: backward looks at dy instead of x",
        "tinyalex/layers/activations.py",
        "self.backend.relu_backward(dy, self.y, self.inplace)",
        "self.backend.relu_backward(dy, dy, self.inplace)",
        (f"{OF_COMMON}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "tanh: the slope of y instead of 1 - y squared",
        "tinyalex/functional/activation.py",
        "dy * (1 - y * y)",
        "dy * (1 - y)",
        (f"{OF_COMMON}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "flatten: height and width swapped on the way",
        "tinyalex/layers/flatten.py",
        "return self.xp.reshape(x, self.output_shape(x.shape))",
        "return self.xp.reshape(x.mT if len(x.shape) == 4 else x, self.output_shape(x.shape))",
        ("tests/layers/test_linear.py::test_flatten_reads_channels_then_rows_then_columns",),
    ),
    Mutant(
        "dropout: the mask is drawn anew in backward",
        DROPOUT,
        "return dy if self.mask is None else self.backend.dropout_backward(dy, self.mask)",
        "return dy if self.mask is None else self.forward(dy)",
        (f"{OF_DROPOUT}::test_backward_uses_the_mask_of_forward",),
    ),
    Mutant(
        "dropout: p is the share that is kept",
        "tinyalex/functional/dropout.py",
        "draw >= p",
        "draw < p",
        (f"{OF_DROPOUT}::test_numbers_are_dropped_or_kept_at_one_value",),
    ),
    Mutant(
        "dropout: the paper's test-time factor is p",
        DROPOUT,
        'return 1 - self.p if self.mode == "paper" else None',
        'return self.p if self.mode == "paper" else None',
        (f"{OF_DROPOUT}::test_the_mean_is_the_same_in_training_and_at_test_time",),
    ),
    Mutant(
        "dropout: every mask is the same",
        DROPOUT,
        "        self.draws += 1\n",
        "",
        (f"{OF_DROPOUT}::test_masks_differ_from_draw_to_draw_and_from_seed_to_seed",),
    ),
    Mutant(
        "loss: the gradient is not divided by the batch",
        LOSS,
        "return (p - onehot) / logits.shape[0]",
        "return p - onehot",
        (f"{OF_COMMON}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "loss: exp overflows for large logits",
        LOSS,
        "z = logits - xp.max(logits, axis=1, keepdims=True)",
        "z = logits - 0 * xp.max(logits, axis=1, keepdims=True)",
        ("tests/layers/test_loss.py::test_huge_logits_neither_overflow_nor_lose_the_loss",),
    ),
    Mutant(
        "a batch in slices: the sums of all but the last slice are lost",
        OPERATIONS,
        "functools.reduce(add_in_order, map(work, slices), ())",
        "[work(n) for n in slices][-1]",
        (f"{OF_CONTRACT}::test_a_batch_is_cut_and_joined_as_if_it_were_whole",),
    ),
    Mutant(
        "a batch in slices: every slice is written to the first images",
        OPERATIONS,
        "batch[n, ...] = a",
        "batch[: n.stop - n.start, ...] = a",
        (f"{OF_CONTRACT}::test_a_batch_is_cut_and_joined_as_if_it_were_whole",),
    ),
    Mutant(
        "a plain backend keeps what it replaces",
        OPERATIONS,
        "for name in self.replaces if name not in self.keeps",
        "for name in self.replaces if name in self.keeps",
        (f"{OF_CONTRACT}::test_a_plain_backend_is_the_textbook_on_the_same_arrays",),
    ),
    Mutant(
        "the table of replacements forgets one",
        NUMPY,
        '        "sgd_step": "in place, in pieces that stay in the cache for all passes",\n',
        "",
        (f"{OF_CONTRACT}::test_the_table_of_replacements_names_each_and_no_other",),
    ),
    Mutant(
        "the textbook uses a method that only NumPy's arrays have",
        CONV,
        "cols.mT",
        "cols.swapaxes(-1, -2)",
        (f"{OF_TEXTBOOK}::test_strict_arrays_give_the_same_numbers",),
    ),
    Mutant(
        "sequential: backward runs forwards",
        CONTAINERS,
        "with_relu(reversed(self.children.values()), ",
        "with_relu(self.children.values(), ",
        (f"{OF_COMMON}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "towers: crossing columns do not add their input gradients",
        CONTAINERS,
        "return dx_left + dx_right",
        "return dx_left",
        (f"{OF_COMMON}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "towers: the columns are crossed",
        CONTAINERS,
        "return x[:, :middle, ...], x[:, middle:, ...]",
        "return x[:, middle:, ...], x[:, :middle, ...]",
        ("tests/models/test_alexnet.py::test_towers_equal_groups_for_any_convolution",),
    ),
    Mutant(
        "repr: a setting of zero or False is left out",
        MODULE,
        "if value is None or name in (",
        "if not value or name in (",
        (WRITTEN_OUT,),
    ),
    Mutant(
        "repr: a pair of unequal numbers loses its second",
        MODULE,
        "isinstance(value, tuple) and len(set(value)) == 1",
        "isinstance(value, tuple)",
        ("tests/layers/test_common.py::test_a_layers_text_makes_the_same_layer_again",),
    ),
    Mutant(
        "layers: once weights were about to be set, none is drawn any more",
        "tinyalex/layers/base.py",
        "        _skips_init.reset(token)\n",
        "        pass\n",
        (
            "tests/models/test_build.py::test_weights_that_are_about_to_be_set_are_zeros_and_are_not_drawn",
        ),
    ),
)
