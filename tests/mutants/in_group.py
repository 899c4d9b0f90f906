"""Bugs in training by several workers."""

from tests.mutants.mutant import Mutant

SHARDS = "tinyalex/group/shards.py"
MPI = "tinyalex/group/mpi.py"
WATCH = "tinyalex/group/watch.py"
LAUNCH = "tinyalex/group/launch.py"
WORLD = "tinyalex/group/world.py"
GRADIENTS = "tinyalex/training/gradients.py"
LOOP = "tinyalex/training/loop.py"
SETUP = "tinyalex/training/setup.py"
LOADER = "tinyalex/data/loader.py"
SCORE = "tinyalex/evaluation/score.py"
COMMAND = "tinyalex/commands/workers.py"

OF_SHARDS = "tests/group/test_shards.py"
OF_MPI = "tests/group/test_mpi.py"
OF_TRAINING = "tests/training/test_workers.py"
OF_LAUNCH = "tests/group/test_launch.py"
OF_COMMAND = "tests/cli/test_workers.py"
OF_END = "tests/cli/test_workers_end.py"
EQUAL = f"{OF_TRAINING}::test_workers_leave_the_bytes_of_one"
FAILS = f"{OF_END}::test_a_worker_that_fails_ends_all_and_is_named_once"
NAMED = f"{OF_LAUNCH}::test_the_worker_is_named_that_was_the_first_to_end"

GROUP_MUTANTS = (
    Mutant(
        "MPI: sums are added in the order of the ranks",
        MPI,
        "total = shards.total(values.get, n, add_in_place)",
        "total = functools.reduce(add_in_place, values.values())",
        (f"{OF_MPI}::test_each_method_does_what_it_says",),
        needs=("mpi4py",),
    ),
    Mutant(
        "shards: the last image of a batch is lost",
        SHARDS,
        "first, end = (n * s // self.count for s in (shard, shard + 1))",
        "first, end = ((n - 1) * s // self.count for s in (shard, shard + 1))",
        (f"{OF_SHARDS}::test_every_image_of_a_batch_is_in_exactly_one_shard",),
    ),
    Mutant(
        "shards: a number that cannot be shared out is let in",
        SHARDS,
        "if self.count % self.size:",
        "if self.count < self.size:",
        (f"{OF_TRAINING}::test_shards_that_do_not_fit_are_refused",),
    ),
    Mutant(
        "MPI: the sum begins with the wrong slice",
        MPI,
        "return np.concatenate([part[first:end] for first, end in ends for part in parts])",
        "return np.concatenate([part[first:end] for part in parts for first, end in ends])",
        (f"{OF_MPI}::test_each_method_does_what_it_says",),
        needs=("mpi4py",),
    ),
    Mutant(
        "MPI: only the first worker's number counts",
        MPI,
        "MPI.MAX",
        "MPI.MIN",
        (f"{OF_MPI}::test_each_method_does_what_it_says",),
        needs=("mpi4py",),
    ),
    Mutant(
        "gradients: a shard's weight is not its share of the images",
        GRADIENTS,
        "self._pass(x, labels, labels.shape[0] / n)",
        "self._pass(x, labels, 1 / self.shards.count)",
        (f"{OF_TRAINING}::test_shards_change_the_gradient_by_rounding_alone",),
    ),
    Mutant(
        "gradients: every shard has the same masks as its worker's first",
        GRADIENTS,
        "self._set_draws(draws, shard)",
        "self._set_draws(draws, 0)",
        (f"{OF_TRAINING}::test_each_shard_draws_its_own_masks",),
    ),
    Mutant(
        "gradients: masks depend on the worker",
        GRADIENTS,
        "self._set_draws(draws, shard)",
        "self._set_draws(draws, shard + self.group.rank)",
        (EQUAL,),
    ),
    Mutant(
        "gradients: a bucket is sent before all of its layers are done",
        GRADIENTS,
        "if not self.done.issuperset(map(id, bucket.layers)):",
        "if not self.done.intersection(map(id, bucket.layers)):",
        (EQUAL,),
    ),
    Mutant(
        "loader: a worker takes its shards from the first positions",
        LOADER,
        "for shard in shards\n        ]",
        "for shard in range(len(shards))\n        ]",
        (EQUAL,),
    ),
    Mutant(
        "test error: of one worker's images",
        SCORE,
        "return self._added(self.state_dict())",
        "return self.local()",
        (f"{OF_TRAINING}::test_all_workers_know_the_error_of_all_test_images",),
    ),
    Mutant(
        "loop: only a worker's own signal stops it",
        LOOP,
        "self.signal = self.group.agree(",
        "self.signal = int(",
        (f"{OF_END}::test_a_signal_saves_once_and_ends_all[rank 1-SIGTERM]",),
        needs=("mpi4py",),
    ),
    Mutant(
        "set-up: workers with other settings train together",
        SETUP,
        'group.check_same(config.same_for_all(), "the same options for all workers")',
        "pass",
        (f"{OF_TRAINING}::test_workers_that_differ_are_refused",),
    ),
    Mutant(
        "set-up: workers with other data train together",
        SETUP,
        'group.check_same({"data": dataset.fingerprint}, "the same data for all workers")',
        "pass",
        (f"{OF_TRAINING}::test_workers_that_differ_are_refused",),
    ),
    Mutant(
        "watch: a stopped neighbour is not noticed",
        WATCH,
        "if now - last_heard > self.timeout:",
        "if False:",
        (f"{FAILS}[stop]",),
        needs=("mpi4py",),
    ),
    Mutant(
        "watch: whoever waits for others is blamed",
        WATCH,
        "since = now if self.last_step is None or self.waits() else self.last_step",
        "since = now if self.last_step is None else self.last_step",
        (f"{FAILS}[hang]",),
        needs=("mpi4py",),
    ),
    Mutant(
        "watch: workers outlive the process that started them",
        WATCH,
        "if self.launcher and not is_alive(self.launcher):",
        "if False:",
        (f"{OF_END}::test_the_workers_end_with_the_process_that_started_them",),
        needs=("mpi4py",),
    ),
    Mutant(
        "launch: MPICH's banner is shown",
        LAUNCH,
        "elif any(words.match(line) for words in (_LAUNCHER, _BANNER, _ABORT)):",
        "elif False:",
        (f"{NAMED}[killed]",),
        needs=("mpi4py",),
    ),
    Mutant(
        "launch: the first worker is blamed",
        LAUNCH,
        'worker = f"rank {first} on {platform.node()}"',
        'worker = f"rank 0 on {platform.node()}"',
        (f"{NAMED}[killed]",),
        needs=("mpi4py",),
    ),
    Mutant(
        "launch: a worker that leaves with code 0 does not count",
        LAUNCH,
        'if code == 0 and (len(error.ended) == workers or sys.platform == "win32"):',
        "if code == 0:",
        (f"{OF_LAUNCH}::test_workers_of_which_nobody_says_that_they_ended_well_have_failed",),
        needs=("mpi4py",),
    ),
    Mutant(
        "launch: workers wait for one that has ended before they met",
        LAUNCH,
        "            local.kill()\n",
        "            pass\n",
        (f"{NAMED}[exits before MPI]",),
        needs=("mpi4py",),
    ),
    Mutant(
        "launch: a worker that is stopped before they met is not noticed",
        LAUNCH,
        "if now - began > timeout + 2:",
        "if False:",
        (f"{NAMED}[stopped before MPI]",),
        needs=("mpi4py",),
    ),
    Mutant(
        "launch: what all say is shown of each",
        LAUNCH,
        "elif line != self.said:",
        "else:",
        (f"{NAMED}[all say]",),
        needs=("mpi4py",),
    ),
    Mutant(
        "launch: a worker is blamed for the launcher's signal",
        LAUNCH,
        "if signals.came is not None:",
        "if False:",
        (f"{OF_LAUNCH}::test_a_signal_that_nobody_has_handled_is_named",),
        needs=("mpi4py",),
    ),
    Mutant(
        "launch: shared memory of a killed worker stays",
        "tinyalex/group/local.py",
        "path.unlink(missing_ok=True)",
        "pass",
        (f"{NAMED}[killed]",),
        needs=("mpi4py",),
    ),
    Mutant(
        "rank: the end of a worker is not told",
        "tinyalex/group/rank.py",
        'sys.stderr.write(f"{ENDED}{rank} {code}\\n")',
        "pass",
        (f"{NAMED}[exits]",),
        needs=("mpi4py",),
    ),
    Mutant(
        "MPI: each of several workers that fail tells it",
        MPI,
        "(0.5 if self.rank == min(failed) else 5)",
        "0.5",
        (f"{NAMED}[two]",),
        needs=("mpi4py",),
    ),
    Mutant(
        "world: processes that do not see each other train",
        WORLD,
        "if size != promised:",
        "if False:",
        (f"{OF_COMMAND}::test_processes_that_do_not_see_each_other_are_refused",),
        needs=("mpi4py",),
    ),
    Mutant(
        "world: srun's processes start workers, each its own",
        WORLD,
        "if tasks > 1 and not started_by_mpi():",
        "if False:",
        (f"{OF_COMMAND}::test_srun_without_mpi_is_refused",),
        needs=("mpi4py",),
    ),
    Mutant(
        "loop: no worker is named where one had the first bad loss",
        LOOP,
        "if self.group.size == 1 or steps.count(min(steps)) > 1:",
        "if True:",
        (f"{OF_TRAINING}::test_the_worker_is_named_whose_loss_is_the_first_that_is_not_a_number",),
    ),
    Mutant(
        "set-up: workers with other versions train together",
        SETUP,
        'group.check_same(here, "the same environment for all workers")',
        "pass",
        (f"{OF_TRAINING}::test_workers_with_other_versions_are_refused",),
    ),
    Mutant(
        "runs: each worker looks into the run's folder",
        "tinyalex/training/runs.py",
        "plain = group.broadcast(read_config(folder).to_dict() if group.leads else None)",
        "plain = group.broadcast(read_config(folder).to_dict())",
        (f"{OF_COMMAND}::test_only_rank_0_needs_the_runs_folder",),
        needs=("mpi4py",),
    ),
    Mutant(
        "workers: an error is told by all",
        COMMAND,
        "if group.leads:\n                raise\n            raise typer.Exit(code",
        "if True:\n                raise\n            raise typer.Exit(code",
        (f"{OF_COMMAND}::test_what_cannot_be_shared_out_is_refused_before_anything_is_written",),
        needs=("mpi4py",),
    ),
)
