"""The list of planted bugs: where, the right text, the wrong text, and the tests that must fail."""

from __future__ import annotations

from dataclasses import dataclass

KERNELS = "tinyalex/backends/numpy_kernels.py"
CONV = "tinyalex/layers/conv.py"
LOCAL = "tinyalex/layers/local.py"
LINEAR = "tinyalex/layers/linear.py"
DROPOUT = "tinyalex/layers/dropout.py"
LOSS = "tinyalex/layers/loss.py"
LRN = "tinyalex/layers/lrn.py"
CONTAINERS = "tinyalex/layers/containers.py"

OF_KERNELS = "tests/backends/test_kernels.py"
OF_CONTRACT = "tests/backends/test_contract.py"
OF_CONV = "tests/layers/test_conv.py"
OF_POOL = "tests/layers/test_pool.py"
OF_LRN = "tests/layers/test_lrn.py"
OF_DROPOUT = "tests/layers/test_dropout.py"
OF_COMMON = "tests/layers/test_common.py"


@dataclass(frozen=True)
class Mutant:
    """One planted bug.

    Attributes
    ----------
    name : what is wrong
    file : path from the repository's root
    old, new : text that occurs exactly once in the file, and what takes its place
    tests : pytest node ids, quick ones, of which at least one must fail
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS = (
    Mutant(
        "im2col: padding's height and width swapped",
        KERNELS,
        "    ph, pw = padding\n    if ph == pw == 0:",
        "    pw, ph = padding\n    if ph == pw == 0:",
        (f"{OF_KERNELS}::test_im2col_and_col2im_equal_the_loops",),
    ),
    Mutant(
        "im2col: stride's height and width swapped",
        KERNELS,
        "(n, c, h, w, h * sh, w * sw)",
        "(n, c, h, w, h * sw, w * sh)",
        (f"{OF_KERNELS}::test_im2col_and_col2im_equal_the_loops",),
    ),
    Mutant(
        "im2col: kernel's height and width swapped",
        KERNELS,
        "(N, C, KH, KW, OH, OW), (n, c, h, w,",
        "(N, C, KW, KH, OH, OW), (n, c, h, w,",
        (f"{OF_KERNELS}::test_im2col_and_col2im_equal_the_loops",),
    ),
    Mutant(
        "col2im: overlapping columns overwrite instead of adding up",
        KERNELS,
        "j : j + sw * OW : sw] += cols",
        "j : j + sw * OW : sw] = cols",
        (f"{OF_KERNELS}::test_col2im_is_the_adjoint_of_im2col",),
    ),
    Mutant(
        "col2im: padding cut off at the wrong side",
        KERNELS,
        "return x[:, :, ph : ph + H, pw : pw + W]",
        "return x[:, :, :H, :W]",
        (f"{OF_KERNELS}::test_col2im_is_the_adjoint_of_im2col",),
    ),
    Mutant(
        "average pooling: a clipped window is divided by the whole window",
        KERNELS,
        "rows = np.minimum(kernel[0], x_shape[2] - np.arange(out_hw[0]) * stride[0])",
        "rows = np.full(out_hw[0], kernel[0])",
        (
            f"{OF_KERNELS}::test_average_pooling_equals_the_loops_and_its_backward_is_its_adjoint",
            f"{OF_POOL}::test_a_clipped_average_counts_only_what_it_has",
        ),
    ),
    Mutant(
        "average pooling: backward does not divide",
        KERNELS,
        "share = dy / window_counts(x_shape, kernel, stride, out_hw, dy.dtype)",
        "share = dy",
        (f"{OF_POOL}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "max pooling: the last of equal numbers wins",
        KERNELS,
        "rank.dtype.type(size - position)",
        "rank.dtype.type(position + 1)",
        (f"{OF_KERNELS}::test_max_pooling_equals_the_loops",),
    ),
    Mutant(
        "max pooling: padding of zeros beats negative numbers",
        KERNELS,
        "y = np.full((*x.shape[:2], *out_hw), -np.inf, dtype=x.dtype)",
        "y = np.zeros((*x.shape[:2], *out_hw), dtype=x.dtype)",
        (f"{OF_POOL}::test_negative_numbers_have_a_maximum_too",),
    ),
    Mutant(
        "max pooling: backward steps with the wrong stride",
        KERNELS,
        "np.arange(OW) * stride[1]",
        "np.arange(OW) * stride[0]",
        (f"{OF_KERNELS}::test_max_pooling_equals_the_loops",),
    ),
    Mutant(
        "pooling: the last clipped window is forgotten in ceil mode",
        "tinyalex/layers/base.py",
        "(-(-room // stride) if ceil_mode else room // stride) + 1",
        "room // stride + 1",
        (f"{OF_POOL}::test_the_sizes_of_cuda_convnet_need_ceil_mode",),
    ),
    Mutant(
        "pooling: a window that starts outside the image is kept in ceil mode",
        "tinyalex/layers/base.py",
        "if ceil_mode and (count - 1) * stride >= size + padding:",
        "if False:",
        (f"{OF_POOL}::test_the_window_count_is_found_by_placing_windows",),
    ),
    Mutant(
        "normalisation: the window is one channel short",
        KERNELS,
        "scale = shifted_sum(scale, size // 2, (size - 1) // 2, axis)",
        "scale = shifted_sum(scale, size // 2, (size - 1) // 2 - 1, axis)",
        (f"{OF_LRN}::test_each_channel_reaches_two_neighbours_on_either_side",),
    ),
    Mutant(
        "normalisation: backward lacks the cross term",
        KERNELS,
        "    own -= through_scale\n",
        "",
        (f"{OF_LRN}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "normalisation: the cross term lacks its factor 2",
        KERNELS,
        "through_scale *= 2 * alpha * beta",
        "through_scale *= alpha * beta",
        (f"{OF_LRN}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "normalisation: alpha divided by the window",
        LRN,
        "norm(x[n, ...], self.size, self.alpha, self.beta, self.k)",
        "norm(x[n, ...], self.size, self.alpha / self.size, self.beta, self.k)",
        (f"{OF_LRN}::test_the_defaults_are_the_papers",),
    ),
    Mutant(
        "normalisation: rows instead of a square",
        KERNELS,
        "    return _norm(x, (2, 3), size, alpha, beta, k)",
        "    return _norm(x, (3,), size, alpha, beta, k)",
        (f"{OF_LRN}::test_each_pixel_reaches_its_square_in_its_own_channel_only",),
    ),
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
        "out = self.xp.matmul(w, self.columns(x[n, ...])) + b",
        "out = self.xp.matmul(w[:1, ...], self.columns(x[n, ...])) + b",
        (
            f"{OF_CONV}::test_an_unshared_layer_is_a_convolution_with_other_weights_at_each_position",
        ),
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
        "return self.xp.where(self.open, dy, self.xp.zeros_like(dy))",
        "return self.xp.where(dy > 0, dy, self.xp.zeros_like(dy))",
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
        "(p - self.cast(self.onehot, p.dtype)) / p.shape[0]",
        "(p - self.cast(self.onehot, p.dtype))",
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
        "slices: the last items of a batch are left out",
        "tinyalex/backends/base.py",
        "[slice(i, min(i + step, n)) for i in range(0, n, step)]",
        "[slice(i, min(i + step, n)) for i in range(0, n - step + 1, step)]",
        (f"{OF_CONTRACT}::test_slices_cover_the_batch_once_and_in_order",),
    ),
    Mutant(
        "momentum with the rate outside of the velocity",
        KERNELS,
        "    step *= lr\n    v *= momentum\n    v -= step\n    w += v",
        "    v *= momentum\n    v -= step\n    w += lr * v",
        (f"{OF_KERNELS}::test_sgd_step_is_the_update_of_the_paper",),
    ),
    Mutant(
        "weight decay on the velocity instead of the weight",
        KERNELS,
        "step = w * weight_decay",
        "step = v * weight_decay",
        (f"{OF_KERNELS}::test_sgd_step_is_the_update_of_the_paper",),
    ),
    Mutant(
        "weight decay outside of the rate",
        KERNELS,
        "    step = w * weight_decay\n    step += g\n    step *= lr\n",
        "    step = g * lr\n    step += w * weight_decay\n",
        (f"{OF_KERNELS}::test_sgd_step_is_the_update_of_the_paper",),
    ),
    Mutant(
        "augmentation: the crop is off by one",
        KERNELS,
        "window = images[i, top : top + crop[0], left : left + crop[1]]",
        "window = images[i, top : top + crop[0], max(left - 1, 0) : max(left - 1, 0) + crop[1]]",
        (f"{OF_KERNELS}::test_augmentation_equals_the_loops",),
    ),
    Mutant(
        "augmentation: mirrored upside down",
        KERNELS,
        "window[:, ::-1] if mirror",
        "window[::-1] if mirror",
        (f"{OF_KERNELS}::test_augmentation_equals_the_loops",),
    ),
    Mutant(
        "augmentation: the mean is subtracted after scaling",
        KERNELS,
        "    if mean is not None:\n        x -= mean\n",
        "    if mean is not None:\n        x -= mean / np.float32(scale)\n",
        (f"{OF_KERNELS}::test_augmentation_equals_the_loops",),
    ),
    Mutant(
        "initialisation: the first matching rule wins",
        "tinyalex/models/init.py",
        "draw(matching[-1], layer",
        "draw(matching[0], layer",
        ("tests/models/test_build.py::test_the_last_matching_rule_wins",),
    ),
    Mutant(
        "initialisation: all dropout layers draw the same masks",
        "tinyalex/models/init.py",
        "seed * 1009 + i + 1, 0",
        "seed * 1009 + 1, 0",
        ("tests/models/test_build.py::test_dropout_layers_draw_different_masks",),
    ),
    Mutant(
        "the ladder pools in floor mode",
        "tinyalex/models/cifar.py",
        "return AvgPool2d(3, stride=2, ceil_mode=True)",
        "return AvgPool2d(3, stride=2)",
        ("tests/models/test_cifar.py::test_pooling_halves_the_sides_with_ceil",),
    ),
)
