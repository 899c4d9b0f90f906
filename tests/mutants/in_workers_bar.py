"""Bugs in what several workers show on a terminal, and in the claims that they train."""

from tests.mutants.mutant import Mutant

LAUNCH = "tinyalex/group/launch.py"
LAUNCHED = "tinyalex/launched.py"
COMMAND = "tinyalex/commands/workers.py"
STORE = "tinyalex/reproduce/store.py"
ARM = "tinyalex/reproduce/arm.py"

OF_COPY = "tests/group/test_copy.py"
OF_BAR = "tests/cli/test_workers_bar.py"
OF_TOGETHER = "tests/reproduce/test_together.py"
SAME = f"{OF_BAR}::test_two_workers_leave_on_a_terminal_what_one_leaves[60]"
KILLED = f"{OF_BAR}::test_a_worker_that_is_killed_leaves_one_message_and_no_bar[1]"


def _with_mpi(name: str, file: str, old: str, new: str, test: str) -> Mutant:
    return Mutant(name, file, old, new, (test,), needs=("mpi4py",))


WORKERS_BAR_MUTANTS = (
    _with_mpi(
        "bar: every worker draws one", LAUNCHED, "        return False\n", "        pass\n", SAME
    ),
    _with_mpi(
        "bar: as wide as any terminal, not as this one",
        COMMAND,
        '"COLUMNS": str(screen.width)',
        '"COLUMNS": "80"',
        SAME,
    ),
    _with_mpi(
        "bar: drawn into a pipe",
        COMMAND,
        "if is_shown else {}",
        "if screen.width else {}",
        f"{OF_BAR}::test_a_pipe_gets_lines_and_no_codes",
    ),
    Mutant(
        "bar: shown when its line has ended, which is never",
        LAUNCH,
        "if _CODES.search(rest):",
        'if rest.endswith("\\n"):',
        (f"{OF_COPY}::test_a_bar_comes_at_once_and_other_text_when_its_line_has_ended",),
    ),
    Mutant(
        "bar: shown again with the next piece",
        LAUNCH,
        '            yield rest\n            rest = ""\n',
        "            yield rest\n",
        (f"{OF_COPY}::test_no_character_is_lost_around_a_bar",),
    ),
    Mutant(
        "output of workers: a letter that the pipe cuts in two is lost",
        LAUNCH,
        'decode = codecs.getincrementaldecoder(source.encoding)("replace").decode',
        'decode = lambda some: some.decode(source.encoding, "replace")',
        (f"{OF_COPY}::test_lines_come_whole_however_the_pipe_cuts_them",),
    ),
    Mutant(
        "bar: an error stands behind it",
        LAUNCH,
        "self.screen._write(_NO_BAR)",
        "pass",
        (f"{OF_COPY}::test_an_error_takes_the_place_of_the_bar_which_comes_again_below",),
    ),
    _with_mpi(
        "bar: a worker that was killed leaves the cursor hidden",
        LAUNCH,
        "self._write(_NO_BAR + _CURSOR)",
        "self._write(_NO_BAR)",
        KILLED,
    ),
    _with_mpi(
        "launcher: a second message after Ctrl-C",
        LAUNCH,
        "if not (error.said or out.said):",
        "if not error.said:",
        f"{OF_BAR}::test_a_pipe_too_gets_one_message",
    ),
    _with_mpi(
        "launcher: colours hide what rank 0 said",
        LAUNCH,
        '_CODES.sub("", line).startswith(_SAID)',
        "line.startswith(_SAID)",
        f"{OF_BAR}::test_ctrl_c_while_the_bar_moves_leaves_one_message_and_no_bar",
    ),
    _with_mpi(
        "workers: each tells of a slow test",
        COMMAND,
        "        notice.follow(None)\n",
        "",
        f"{OF_BAR}::test_a_slow_test_is_told_of_by_rank_0_alone",
    ),
    Mutant(
        "claims by workers: shards of a run's own are replaced",
        STORE,
        'math.lcm(arm.settings.get("shards", 1), self.shards)',
        "self.shards",
        (f"{OF_TOGETHER}::test_shards_make_another_run_unless_it_has_a_multiple_of_them",),
    ),
    Mutant(
        "claims by workers: each run starts again",
        STORE,
        "begun = (self.path(arm, seed, epochs) / configs.FILE).exists()",
        "begun = False",
        (f"{OF_TOGETHER}::test_workers_resume_a_run_that_one_began",),
    ),
    Mutant(
        "claims by workers: every worker speaks of its runs",
        STORE,
        "if self._listen is not None and self.group.leads:",
        "if self._listen is not None:",
        (f"{OF_TOGETHER}::test_workers_leave_the_bytes_of_one",),
    ),
    Mutant(
        "claims by workers: after a run steps are still expected",
        STORE,
        "self.group.rest()",
        "pass",
        (f"{OF_TOGETHER}::test_a_run_that_may_diverge_does_not_end_the_others",),
    ),
    Mutant(
        "claims by workers: a run's settings stay with rank 0",
        ARM,
        '"settings": dict(self.settings)}',
        '"settings": {}}',
        (f"{OF_TOGETHER}::test_an_arm_reaches_the_other_workers_as_it_is[large-batch]",),
    ),
    _with_mpi(
        "group: a rest is no rest",
        "tinyalex/group/mpi.py",
        "self.watcher.last_step = None",
        "pass",
        "tests/group/test_mpi.py::test_a_worker_that_rests_may_be_silent",
    ),
    _with_mpi(
        "reproduce: workers and jobs at the same time",
        "tinyalex/commands/reproduce.py",
        "if group.size > 1 and (jobs or 1) > 1:",
        "if False:",
        "tests/cli/test_reproduce_workers.py::test_jobs_do_not_go_together_with_workers",
    ),
)
