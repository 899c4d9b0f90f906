"""Bugs in training by several workers with a GPU each."""

from tests.mutants.mutant import Mutant, simulated

GPU = "tinyalex/group/gpu.py"
NCCL = "tinyalex/group/nccl.py"
STAGED = "tinyalex/group/staged.py"
CHOICE = "tinyalex/training/gpus.py"
ARRAYS = "tinyalex/backends/cuda/arrays.py"

OF_GROUPS = "tests/group/test_gpu.py"
OF_CHOICE = "tests/training/test_gpus.py"
OF_TRAINING = "tests/training/cuda_workers.py"
BYTES = f"{OF_GROUPS}::test_one_two_and_four_gpus_give_the_bytes_of_one_worker"
EVENTS = f"{OF_GROUPS}::test_a_missing_event_is_found"
PINNED = f"{OF_GROUPS}::test_pinned_memory_is_read_after_the_copy"
FAST = f"{OF_GROUPS}::test_a_fast_sum_differs_by_rounding_alone"
SHARED = f"{OF_CHOICE}::test_gpus_are_shared_out_to_the_workers_of_a_computer"
CONTEXTS = f"{OF_TRAINING}::test_no_thread_of_a_worker_puts_a_context_on_the_first_gpu"

GPU_GROUP_MUTANTS = (
    Mutant(
        "NCCL: sums are added in the order of the ranks",
        NCCL,
        "total = shards.total(values.get, n, add_in_place)",
        "total = sum(received[1:], received[0])",
        (BYTES,),
    ),
    Mutant(
        "NCCL: every worker adds up the first slice",
        NCCL,
        "[[part[at] for part in parts] for at in slices],",
        "[[part[slices[0]] for part in parts] for at in slices],",
        (BYTES,),
    ),
    Mutant(
        "NCCL: the bytes of a sum are not counted",
        NCCL,
        "self.control.sent += to_others * total.itemsize",
        "pass",
        (BYTES,),
    ),
    Mutant(
        "NCCL: calls are not in one group",
        NCCL,
        "        self.nccl.groupStart()\n",
        "",
        (BYTES,),
    ),
    Mutant(
        "NCCL: a fast sum may add in another order next time",
        NCCL,
        'os.environ.setdefault("NCCL_ALGO", "Ring")',
        "pass",
        (FAST,),
    ),
    Mutant(
        "fast sum: values of shards without images count",
        "tinyalex/group/shards.py",
        "            if not self.is_empty(node, n):\n                total += part",
        "            total += part",
        (FAST,),
    ),
    Mutant(
        "GPU groups: a sum begins before its gradients are there",
        GPU,
        "self.stream.wait_event(mark)",
        "pass",
        (EVENTS,),
    ),
    Mutant(
        "GPU groups: the step begins before the sums are there",
        GPU,
        "self.xp.cuda.get_current_stream().wait_event(self.stream.record(self._event()))",
        "self.stream.record(self._event())",
        (EVENTS,),
    ),
    simulated(
        "GPU groups: the thread that sends works on the first GPU",
        GPU,
        "self.device.use()  # every thread begins on the first GPU",
        "pass",
        CONTEXTS,
    ),
    simulated(
        "GPU groups: gradients are let go while they are sent",
        "tinyalex/training/gradients.py",
        "self.sent.append(parts)",
        "pass",
        f"{OF_TRAINING}::test_a_gradient_is_not_overwritten_while_it_is_sent",
    ),
    simulated(
        "loader: the thread that prepares batches works on the first GPU",
        "tinyalex/data/loader.py",
        "prefetch(batches, ahead, feed, self.backend.use_device)",
        "prefetch(batches, ahead, feed)",
        CONTEXTS,
    ),
    simulated(
        "cuda: a thread that leaves its GPU goes to the first one",
        ARRAYS,
        "        self.device.use()\n",
        "        with self.device:\n            pass\n",
        CONTEXTS,
    ),
    Mutant(
        "staged: the host reads before the copy is done",
        STAGED,
        "        stream.synchronize()\n",
        "",
        (PINNED,),
    ),
    Mutant(
        "staged: pinned memory is given back while it is read",
        STAGED,
        "            self.xp.cuda.get_current_stream().synchronize()\n",
        "",
        (PINNED,),
    ),
    Mutant(
        "GPUs: neighbouring workers share the first one",
        CHOICE,
        "group.local_rank % driver.ask().gpus",
        "group.local_rank // driver.ask().gpus",
        (SHARED,),
    ),
    Mutant(
        "GPUs: a worker without one computes on the CPU",
        CHOICE,
        'if lacking and (backend == "cuda" or len(lacking) < group.size):',
        'if lacking and backend == "cuda":',
        (f"{OF_CHOICE}::test_a_worker_without_a_gpu_is_named_with_its_computer",),
    ),
    Mutant(
        "GPUs: NCCL for two workers on one",
        CHOICE,
        "if gpus.count(gpu) > 1]",
        "if gpus.count(gpu) > 2]",
        (f"{OF_CHOICE}::test_through_the_host_where_two_workers_share_a_gpu",),
    ),
    Mutant(
        "GPUs: the check of CuPy takes memory on the first one",
        "tinyalex/backends/cuda/check.py",
        "cupy.cuda.Device(gpu).use()",
        "pass",
        (f"{OF_CHOICE}::test_the_chosen_gpu_is_the_first_thing_that_cupy_is_told",),
    ),
)
