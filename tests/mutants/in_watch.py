"""Bugs in the page that follows a training, in the filters' film, and in charts."""

from tests.mutants.mutant import Mutant

SERVER = "tinyalex/report/watch/server.py"
STATE = "tinyalex/report/watch/state.py"
LINES = "tinyalex/report/watch/lines.py"
FILM = "tinyalex/runs/film.py"
CHART = "tinyalex/report/chart.py"
TENSORBOARD = "tinyalex/report/tensorboard.py"

OF_SERVER = "tests/report/watch/test_server.py"
OF_STATE = "tests/report/watch/test_state.py"
OF_FILM = "tests/runs/test_film.py"
OF_CHART = "tests/report/test_chart.py"
OF_PAGE = "tests/report/page/test_page.py"
OF_TENSORBOARD = "tests/report/test_tensorboard.py"

WATCH_MUTANTS = (
    Mutant(
        "live page: everybody in the network sees the training",
        SERVER,
        'HOST = "127.0.0.1"',
        'HOST = ""',
        (f"{OF_SERVER}::test_it_listens_on_this_machine_alone",),
    ),
    Mutant(
        "live page: a host that begins like this machine is let in",
        SERVER,
        "_OURS.fullmatch(",
        "_OURS.match(",
        (f"{OF_SERVER}::test_another_host_is_refused",),
    ),
    Mutant(
        "live page: the epoch after the last has a batch",
        STATE,
        "if not 1 <= epoch <= found.epochs:",
        "if not 1 <= epoch <= found.epochs + 1:",
        (f"{OF_SERVER}::test_nothing_else_is_served",),
    ),
    Mutant(
        "live page: a run that is resumed keeps the lines that were cut off",
        LINES,
        "if size < self._end or file.read(len(self._last)) != self._last:",
        "if size < self._end:",
        (f"{OF_STATE}::test_lines_are_those_of_the_file_however_it_grows",),
    ),
    Mutant(
        "live page: a line is read before it is complete",
        LINES,
        'if not line.endswith(b"\\n"):',
        "if not line:",
        (f"{OF_STATE}::test_lines_are_those_of_the_file_however_it_grows",),
    ),
    Mutant(
        "live page: the time left includes the time that compiling took",
        STATE,
        'begin = earlier[0] if earlier else {"epoch": 1',
        'begin = {"epoch": 1',
        (f"{OF_STATE}::test_the_time_left_follows_the_pace_of_the_last_epochs",),
    ),
    Mutant(
        "live page: a training that was killed trains for ever",
        STATE,
        "lives = is_running(process) or",
        "lives = process > 0 or",
        (f"{OF_STATE}::test_a_training_that_was_killed_has_stopped",),
    ),
    Mutant(
        "film: a resumed run has an epoch twice",
        FILM,
        "if e < epoch and e % step == 0",
        "if e % step == 0",
        (f"{OF_FILM}::test_a_run_that_begins_again_has_no_older_frames",),
    ),
    Mutant(
        "film: grows without end",
        FILM,
        "step = 1 << max(0, (epoch // MOST).bit_length())",
        "step = 1",
        (f"{OF_FILM}::test_a_film_has_the_first_the_last_and_evenly_spaced_epochs",),
    ),
    Mutant(
        "chart: the first point lies on the edge, cut in half",
        CHART,
        "LEFT + PAD, WIDTH - RIGHT - PAD",
        "LEFT, WIDTH - RIGHT",
        (f"{OF_CHART}::test_the_first_point_of_a_loss_is_in_the_picture",),
    ),
    Mutant(
        "report: precision and recall are swapped",
        "tinyalex/report/page/sections.py",
        "_share(right[c], guessed[c]), _share(right[c], images[c])",
        "_share(right[c], images[c]), _share(right[c], guessed[c])",
        (f"{OF_PAGE}::test_classes_have_their_precision_and_recall",),
    ),
    Mutant(
        "report: the batch is that of another epoch",
        "tinyalex/report/augmented.py",
        "closing(loader.epoch(epoch))",
        "closing(loader.epoch(0))",
        (f"{OF_PAGE}::test_the_batch_is_what_the_training_saw",),
    ),
    Mutant(
        "tensorboard: a run resumed within a second overwrites its events",
        TENSORBOARD,
        'filename_suffix=f".{begun}"',
        'filename_suffix=""',
        (f"{OF_TENSORBOARD}::test_a_resumed_run_supersedes_what_came_after_its_checkpoint",),
        needs=("tensorboardX",),
    ),
    Mutant(
        "tensorboard: the initial filters are lost by a stop in the first epoch",
        TENSORBOARD,
        'info["epoch"] or -1',
        'info["epoch"] if begun else -1',
        (f"{OF_TENSORBOARD}::test_a_resumed_run_supersedes_what_came_after_its_checkpoint",),
        needs=("tensorboardX",),
    ),
)
