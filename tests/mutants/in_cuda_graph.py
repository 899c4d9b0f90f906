"""Bugs in capturing a training step: what changes is in it, others have its memory, no way back."""

from tests.mutants.mutant import Mutant, simulated

CAPTURED = "tinyalex/training/captured.py"
CUBLAS = "tinyalex/backends/cuda/cublas.py"
GRAPH = "tinyalex/backends/cuda/graph.py"

TESTS = "tests/training/cuda_graph.py"
BYTES = f"{TESTS}::test_a_graph_leaves_the_bytes_of_plain_steps"
FAILS = f"{TESTS}::test_a_graph_that_fails_is_told_of_once_and_training_goes_on"
GOES_ON = f"{TESTS}::test_a_run_that_goes_on_leaves_the_same_bytes"

CUDA_GRAPH_MUTANTS = (
    simulated(
        "cuda graph: products of bfloat16 go through CuPy, which cannot be captured",
        "tinyalex/backends/cuda/products.py",
        "        of.gemmStridedBatchedEx(",
        "        cublas.gemmStridedBatchedEx(",
        f"{TESTS}::test_in_mixed_precision_too",
    ),
    simulated(
        "cuda graph: dropout's numbers are drawn within it",
        CAPTURED,
        "            layer.drawn = draw\n",
        "            pass\n",
        BYTES,
    ),
    simulated(
        "cuda graph: the numbers drawn for it are those of every later batch",
        CAPTURED,
        "                layer.drawn = None\n",
        "                pass\n",
        BYTES,
    ),
    simulated(
        "cuda graph: its memory is everybody's",
        GRAPH,
        "self.pool = xp.cuda.MemoryPool()",
        "self.pool = xp.get_default_memory_pool()",
        f"{TESTS}::test_no_one_gets_a_graphs_memory_even_if_cupy_gives_free_blocks_back",
    ),
    simulated(
        "cuda graph: the first batch is all that it sees",
        CAPTURED,
        "                array[...] = value\n",
        "                pass\n",
        BYTES,
    ),
    simulated(
        "cuda graph: the captured step is not computed",
        CAPTURED,
        "            self.graph.launch()\n            self._compare(self.written[0])\n",
        "",
        GOES_ON,
    ),
    simulated(
        "cuda graph: the optimizer goes on with a smaller batch's gradients",
        CAPTURED,
        "            layer.grads[key] = array  #",
        "            layer.grads.setdefault(key, array)  #",
        BYTES,
    ),
    simulated(
        "cuda graph: the loss of every step is the last one's",
        CAPTURED,
        "return loss.copy(), logits",
        "return loss, logits",
        f"{TESTS}::test_every_loss_is_kept",
    ),
    simulated(
        "cuda graph: the rehearsal's gradients take its memory",
        CAPTURED,
        "                layer.grads.clear()\n",
        "                pass\n",
        BYTES,
    ),
    simulated(
        "cuda graph: the rehearsal does not wait for the step before",
        GRAPH,
        "        self.stream.wait_event(computing.record())\n",
        "",
        BYTES,
    ),
    simulated(
        "cuda graph: the optimizer does not wait for the rehearsal",
        GRAPH,
        "            computing.wait_event(self.stream.record())\n",
        "            pass\n",
        BYTES,
    ),
    simulated(
        "cuda graph: capturing stops what other threads do on the null stream",
        GRAPH,
        "xp.cuda.Stream(non_blocking=True)",
        "xp.cuda.Stream()",
        BYTES,
    ),
    simulated(
        "cuda graph: cuBLAS allocates its own workspace",
        CUBLAS,
        "        _calls.here.set_workspace(handle, workspace.data.ptr, workspace.nbytes)\n",
        "",
        BYTES,
    ),
    simulated(
        "cuda graph: products go on past CuPy after it",
        CUBLAS,
        "        _calls.here = None  # CuPy",
        "        pass  # CuPy",
        BYTES,
    ),
    simulated(
        "cuda graph: cuBLAS's errors are overlooked",
        CUBLAS,
        "if status := function(*args):",
        "if (status := function(*args)) and False:",
        FAILS,
    ),
    simulated(
        "cuda graph: a capture that failed goes on",
        GRAPH,
        "                    self.stream.end_capture()\n                raise",
        "                    pass\n                raise",
        "tests/backends/cuda_graph_refusals.py::test_a_capture_refuses_what_cuda_and_cupy_refuse",
    ),
    simulated(
        "cuda graph: nobody looks at what it computes",
        CAPTURED,
        "            self._compare(self.written[0])\n",
        "",
        FAILS,
    ),
    simulated(
        "cuda graph: what fails is tried in every step",
        CAPTURED,
        "self.works, self.graph, self.written, self.grads = False,",
        "self.works, self.graph, self.written, self.grads = True,",
        FAILS,
    ),
    simulated(
        "cuda graph: weights that were replaced are trained on",
        CAPTURED,
        "x.shape[0] == self.images and self._has_same_weights())",
        "x.shape[0] == self.images)",
        f"{TESTS}::test_new_weights_are_computed_without_the_graph",
    ),
    simulated(
        "cuda graph: a layer of the user's is captured",
        CAPTURED,
        "return type(layer) in LAYERS",
        "return isinstance(layer, LAYERS)",
        f"{TESTS}::test_only_layers_that_are_known_are_captured",
    ),
    Mutant(
        "cuda graph: --no-graph changes nothing",
        "tinyalex/training/loop.py",
        "config.batch_size if config.graph else 0",
        "config.batch_size",
        ("tests/training/test_captured.py::test_the_setting_decides_whether_batches_are_captured",),
    ),
)
