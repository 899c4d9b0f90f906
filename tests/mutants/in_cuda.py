"""Bugs in the GPU backend's kernels, at least one in each; the simulator's tests catch them."""

from tests.mutants.mutant import simulated

COLUMNS = "tinyalex/backends/cuda/im2col.py"
ELEMENTWISE = "tinyalex/backends/cuda/elementwise.py"
NORM = "tinyalex/backends/cuda/lrn.py"
POOL = "tinyalex/backends/cuda/pool.py"
RANDOM = "tinyalex/backends/cuda/random.py"
LAUNCH = "tinyalex/backends/cuda/launch.py"

SIMULATOR = "tests/backends/cuda_simulated.py"
BLOCKS = f"{SIMULATOR}::test_the_size_of_a_block_changes_nothing"
CONVOLUTION = f"{SIMULATOR}::test_convolution_equals_the_loops_and_the_layer"
CONVOLUTION_BLOCKS = f"{SIMULATOR}::test_convolution_in_blocks_of_any_size"
NORMS = f"{SIMULATOR}::test_response_normalisation_with_any_window_and_many_channels"
RELU = f"{SIMULATOR}::test_relu_keeps_what_is_positive_and_not_a_number"
SGD = f"{SIMULATOR}::test_sgd_step_of_any_size_equals_numpys"
LOSS = f"{SIMULATOR}::test_cross_entropy_equals_the_layer"
UNIFORM = f"{SIMULATOR}::test_uniform_numbers_are_the_hosts"
NORMAL = f"{SIMULATOR}::test_normal_numbers_are_made_of_the_streams_words_by_box_and_muller"
WHOLE = f"{SIMULATOR}::test_whole_numbers_are_the_upper_part_of_word_times_count"

CUDA_MUTANTS = (
    simulated(
        "cuda im2col: padding's height and width swapped",
        COLUMNS,
        "top, left = oh * sh - ph, (p - oh * OW) * sw - pw",
        "top, left = oh * sh - pw, (p - oh * OW) * sw - ph",
        BLOCKS,
    ),
    simulated(
        "cuda im2col: a pixel left of the image is read",
        COLUMNS,
        "            if h >= 0 and h < H and w >= 0 and w < W:\n",
        "            if h >= 0 and h < H and w >= -1 and w < W:\n",
        BLOCKS,
    ),
    simulated(
        "cuda col2im: the last window that holds a pixel is left out",
        COLUMNS,
        "oh_end = min(div(h, sh) + 1, OH)",
        "oh_end = min(div(h, sh), OH)",
        BLOCKS,
    ),
    simulated(
        "cuda col2im: a group's channels begin at the first",
        COLUMNS,
        "store(x, (n * C + first + c) * (H * W) + q, total)",
        "store(x, (n * C + c) * (H * W) + q, total)",
        CONVOLUTION,
    ),
    simulated(
        "cuda rows of windows: the first block's only",
        COLUMNS,
        "i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x\n    if i >= N * OW:",
        "i = cuda.threadIdx.x\n    if i >= N * OW:",
        CONVOLUTION_BLOCKS,
    ),
    simulated(
        "cuda rows of windows: a group has the channels of the one before",
        COLUMNS,
        "target = ((g * Hp + hp) * per_group + c - g * per_group)",
        "target = ((g * Hp + hp) * per_group + c)",
        CONVOLUTION,
    ),
    simulated(
        "cuda images from rows: the bias is the group's, not the filter's",
        COLUMNS,
        "value += load(b, f)",
        "value += load(b, g)",
        CONVOLUTION,
    ),
    simulated(
        "cuda bias gradient: the last image of a share is left out",
        COLUMNS,
        "(min(first + share, N) - first) * P",
        "(min(first + share, N) - first - 1) * P",
        CONVOLUTION_BLOCKS,
    ),
    simulated(
        "cuda bias gradient: half of the threads' sums are lost",
        COLUMNS,
        "    half = SUM_THREADS // 2\n",
        "    half = SUM_THREADS // 4\n",
        CONVOLUTION_BLOCKS,
    ),
    simulated(
        "cuda ReLU: a NaN becomes zero",
        ELEMENTWISE,
        "value if value > np.float32(0) or math.isnan(value) else np.float32(0)",
        "value if value > np.float32(0) else np.float32(0)",
        RELU,
    ),
    simulated(
        "cuda ReLU backward: the gradient passes at zero",
        ELEMENTWISE,
        "load(dy, i) if load(y, i) > np.float32(0) else np.float32(0)",
        "load(dy, i) if load(y, i) >= np.float32(0) else np.float32(0)",
        RELU,
    ),
    simulated(
        "cuda SGD: the decay is taken from the velocity",
        ELEMENTWISE,
        "(weight_decay * weight + g[i])",
        "(weight_decay * v[i] + g[i])",
        SGD,
    ),
    simulated(
        "cuda loss: the largest logit is not subtracted from the right one",
        ELEMENTWISE,
        "math.log(total) - (logits[start + label] - largest)",
        "math.log(total) - logits[start + label]",
        LOSS,
    ),
    simulated(
        "cuda loss: the largest logit is the first half's",
        ELEMENTWISE,
        "if t < half and not shared[t] >= shared[t + half] and not math.isnan(shared[t]):",
        "if t < half and shared[t] == shared[t + half]:",
        f"{SIMULATOR}::test_large_logits_do_not_overflow",
    ),
    simulated(
        "cuda augmentation: a mirrored crop is one pixel off",
        ELEMENTWISE,
        "w = CW - 1 - w",
        "w = CW - w",
        BLOCKS,
    ),
    simulated(
        "cuda augmentation: the first channel's scale for all",
        ELEMENTWISE,
        "* scale[c]",
        "* scale[0]",
        BLOCKS,
    ),
    simulated(
        "cuda square root: beta 3/4 as 1/2",
        NORM,
        "return value / (root * math.sqrt(root))",
        "return value / root",
        NORMS,
    ),
    simulated(
        "cuda LRN: a window of even size reaches ahead instead of back",
        NORM,
        "before, after, last = size // 2, (size - 1) // 2, size - 1",
        "before, after, last = (size - 1) // 2, size // 2, size - 1",
        NORMS,
    ),
    simulated(
        "cuda LRN: a share of channels begins without the ones before",
        NORM,
        "window[j] = load(x, start + c * P) if c >= 0 and c < C else np.float32(0)",
        "window[j] = load(x, start + c * P) if c >= first and c < C else np.float32(0)",
        NORMS,
    ),
    simulated(
        "cuda LRN backward: the factor two is forgotten",
        NORM,
        "own[after] - np.float32(2) * alpha * beta",
        "own[after] - alpha * beta",
        NORMS,
    ),
    simulated(
        "cuda same-map LRN: a window of even size reaches ahead instead of back",
        NORM,
        "before, after = size // 2, (size - 1) // 2\n    total",
        "before, after = (size - 1) // 2, size // 2\n    total",
        NORMS,
    ),
    simulated(
        "cuda same-map LRN: what goes through the scale is not divided by it",
        NORM,
        "over_power(load(dy, i) * load(x, i), scale[i], beta) / scale[i]",
        "over_power(load(dy, i) * load(x, i), scale[i], beta)",
        NORMS,
    ),
    simulated(
        "cuda same-map LRN backward: windows are not flipped",
        NORM,
        "before, after = (size - 1) // 2, size // 2\n    total",
        "before, after = size // 2, (size - 1) // 2\n    total",
        NORMS,
    ),
    simulated(
        "cuda max pooling: the last of equal numbers wins",
        POOL,
        "if value > best:",
        "if value >= best:",
        f"{SIMULATOR}::test_the_first_of_equal_numbers_is_the_maximum",
    ),
    simulated(
        "cuda max pooling: positions count by the window that is left",
        POOL,
        "best, position = value, i * KW + j",
        "best, position = value, i * columns + j",
        BLOCKS,
    ),
    simulated(
        "cuda max pooling backward: the last window of overlapping ones is all",
        POOL,
        "                    total += share\n",
        "                    total = share\n",
        BLOCKS,
    ),
    simulated(
        "cuda average pooling: a clipped window is divided by the whole window",
        POOL,
        "total / np.float32(rows * columns)",
        "total / np.float32(KH * KW)",
        BLOCKS,
    ),
    simulated(
        "cuda average pooling backward: a clipped window shares as a whole one",
        POOL,
        "rows = min(KH, H - oh * sh)",
        "rows = KH",
        BLOCKS,
    ),
    simulated(
        "cuda random words: the middle carry is lost",
        RANDOM,
        "middle = a_high * b_low + ((a_low * b_low) >> HALF)",
        "middle = a_high * b_low",
        UNIFORM,
    ),
    simulated(
        "cuda random words: nine rounds",
        RANDOM,
        "for _ in range(ROUNDS):",
        "for _ in range(ROUNDS - 1):",
        UNIFORM,
    ),
    simulated(
        "cuda random float32: the upper half of a word comes first",
        RANDOM,
        "half = (word >> HALF) if j & 1 else (word & MASK)",
        "half = (word & MASK) if j & 1 else (word >> HALF)",
        UNIFORM,
    ),
    simulated(
        "cuda random float64: 52 bits",
        RANDOM,
        "np.float64(drawn[j] >> np.uint64(11)) * 2.0**-53",
        "np.float64(drawn[j] >> np.uint64(12)) * 2.0**-52",
        UNIFORM,
    ),
    simulated(
        "cuda normal numbers: both of a pair are cosines",
        RANDOM,
        "out[2 * i + 1] = radius * math.sin(angle)",
        "out[2 * i + 1] = radius * math.cos(angle)",
        NORMAL,
    ),
    simulated(
        "cuda whole numbers: the lowest one is zero",
        RANDOM,
        "out[4 * i + j] = low + np.int64(",
        "out[4 * i + j] = np.int64(",
        WHOLE,
    ),
    simulated(
        "cuda division: rounded up",
        LAUNCH,
        "return np.int64(np.uint32(i) // np.uint32(n))",
        "return np.int64((np.uint32(i) + np.uint32(n) - np.uint32(1)) // np.uint32(n))",
        BLOCKS,
    ),
)
