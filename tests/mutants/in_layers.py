"""Bugs in layers and models."""

from tests.mutants.mutant import Mutant

CONV = "tinyalex/layers/conv.py"
LOCAL = "tinyalex/layers/local.py"
LINEAR = "tinyalex/layers/linear.py"
DROPOUT = "tinyalex/layers/dropout.py"
LOSS = "tinyalex/layers/loss.py"
CONTAINERS = "tinyalex/layers/containers.py"

OF_CONV = "tests/layers/test_conv.py"
OF_DROPOUT = "tests/layers/test_dropout.py"
OF_COMMON = "tests/layers/test_common.py"

WRITTEN_OUT = (
    "tests/layers/test_containers.py"
    "::test_a_network_is_written_out_with_every_setting_that_decides_what_it_computes"
)

LAYER_MUTANTS = (
    Mutant(
        "convolution: the groups' channels are interleaved",
        CONV,
        "return self.xp.reshape(cols, (-1, self.groups, self.columns_per_group(), cols.shape[2]))",
        "cols = self.xp.reshape(cols, (-1, self.columns_per_group(), self.groups, cols.shape[2]))\n"
        "        return self.xp.permute_dims(cols, (0, 2, 1, 3))",
        (f"{OF_CONV}::test_forward_equals_the_loops",),
    ),
    Mutant(
        "convolution: the groups see each other's half",
        CONV,
        "cols = self.columns(x[n, ...])  # (n, G, K, P)\n",
        "cols = self.columns(x[n, ...])[:, ::-1, ...]\n",
        (f"{OF_CONV}::test_forward_equals_the_loops",),
    ),
    Mutant(
        "convolution: the bias gradient is not summed over the batch",
        CONV,
        "self.xp.sum(g, axis=(0, 3))",
        "self.xp.sum(g[:1, ...], axis=(0, 3))",
        (f"{OF_COMMON}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "convolution: the bias gradient is not summed over positions",
        CONV,
        "self.xp.sum(g, axis=(0, 3))",
        "self.xp.sum(g[..., 0], axis=0)",
        (f"{OF_CONV}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "convolution: the weight gradient is always zero",
        CONV,
        'self.grads["weight"] = self.xp.reshape(dw, self.weight_shape)',
        'self.grads["weight"] = 0 * self.xp.reshape(dw, self.weight_shape)',
        (f"{OF_CONV}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "convolution: the filters are not turned for the input gradient",
        CONV,
        "(G, F // G, C // G, KH, KW))[..., ::-1, ::-1]",
        "(G, F // G, C // G, KH, KW))",
        (f"{OF_CONV}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "unshared convolution: every position uses the first one's weights",
        LOCAL,
        "out = self.xp.matmul(w[rows, ...], self.columns(padded, rows))",
        "out = self.xp.matmul(w[:1, :1, ...], self.columns(padded, rows))",
        (
            f"{OF_CONV}::test_an_unshared_layer_is_a_convolution_with_other_weights_at_each_position",
        ),
    ),
    Mutant(
        "unshared convolution: rows are taken as if the stride were 1",
        LOCAL,
        "down = slice(rows.start * sh + kh,",
        "down = slice(rows.start + kh,",
        (f"{OF_COMMON}::test_any_number_of_threads_gives_the_same_bytes",),
    ),
    Mutant(
        "unshared convolution: where windows overlap, the last gradient stays",
        LOCAL,
        "sums[:, down, across, :] += ",
        "sums[:, down, across, :] = ",
        (f"{OF_CONV}::test_unshared_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "linear: the gradient grows from call to call",
        LINEAR,
        'self.grads["weight"] = dw',
        'self.grads["weight"] = self.grads["weight"] + dw',
        (f"{OF_COMMON}::test_the_same_passes_twice_give_the_same_bytes",),
    ),
    Mutant(
        "linear: the bias gradient is a mean",
        LINEAR,
        'self.grads["bias"] = self.xp.sum(dy, axis=0)',
        'self.grads["bias"] = self.xp.mean(dy, axis=0)',
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
        "tinyalex/layers/activations.py",
        "(1 - self.y * self.y)",
        "(1 - self.y)",
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
        "return dy if self.factor is None else dy * self.factor",
        "return dy if self.factor is None else dy * self.training_factor(dy)",
        (f"{OF_DROPOUT}::test_backward_uses_the_mask_of_forward",),
    ),
    Mutant(
        "dropout: p is the share that is kept",
        DROPOUT,
        "draw >= self.p",
        "draw < self.p",
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
        "(p - self.cast(onehot, p.dtype)) / N",
        "(p - self.cast(onehot, p.dtype))",
        (f"{OF_COMMON}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "loss: exp overflows for large logits",
        LOSS,
        "z = logits - self.xp.max(logits, axis=1, keepdims=True)",
        "z = logits - 0 * self.xp.max(logits, axis=1, keepdims=True)",
        ("tests/layers/test_loss.py::test_huge_logits_neither_overflow_nor_lose_the_loss",),
    ),
    Mutant(
        "sequential: backward runs forwards",
        CONTAINERS,
        "for layer in reversed(self.children.values()):",
        "for layer in self.children.values():",
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
        "tinyalex/layers/base.py",
        "if value is None or name in _NO_SETTINGS",
        "if not value or name in _NO_SETTINGS",
        (WRITTEN_OUT,),
    ),
    Mutant(
        "repr: a pair of unequal numbers loses its second",
        "tinyalex/layers/base.py",
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
