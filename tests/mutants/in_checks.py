"""Bugs in the doctor, in what a GPU is asked for, and in how it is timed."""

from tests.mutants.mutant import Mutant

COMPARE = "tinyalex/check/doctor/compare.py"
FINDING = "tinyalex/check/doctor/finding.py"
OF_CHECKS = "tests/check/doctor/test_checks.py"
OF_MACHINE = "tests/check/doctor/test_machine.py"
OF_GPU = "tests/check/doctor/test_gpu.py"
OF_BENCH = "tests/check/test_bench_gpu.py"
OF_PRECISION = "tests/backends/test_precision.py"
OF_RUNS = "tests/training/test_precision.py"

CHECK_MUTANTS = (
    Mutant(
        "doctor: a difference that is not a number is no difference",
        COMPARE,
        'return float("inf") if number != number else number',
        "return 0.0 if number != number else number",
        (f"{OF_CHECKS}::test_other_ways_to_be_wrong_are_red_too",),
    ),
    Mutant(
        "doctor: a backend is compared with itself",
        COMPARE,
        'case.run(NumpyBackend(1), "float64")',
        'case.run(backend, "float64")',
        (f"{OF_CHECKS}::test_a_kernel_that_errs_turns_its_row_and_its_layers_red",),
    ),
    Mutant(
        "doctor: what could not run is green",
        FINDING,
        "return OK if not self.error and self.difference <= self.allowed else RED",
        "return RED if self.allowed < self.difference < 1e9 else OK",
        (f"{OF_CHECKS}::test_other_ways_to_be_wrong_are_red_too",),
    ),
    Mutant(
        "doctor: red ends with 0",
        "tinyalex/commands/doctor.py",
        "    if report.red:\n",
        "    if len(report.red) > 9:\n",
        ("tests/cli/test_doctor.py::test_a_wrong_backend_ends_with_1_and_is_named",),
    ),
    Mutant(
        "doctor: the kernels of Zen are taken for fast ones",
        "tinyalex/check/doctor/blas.py",
        'NARROW = ("haswell", "zen")',
        'NARROW = ("haswell",)',
        (f"{OF_MACHINE}::test_kernels_for_avx2_on_a_cpu_with_avx512_are_warned_of",),
    ),
    Mutant(
        "doctor: a probe stays in the cache's folder",
        "tinyalex/check/doctor/system.py",
        "        probe.unlink()\n",
        "",
        (f"{OF_MACHINE}::test_a_cache_that_cannot_be_written_is_warned_of",),
    ),
    Mutant(
        "driver: CUDA 12.8 is read as 12.80",
        "tinyalex/backends/cuda/driver.py",
        "version.value % 1000 // 10",
        "version.value % 1000",
        (f"{OF_GPU}::test_what_is_missing_or_does_not_fit_is_one_sentence",),
    ),
    Mutant(
        "driver: an older CUDA is refused on a newer driver",
        "tinyalex/backends/cuda/check.py",
        "if wanted is not None and wanted > major:",
        "if wanted is not None and wanted != major:",
        (f"{OF_GPU}::test_an_older_cuda_runs_on_a_newer_driver",),
    ),
    Mutant(
        "precision: CuPy's own products stay as they were first",
        "tinyalex/backends/__init__.py",
        "        backend.set_precision(precision)  # CuPy's own may have been changed since\n",
        "        pass\n",
        (f"{OF_PRECISION}::test_the_gpu_takes_both_and_cupys_own_products_follow",),
    ),
    Mutant(
        "precision: a resumed run forgets it",
        "tinyalex/training/setup.py",
        "config.backend, threads, config.precision, config.workspace_mb",
        "config.backend, threads, None, config.workspace_mb",
        (f"{OF_RUNS}::test_resuming_keeps_both",),
    ),
    Mutant(
        "workspace: config.json holds what was asked for, not what was used",
        "tinyalex/training/setup.py",
        "    config = replace(config, workspace_mb=backend.workspace_mb)\n",
        "",
        (f"{OF_RUNS}::test_the_workspace_that_was_used_is_recorded_where_none_was_asked_for",),
    ),
    Mutant(
        "bench: the clock stops before the GPU is done",
        "tinyalex/check/bench/job.py",
        "            self.run()\n        self.wait()\n",
        "            self.run()\n",
        (f"{OF_BENCH}::test_the_clock_starts_and_stops_when_the_device_is_done",),
    ),
    Mutant(
        "bench: PyTorch may use TF32 where we do not",
        "tinyalex/check/bench/peer.py",
        'torch.backends.cudnn.allow_tf32 = job.precision == "tf32"',
        "torch.backends.cudnn.allow_tf32 = True",
        (f"{OF_BENCH}::test_the_peer_multiplies_in_the_same_precision",),
    ),
    Mutant(
        "cost model: the rows of dy are not counted",
        "docs/results/gpu/gpu_cost.py",
        '("write_rows", 0, y + dy_rows, 0)',
        '("write_rows", 0, y, 0)',
        ("tests/test_gpu_cost.py::test_a_convolution_is_counted_kernel_by_kernel",),
    ),
    Mutant(
        "Ctrl-C: a traceback while the commands are loaded",
        "tinyalex/commands/interrupt.py",
        "    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:\n",
        "    if signal.getsignal(signal.SIGINT) is _end:\n",
        ("tests/cli/test_interrupt.py::test_while_the_commands_are_loaded_it_ends_silently",),
    ),
)
