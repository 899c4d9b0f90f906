"""Bugs around the GPU's kernels: launches, products, parts of a batch, and hidden copies and waits.

The last are no wrong results: a training step that waits for the GPU, or that copies where nobody
sees it, is a slow one. The double of CuPy refuses it.
"""

from tests.mutants.mutant import simulated

ARRAYS = "tinyalex/backends/cuda/arrays.py"
BACKEND = "tinyalex/backends/cuda/backend.py"
CONVOLVE = "tinyalex/backends/cuda/conv.py"
GEMM = "tinyalex/backends/cuda/products.py"
GENERATOR = "tinyalex/backends/cuda/generator.py"

SIMULATOR = "tests/backends/cuda_simulated.py"
BLOCKS = f"{SIMULATOR}::test_the_size_of_a_block_changes_nothing"
CONVOLUTION = f"{SIMULATOR}::test_convolution_equals_the_loops_and_the_layer"
CONVOLUTION_BLOCKS = f"{SIMULATOR}::test_convolution_in_blocks_of_any_size"
FEED = "tinyalex/backends/cuda/feed.py"
FED = "tests/backends/cuda_fed.py"
ORDER = "tests/backends/test_cuda_feed.py::test_no_use_of_a_batch_lacks_an_order"
STEP = "tests/backends/cuda_step.py::test_a_step_of_alexnet_never_waits_and_equals_numpys"

CUDA_HOST_MUTANTS = (
    simulated(
        "cuda launch: the last piece of a map has no block",
        BACKEND,
        "grid = (N, -(-(OH * OW) // threads), C)",
        "grid = (N, OH * OW // threads, C)",
        BLOCKS,
    ),
    simulated(
        "cuda launch: constants are Python's, float64 for every width",
        BACKEND,
        "*(scalar(c, x) for c in (alpha, beta)), int(relu)",
        "alpha, beta, int(relu)",
        BLOCKS,
    ),
    simulated(
        "cuda weight gradient: only the last slice of a batch counts",
        CONVOLVE,
        "sums[g], add=images.start > 0)",
        "sums[g], add=False)",
        CONVOLUTION,
    ),
    simulated(
        "cuda convolution: the filters are not flipped for dx",
        CONVOLVE,
        "[..., ::-1, ::-1]\n",
        "\n",
        CONVOLUTION,
    ),
    simulated(
        "cuda products: a transposed matrix is taken as it lies",
        GEMM,
        "return 1, (a.strides[2]",
        "return 0, (a.strides[2]",
        CONVOLUTION_BLOCKS,
    ),
    simulated(
        "cuda products: the result is added to rubbish",
        GEMM,
        "address + size * add",
        "address + size",
        CONVOLUTION_BLOCKS,
    ),
    simulated(
        "cuda random numbers: draws overlap",
        GENERATOR,
        "self._block += blocks",
        "self._block += 1",
        f"{SIMULATOR}::test_draws_follow_one_another_and_have_their_distributions",
    ),
    simulated(
        "cuda pieces: an array that is not in one piece is taken as it is",
        ARRAYS,
        "return x if x.flags.c_contiguous else self.xp.ascontiguousarray(x)",
        "return x",
        f"{SIMULATOR}::test_relu_reaches_an_array_that_is_not_in_one_piece",
    ),
    simulated(
        "a step waits: the loss is read in every step",
        "tinyalex/evaluation/score.py",
        "self._loss + n * xp.asarray(loss, dtype=xp.float64)",
        "self._loss + n * float(loss)",
        STEP,
    ),
    simulated(
        "a step waits: labels are looked at",
        ARRAYS,
        "    checks_values = False\n",
        "    checks_values = True\n",
        STEP,
    ),
    simulated(
        "a step copies: the colour of the host is passed to the kernel",
        BACKEND,
        "colour = here(self.xp.zeros((N, C), np.float32) if colour is None else colour)",
        "colour = np.zeros((N, C), np.float32)",
        STEP,
    ),
    simulated(
        "a step copies: dropout's mask is drawn on the host",
        "tinyalex/layers/dropout.py",
        "draw = self.backend.generator(self.seed, self.draws).random(shape)",
        'from tinyalex import backends\n        draw = backends.get("numpy").generator'
        "(self.seed, self.draws).random(shape)",
        STEP,
    ),
    simulated(
        "a step copies: the gradient of a linear layer's bias comes by way of the host",
        "tinyalex/layers/base.py",
        'self.grads["weight"], self.grads["bias"] = dw, db',
        'self.grads["weight"], self.grads["bias"] = dw, db\n        self.backend.to_host(dy)',
        STEP,
    ),
    simulated(
        "second stream: the network does not wait for its batch",
        FEED,
        "self.computing.wait_event(self._prepared.popleft())",
        "self._prepared.popleft()",
        ORDER,
    ),
    simulated(
        "second stream: a batch is written while the network still uses the one before",
        FEED,
        "        self.bringing.wait_event(self._queued)\n",
        "",
        ORDER,
    ),
    simulated(
        "second stream: memory that is let go after the wait is overwritten in use",
        FEED,
        "        block = self.pool.malloc(nbytes)\n"
        "        self.computing.record(self._queued)  # after malloc: see 3\n"
        "        self.bringing.wait_event(self._queued)\n",
        "        self.computing.record(self._queued)\n"
        "        self.bringing.wait_event(self._queued)\n"
        "        block = self.pool.malloc(nbytes)\n",
        ORDER,
    ),
    simulated(
        "second stream: the network gets the loader's memory while it is in use",
        FEED,
        "        block = self.pool.malloc(nbytes)\n",
        "        with self.computing:\n            block = self.pool.malloc(nbytes)\n",
        ORDER,
    ),
    simulated(
        "second stream: a pinned buffer is written while it is copied",
        FEED,
        "            slot.copied.synchronize()\n",
        "            pass\n",
        ORDER,
    ),
    simulated(
        "second stream: pinned memory is given back while it is copied",
        FEED,
        "        self.bringing.synchronize()\n",
        "",
        ORDER,
    ),
    simulated(
        "second stream: the images are copied on the first one",
        FEED,
        "images.ctypes.data, images.nbytes, self.bringing)",
        "images.ctypes.data, images.nbytes, self.computing)",
        ORDER,
    ),
    simulated(
        "second stream: it waits for the first one by itself",
        ARRAYS,
        "self.xp.cuda.Stream(non_blocking=True)",
        "self.xp.cuda.Stream()",
        f"{FED}::test_the_second_stream_does_not_wait_for_the_null_stream_by_itself",
    ),
    simulated(
        "second stream: the batch is prepared on the first one",
        "tinyalex/data/prefetch.py",
        "feed.preparing():\n                    item = next(remaining, _NO_MORE)",
        "feed.preparing():\n                    pass\n"
        "                item = next(remaining, _NO_MORE)",
        f"{FED}::test_training_on_two_streams_equals_numpys_and_every_use_has_its_order",
    ),
    simulated(
        "bench: --no-overlap changes nothing",
        "tinyalex/check/bench/ours.py",
        "    backend.overlap = job.overlap\n",
        "",
        "tests/check/test_bench_gpu.py::test_a_job_decides_whether_batches_come_meanwhile",
    ),
)
