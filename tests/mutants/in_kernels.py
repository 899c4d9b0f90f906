"""Bugs in the kernels and in how a batch is shared out."""

from tests.mutants.mutant import Mutant

KERNELS = "tinyalex/backends/numpy/kernels.py"
LRN = "tinyalex/layers/lrn.py"

OF_KERNELS = "tests/backends/test_kernels.py"
OF_CONTRACT = "tests/backends/test_contract.py"
OF_POOL = "tests/layers/test_pool.py"
OF_LRN = "tests/layers/test_lrn.py"

KERNEL_MUTANTS = (
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
        "norm(self.split(x), self.size, self.alpha, self.beta, self.k)",
        "norm(self.split(x), self.size, self.alpha / self.size, self.beta, self.k)",
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
        "augmentation: every channel has the mean of the scales",
        KERNELS,
        "x *= np.asarray(scale, np.float32).reshape(-1, 1, 1)",
        "x *= np.float32(np.mean(scale))",
        (f"{OF_KERNELS}::test_augmentation_equals_the_loops",),
    ),
    Mutant(
        "augmentation: the mean is subtracted after scaling",
        KERNELS,
        "    if mean is not None:\n        x -= mean\n",
        "    if mean is not None:\n        x -= mean / np.resize(scale, (C, 1, 1))\n",
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
    Mutant(
        "the 11 % net: normalised before the first pooling",
        "tinyalex/models/cifar.py",
        '"pool1": max_pool(),\n        "norm1": map_norm(),',
        '"norm1": map_norm(),\n        "pool1": max_pool(),',
        (
            "tests/models/test_cifar.py"
            "::test_the_11_percent_net_normalises_behind_the_first_pooling_and_before_the_second",
        ),
    ),
)
