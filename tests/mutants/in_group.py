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
OF_COMMAND = "tests/cli/test_workers.py"
EQUAL = f"{OF_TRAINING}::test_workers_leave_the_bytes_of_one"
FAILS = f"{OF_COMMAND}::test_a_worker_that_fails_ends_all_and_is_named_once"

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
        "dlogits = dlogits * (labels.shape[0] / n)",
        "dlogits = dlogits / self.shards.count",
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
        (f"{OF_COMMAND}::test_a_signal_saves_once_and_ends_all",),
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
        (FAILS,),
        needs=("mpi4py",),
    ),
    Mutant(
        "watch: whoever waits for others is blamed",
        WATCH,
        "since = now if self.last_step is None or self.waits() else self.last_step",
        "since = now if self.last_step is None else self.last_step",
        (FAILS,),
        needs=("mpi4py",),
    ),
    Mutant(
        "watch: workers outlive the process that started them",
        WATCH,
        "if self.launcher and not is_alive(self.launcher):",
        "if False:",
        (f"{OF_COMMAND}::test_the_workers_end_with_the_process_that_started_them",),
        needs=("mpi4py",),
    ),
    Mutant(
        "launch: MPICH's banner is shown",
        LAUNCH,
        "if self.hydra and self._is_launchers(line):",
        "if False:",
        (FAILS,),
        needs=("mpi4py",),
    ),
    Mutant(
        "launch: the first worker is blamed",
        LAUNCH,
        'return f"rank {rank} was ended by signal {number} ({name}){lack}"',
        'return f"rank 0 was ended by signal {number} ({name}){lack}"',
        (FAILS,),
        needs=("mpi4py",),
    ),
    Mutant(
        "workers: an error is told by all",
        COMMAND,
        "if group.leads:\n                raise\n            raise typer.Exit(getattr",
        "if True:\n                raise\n            raise typer.Exit(getattr",
        (FAILS,),
        needs=("mpi4py",),
    ),
)
