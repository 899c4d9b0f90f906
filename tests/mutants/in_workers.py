"""Bugs in the commands that measure with several workers: evaluate, doctor and bench."""

from tests.mutants.mutant import Mutant

VIEWS = "tinyalex/evaluation/views.py"
EVALUATE = "tinyalex/evaluation/evaluate.py"
DOCTOR = "tinyalex/check/doctor/workers.py"
SCALING = "tinyalex/check/bench/scaling.py"

OF_EVALUATE = "tests/evaluation/test_workers.py"
OF_DOCTOR = "tests/check/doctor/test_workers.py"
OF_BENCH = "tests/check/test_bench_workers.py"
OF_COMMANDS = "tests/cli/test_workers_measure.py"
BYTES = f"{OF_EVALUATE}::test_the_probabilities_have_the_bytes_of_one_worker"

WORKERS_MUTANTS = (
    Mutant(
        "evaluate --workers: the last batches are nobody's",
        VIEWS,
        "first, end = (len(loader) * rank // group.size",
        "first, end = (len(loader) // group.size * rank",
        (BYTES,),
    ),
    Mutant(
        "evaluate --workers: rows stand where the first worker's do",
        VIEWS,
        "zip(range(first, end), batches",
        "zip(range(end - first), batches",
        (BYTES,),
    ),
    Mutant(
        "evaluate --workers: each worker tests on all images",
        VIEWS,
        "first, end = (len(loader) * rank // group.size for rank in (group.rank, group.rank + 1))",
        "first, end = 0, len(loader)",
        (f"{OF_EVALUATE}::test_each_image_is_seen_by_one_worker",),
    ),
    Mutant(
        "evaluate --workers: workers with other weights are let in",
        EVALUATE,
        'group.check_same({"weights": checkpoint}, f"the same {run.folder} for all workers")',
        "pass",
        (f"{OF_EVALUATE}::test_workers_that_differ_are_refused",),
    ),
    Mutant(
        "doctor --workers: a sum that is not a number is right",
        DOCTOR,
        "if difference != 0:",
        "if difference > 0:",
        (f"{OF_DOCTOR}::test_a_wrong_sum_on_one_worker_is_red_everywhere",),
    ),
    Mutant(
        "doctor --workers: only the sum on the first worker is looked at",
        DOCTOR,
        "return seconds, *group.gather(float(difference))",
        "return seconds, *[group.broadcast(float(difference))] * group.size",
        (f"{OF_DOCTOR}::test_a_wrong_sum_on_one_worker_is_red_everywhere",),
    ),
    Mutant(
        "doctor --workers: half of the bytes are counted",
        DOCTOR,
        "return 2 * (self.workers - 1) / self.workers",
        "return (self.workers - 1) / self.workers",
        (f"{OF_DOCTOR}::test_bandwidth_and_efficiency_of_a_link",),
    ),
    Mutant(
        "doctor --workers: all cores in use count as too few",
        DOCTOR,
        "if sum(threads) > len(cores):",
        "if sum(threads) >= len(cores):",
        (f"{OF_DOCTOR}::test_what_the_workers_of_a_computer_share",),
    ),
    Mutant(
        "doctor --workers: every worker speaks",
        "tinyalex/commands/doctor.py",
        "if not group.leads:",
        "if False:",
        (f"{OF_COMMANDS}::test_doctor_checks_the_workers_and_rank_0_speaks",),
        needs=("mpi4py",),
    ),
    Mutant(
        "doctor --workers: what started the workers is not told why they fail",
        "tinyalex/commands/doctor.py",
        "print_error(each.text, each.hint)",
        "pass",
        (f"{OF_COMMANDS}::test_doctor_ends_with_1_where_a_sum_is_wrong",),
        needs=("mpi4py",),
    ),
    Mutant(
        "workers: any number that MPI has started will do",
        "tinyalex/commands/workers.py",
        "if workers not in (None, group.size):",
        "if False:",
        (f"{OF_COMMANDS}::test_another_number_of_workers_than_mpi_started_is_refused_once",),
        needs=("mpi4py",),
    ),
    Mutant(
        "bench --workers: all workers have the same images",
        SCALING,
        "own = shards.images(slice(0, job.batch_size), group.rank)",
        "own = shards.images(slice(0, job.batch_size), 0)",
        (f"{OF_BENCH}::test_the_workers_train_one_network_on_one_batch",),
    ),
    Mutant(
        "bench --workers: the warm-up is counted",
        SCALING,
        "np.max(group.gather(seconds[warm_up:]), axis=0)",
        "np.max(group.gather(seconds[:-warm_up]), axis=0)",
        (f"{OF_BENCH}::test_the_slowest_worker_counts_and_the_warm_up_does_not",),
    ),
    Mutant(
        "bench --workers: the wait ends before the sums are there",
        SCALING,
        "super().finish(parts)\n        backend.synchronize()",
        "super().finish(parts)\n        start = time.perf_counter()",
        (f"{OF_BENCH}::test_waiting_is_the_time_after_backward",),
    ),
    Mutant(
        "bench --workers: efficiency is the speedup",
        SCALING,
        'speedup * results[0]["workers"] / each["workers"]',
        'speedup * results[0]["workers"]',
        (f"{OF_BENCH}::test_efficiency_is_the_speedup_over_the_workers",),
    ),
    Mutant(
        "doctor --workers: the threads that were asked for are forgotten",
        "tinyalex/check/doctor/workers.py",
        "threads or group.share_of(usable_cores())",
        "group.share_of(usable_cores())",
        (f"{OF_COMMANDS}::test_doctor_ends_with_1_where_a_sum_is_wrong",),
        needs=("mpi4py",),
    ),
    Mutant(
        "workers: after an end every command is to be resumed like a training",
        "tinyalex/commands/workers.py",
        '.get(sys.argv[1] if sys.argv[1:] else "", AGAIN)',
        '["train"]',
        ("tests/cli/test_workers_end.py::test_the_advice_after_an_end_fits_the_command",),
        needs=("mpi4py",),
    ),
)
