"""Bugs in what keeps runs apart: locks, leftovers, stale summaries, checksums, signals."""

from tests.mutants.mutant import Mutant

LOCK = "tests/test_lock.py"
FOLDERS = "tests/training/test_run_folders.py"
CHECKSUM = "tests/runs/test_checksum.py"
RUNS = "tinyalex/training/runs.py"
SETTINGS = "tinyalex/settings.py"
OF_SETTINGS = "tests/test_settings.py"

FILES, OF_FILES = "tinyalex/files.py", "tests/test_files.py"
BEFORE_RENAME = f"{OF_FILES}::test_all_bytes_are_on_the_disk_before_the_rename_and_then_the_rename"

RUN_FOLDER_MUTANTS = (
    Mutant(
        "files: a file is renamed before it is on the disk",
        FILES,
        "            os.fsync(file.fileno())\n",
        "",
        (BEFORE_RENAME,),
    ),
    Mutant(
        "files: a part of a file waits in memory when it is brought to the disk",
        FILES,
        "            file.flush()\n",
        "",
        (BEFORE_RENAME,),
    ),
    Mutant(
        "files: a power cut undoes the rename",
        FILES,
        "        _sync_folder(path.parent)\n",
        "",
        (BEFORE_RENAME,),
    ),
    Mutant(
        "metrics: a checkpoint counts lines that are not on the disk",
        "tinyalex/runs/metrics.py",
        "            os.fsync(self._file.fileno())\n",
        "",
        (f"{OF_FILES}::test_the_lines_before_a_checkpoint_are_on_the_disk",),
    ),
    Mutant(
        "settings: an older run's JPEG is decoded by today's decoder",
        SETTINGS,
        'older="pillow"',
        'older="turbo"',
        (f"{OF_SETTINGS}::test_a_run_of_an_older_version_has_what_it_was_trained_with",),
    ),
    Mutant(
        "settings: any of them may change on resume",
        SETTINGS,
        "for name, about in ABOUT.items() if about.on_resume]",
        "for name, about in ABOUT.items()]",
        (f"{OF_SETTINGS}::test_a_setting_is_the_runs_own_or_may_change_on_resume",),
    ),
    Mutant(
        "settings: only files have bounds",
        SETTINGS,
        "                if about.must:",
        "                if False:",
        (f"{OF_SETTINGS}::test_a_value_below_its_bound_is_refused_with_one_that_works",),
    ),
    Mutant(
        "lock: a file that was removed meanwhile is taken for the lock",
        "tinyalex/lock.py",
        "if os.path.samestat(os.fstat(file.fileno()), path.stat()):",
        "if True:",
        (f"{LOCK}::test_a_lock_file_that_was_removed_after_it_was_opened_locks_nobody_out",),
    ),
    Mutant(
        "lock: several processes may have it",
        "tinyalex/lock.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        (f"{FOLDERS}::test_a_second_training_or_resume_in_a_folder_is_refused",),
    ),
    Mutant(
        "lock: a folder made for nothing stays",
        "tinyalex/lock.py",
        "                path.rmdir()\n",
        "                pass\n",
        (f"{FOLDERS}::test_data_that_are_refused_leave_no_folder",),
    ),
    Mutant(
        "leftovers: what a live process is writing is removed",
        "tinyalex/files.py",
        "if name in names or not is_running(int(process)):",
        "if True:",
        (f"{FOLDERS}::test_what_killed_processes_left_half_written_is_removed_on_resume",),
    ),
    Mutant(
        "resume: more epochs are forgotten when the run is stopped",
        RUNS,
        "if leads:\n                write_json(out / configs.FILE",
        "if leads and checkpoint is None:\n                write_json(out / configs.FILE",
        (f"{FOLDERS}::test_more_epochs_are_kept_when_the_run_is_stopped_and_resumed_plainly",),
    ),
    Mutant(
        "resume: fewer epochs are no error",
        RUNS,
        "    if done + begun > epochs:\n",
        "    if done < 0:\n",
        (f"{FOLDERS}::test_fewer_epochs_than_a_finished_run_has_are_refused",),
    ),
    Mutant(
        "summary: that of an older checkpoint is shown",
        "tinyalex/runs/summary.py",
        "        return bool(summary[CHECKPOINT] == checksum)\n",
        "        return True\n",
        (f"{FOLDERS}::test_the_summary_of_an_older_checkpoint_is_not_shown",),
    ),
    Mutant(
        "checkpoint: its checksum is not looked at",
        "tinyalex/runs/tensors.py",
        "    return hashed.hexdigest() == digest\n",
        "    return True\n",
        (f"{CHECKSUM}::test_one_flipped_bit_anywhere_is_refused",),
    ),
    Mutant(
        "checkpoint: names come in any order",
        "tinyalex/runs/checkpoint.py",
        "allow_nan=True, sort_keys=True",
        "allow_nan=True",
        (f"{CHECKSUM}::test_the_order_of_names_is_not_in_the_bytes",),
    ),
    Mutant(
        "signals: a closed terminal stops what nohup protects",
        "tinyalex/training/stop.py",
        "signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN",
        "True",
        (f"{FOLDERS}::test_where_hanging_up_is_ignored_the_run_goes_on",),
    ),
    Mutant(
        "export: the mean beside the weights may be another one's",
        "tinyalex/weights/read.py",
        "if about.get(MEAN_SHA256) not in (None, digest):",
        "if False:",
        ("tests/weights/test_export.py::test_weights_and_mean_of_different_exports_are_refused",),
    ),
)
