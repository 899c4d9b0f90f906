"""Bugs in the kernels and in how a batch is shared out."""

from tests.mutants.mutant import Mutant

TEXTBOOK = "tinyalex/functional"
ARRAYS, CONV = f"{TEXTBOOK}/arrays.py", f"{TEXTBOOK}/conv.py"
POOL, LRN = f"{TEXTBOOK}/pool.py", f"{TEXTBOOK}/lrn.py"
SGD, AUGMENT = f"{TEXTBOOK}/sgd.py", f"{TEXTBOOK}/augment.py"

OF_KERNELS = "tests/backends/test_kernels.py"
OF_CONTRACT = "tests/backends/test_contract.py"
OF_POOL = "tests/layers/test_pool.py"
OF_LRN = "tests/layers/test_lrn.py"

KERNEL_MUTANTS = (
    Mutant(
        "im2col: padding's height and width swapped",
        CONV,
        "x = pad(x, (ph, ph), (pw, pw))",
        "x = pad(x, (pw, pw), (ph, ph))",
        (f"{OF_KERNELS}::test_im2col_and_col2im_equal_the_loops",),
    ),
    Mutant(
        "im2col: stride's height and width swapped",
        ARRAYS,
        "(sh, sw), (OH, OW) = pair(kernel_size), pair(stride)",
        "(sw, sh), (OH, OW) = pair(kernel_size), pair(stride)",
        (f"{OF_KERNELS}::test_im2col_and_col2im_equal_the_loops",),
    ),
    Mutant(
        "im2col: kernel's height and width swapped",
        ARRAYS,
        "    (KH, KW), (sh, sw), (OH, OW) = pair(kernel_size)",
        "    (KW, KH), (sh, sw), (OH, OW) = pair(kernel_size)",
        (f"{OF_KERNELS}::test_im2col_and_col2im_equal_the_loops",),
    ),
    Mutant(
        "col2im: overlapping columns overwrite instead of adding up",
        CONV,
        "x[pixels] += cols",
        "x[pixels] = cols",
        (f"{OF_KERNELS}::test_col2im_is_the_adjoint_of_im2col",),
    ),
    Mutant(
        "col2im: padding cut off at the wrong side",
        CONV,
        "return x[:, :, ph : ph + H, pw : pw + W]",
        "return x[:, :, :H, :W]",
        (f"{OF_KERNELS}::test_col2im_is_the_adjoint_of_im2col",),
    ),
    Mutant(
        "average pooling: a clipped window is divided by the whole window",
        POOL,
        "min(KH, H - sh * oh) * width",
        "KH * width",
        (
            f"{OF_KERNELS}::test_average_pooling_equals_the_loops_and_its_backward_is_its_adjoint",
            f"{OF_POOL}::test_a_clipped_average_counts_only_what_it_has",
        ),
    ),
    Mutant(
        "average pooling: backward does not divide",
        POOL,
        "share = dy / _window_sizes(dy, x_shape, kernel_size, stride, hw)",
        "share = dy",
        (f"{OF_POOL}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "max pooling: the last of equal numbers wins",
        POOL,
        "        argmax = argmax + xp.astype(~found, argmax.dtype)",
        "        argmax = argmax + xp.astype(tap != y, argmax.dtype)",
        (f"{OF_KERNELS}::test_max_pooling_equals_the_loops",),
    ),
    Mutant(
        "max pooling: padding of zeros beats negative numbers",
        POOL,
        "_cover(x, kernel_size, stride, hw, -xp.inf)",
        "_cover(x, kernel_size, stride, hw)",
        (f"{OF_POOL}::test_negative_numbers_have_a_maximum_too",),
    ),
    Mutant(
        "max pooling: backward steps with the wrong stride",
        POOL,
        "    for tap, pixels in enumerate(taps(kernel_size, stride, hw)):\n        dx",
        "    for tap, pixels in enumerate(taps(kernel_size, pair(stride)[::-1], hw)):\n        dx",
        (f"{OF_KERNELS}::test_max_pooling_equals_the_loops",),
    ),
    Mutant(
        "pooling: the last clipped window is forgotten in ceil mode",
        ARRAYS,
        "(-(-room // step) if ceil_mode else room // step) + 1",
        "room // step + 1",
        (f"{OF_POOL}::test_the_sizes_of_cuda_convnet_need_ceil_mode",),
    ),
    Mutant(
        "pooling: a window that starts outside the image is kept in ceil mode",
        ARRAYS,
        "count - 1 if ceil_mode and (count - 1) * step >= size + p else count",
        "count",
        (f"{OF_POOL}::test_the_window_count_is_found_by_placing_windows",),
    ),
    Mutant(
        "normalisation: the window is one channel short",
        LRN,
        "energy = _neighbour_sum(energy, size // 2, (size - 1) // 2, axis)",
        "energy = _neighbour_sum(energy, size // 2, (size - 1) // 2 - 1, axis)",
        (f"{OF_LRN}::test_each_channel_reaches_two_neighbours_on_either_side",),
    ),
    Mutant(
        "normalisation: backward lacks the cross term",
        LRN,
        "return own - (2 * alpha * beta) * x * through_scale",
        "return own",
        (f"{OF_LRN}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "normalisation: the cross term lacks its factor 2",
        LRN,
        "(2 * alpha * beta)",
        "(alpha * beta)",
        (f"{OF_LRN}::test_gradients_equal_measured_slopes",),
    ),
    Mutant(
        "normalisation: alpha divided by the window",
        "tinyalex/layers/lrn.py",
        "norm(self.split(x), self.size, self.alpha, self.beta, self.k)",
        "norm(self.split(x), self.size, self.alpha / self.size, self.beta, self.k)",
        (f"{OF_LRN}::test_the_defaults_are_the_papers",),
    ),
    Mutant(
        "normalisation: rows instead of a square",
        LRN,
        "return local_response_norm(x, size, alpha, beta, k, axes=(2, 3))",
        "return local_response_norm(x, size, alpha, beta, k, axes=(3,))",
        (f"{OF_LRN}::test_each_pixel_reaches_its_square_in_its_own_channel_only",),
    ),
    Mutant(
        "slices: the last items of a batch are left out",
        "tinyalex/backends/operations.py",
        "[slice(i, min(i + step, n)) for i in range(0, n, step)]",
        "[slice(i, min(i + step, n)) for i in range(0, n - step + 1, step)]",
        (f"{OF_CONTRACT}::test_slices_cover_the_batch_once_and_in_order",),
    ),
    Mutant(
        "momentum with the rate outside of the velocity",
        SGD,
        "    v = momentum * v - lr * (weight_decay * w + g)\n    return w + v, v",
        "    v = momentum * v - (weight_decay * w + g)\n    return w + lr * v, v",
        (f"{OF_KERNELS}::test_sgd_step_is_the_update_of_the_paper",),
    ),
    Mutant(
        "weight decay on the velocity instead of the weight",
        SGD,
        "    v = momentum * v - lr * (weight_decay * w + g)",
        "    v = momentum * v - lr * (weight_decay * v + g)",
        (f"{OF_KERNELS}::test_sgd_step_is_the_update_of_the_paper",),
    ),
    Mutant(
        "weight decay outside of the rate",
        SGD,
        "    v = momentum * v - lr * (weight_decay * w + g)",
        "    v = momentum * v - weight_decay * w - lr * g",
        (f"{OF_KERNELS}::test_sgd_step_is_the_update_of_the_paper",),
    ),
    Mutant(
        "augmentation: the crop is off by one",
        AUGMENT,
        "top, left = int(tops[n]), int(lefts[n])",
        "top, left = int(tops[n]), max(int(lefts[n]) - 1, 0)",
        (f"{OF_KERNELS}::test_augmentation_equals_the_loops",),
    ),
    Mutant(
        "augmentation: mirrored upside down",
        AUGMENT,
        "xp.flip(window, axis=1)",
        "xp.flip(window, axis=0)",
        (f"{OF_KERNELS}::test_augmentation_equals_the_loops",),
    ),
    Mutant(
        "augmentation: every channel has the mean of the scales",
        AUGMENT,
        "else scale[:, None, None]",
        "else xp.mean(scale)",
        (f"{OF_KERNELS}::test_augmentation_equals_the_loops",),
    ),
    Mutant(
        "augmentation: the mean is subtracted after scaling",
        AUGMENT,
        "        x -= mean\n",
        "        x -= mean / (scale if isinstance(scale, float | int) else scale[:, None, None])\n",
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
            "::test_the_11_percent_net_normalises_after_the_first_pooling_and_before_the_second",
        ),
    ),
)
