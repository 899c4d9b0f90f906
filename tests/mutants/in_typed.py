"""Bugs in reading what others wrote, and data that change while they are read."""

from tests.mutants.mutant import Mutant

TYPED = "tinyalex/typed"
SHARDS = "tinyalex/data/packed/shards.py"
RECORDS = "tinyalex/data/packed/records.py"
OF_READING = "tests/typed/test_reading.py"
OF_TENSORS = "tests/typed/test_tensor_file.py"
OF_RUNS = "tests/training/test_edited_runs.py"
OF_GUARDS = "tests/runs/test_guards.py"
OF_ACCESS = "tests/data/prepare/test_access.py"
OF_CHANGES = "tests/weights/test_changing_files.py"
OF_MEMORY = "tests/evaluation/test_many_classes.py"
OF_SHARDS = "tests/data/packed/test_shards.py"

TYPED_MUTANTS = (
    Mutant(
        "reading: depth is not bounded",
        f"{TYPED}/reading.py",
        "        if depth > MOST_DEPTH:",
        "        if False:",
        (f"{OF_READING}::test_broken_json_is_refused",),
    ),
    Mutant(
        "reading: brackets in texts count as depth",
        f"{TYPED}/reading.py",
        "        in_text = not in_text\n",
        "        in_text = False\n",
        (f"{OF_READING}::test_brackets_in_strings_do_not_count_as_depth",),
    ),
    Mutant(
        "reading: a whole number may have any digits",
        f"{TYPED}/reading.py",
        'if len(digits.lstrip("-")) > _MOST_DIGITS:',
        "if False:",
        (f"{OF_READING}::test_broken_json_is_refused",),
    ),
    Mutant(
        "reading: room is made for all that is allowed",
        f"{TYPED}/reading.py",
        "file.read(_PIECE)",
        "file.read(most + 1)",
        (f"{OF_READING}::test_a_small_file_takes_little_memory_whatever_is_allowed",),
    ),
    Mutant(
        "kinds: true is a whole number",
        f"{TYPED}/kinds.py",
        "        good = isinstance(value, int) and not isinstance(value, bool)\n"
        "        if not (good and least",
        "        good = isinstance(value, int)\n        if not (good and least",
        (f"{OF_READING}::test_a_wrong_kind_is_refused_with_the_fields_name",),
    ),
    Mutant(
        "header: a tensor may lie beyond the file's end",
        f"{TYPED}/tensor_file.py",
        "if not begin <= end <= room:",
        "if not begin <= end:",
        (f"{OF_TENSORS}::test_a_wrong_header_is_refused",),
    ),
    Mutant(
        "state: an epoch may have more steps than it has",
        "tinyalex/runs/state.py",
        "if most is not None and value > most:",
        "if False:",
        (f"{OF_RUNS}::test_a_position_that_cannot_be_is_refused_by_its_field",),
    ),
    Mutant(
        "config: a learning rate may be negative",
        "tinyalex/recipes/checks.py",
        "LR = number(above=0)",
        "LR = number()",
        (f"{OF_RUNS}::test_a_position_that_cannot_be_is_refused_by_its_field",),
    ),
    Mutant(
        "packed: what is missing at a file's end is trained on",
        SHARDS,
        "        if got < len(room):",
        "        if False:",
        (f"{OF_SHARDS}::test_a_shard_cut_short_under_a_reader_does_not_end_the_process",),
    ),
    Mutant(
        "packed: a file is closed under its reader",
        SHARDS,
        "for n, shard in self._open.items() if not shard.readers]",
        "for n, shard in self._open.items()]",
        (f"{OF_SHARDS}::test_a_file_is_not_closed_under_its_reader",),
    ),
    Mutant(
        "packed: as many files are open as there are shards",
        SHARDS,
        "return max(_LEAST_OPEN, min(MOST_OPEN, soft // 4))",
        "return MOST_OPEN",
        (f"{OF_SHARDS}::test_a_quarter_of_the_open_files_is_taken_at_most",),
    ),
    Mutant(
        "access: what the system refuses is called damage",
        "tinyalex/data/file_access.py",
        "if isinstance(cause, OSError) and cause.errno in _TRY:",
        "if False:",
        (f"{OF_SHARDS}::test_a_refusal_of_the_system_is_not_called_damage",),
    ),
    Mutant(
        "pictures: a JPEG file may have any number of scans",
        "tinyalex/data/jpeg.py",
        "    if scans > MOST_SCANS:",
        "    if False:",
        ("tests/data/test_scans.py::test_an_image_of_a_folder_is_refused",),
    ),
    Mutant(
        "kernels: a damaged file on the disk stays there",
        "tinyalex/backends/numba/compile.py",
        "                self._cache.flush()",
        "                pass",
        ("tests/backends/test_numba_compile.py::test_a_file_cut_off_is_compiled_again_and_mended",),
    ),
    Mutant(
        "memory: a gigabyte is reserved wherever",
        "tinyalex/backends/numba/memory.py",
        "whole = max(_field_size(), size)",
        "whole = max(_FIELD, size)",
        ("tests/backends/test_recycle.py::test_a_limited_address_space_is_left_to_others",),
    ),
    Mutant(
        "layers: another description of the same layer is refused",
        "tinyalex/runs/guards.py",
        "        if same.get(was) != here:\n",
        "        if was != here:\n",
        (f"{OF_GUARDS}::test_layers_that_compute_the_same_are_no_other_layers",),
    ),
    Mutant(
        "layers: one line that may differ lets all others differ",
        "tinyalex/runs/guards.py",
        "        if same.get(was) != here:\n            break\n    else:\n",
        "        if same.get(was) == here:\n            return\n    else:\n",
        (f"{OF_GUARDS}::test_other_layers_are_refused_beside_those_that_compute_the_same",),
    ),
    Mutant(
        "preparing: a picture is rejected for what the system refuses",
        "tinyalex/data/prepare/shard.py",
        "raise refusal(error, item.file) or DataError(",
        "raise DataError(",
        (f"{OF_ACCESS}::test_preparing_stops_and_the_same_command_resumes",),
    ),
    Mutant(
        "preparing: what the system refuses is noted as a bad picture",
        "tinyalex/data/prepare/shard.py",
        "            except AccessError as error:\n",
        "            except ZeroDivisionError as error:\n",
        (f"{OF_ACCESS}::test_preparing_stops_and_the_same_command_resumes",),
    ),
    Mutant(
        "caffemodel: a file may be cut while it is read",
        "tinyalex/weights/protobuf.py",
        "    if len(data) != size:",
        "    if False:",
        (f"{OF_CHANGES}::test_a_file_that_is_cut_while_it_is_read_is_refused",),
    ),
    Mutant(
        "caffemodel: any size is read",
        "tinyalex/weights/protobuf.py",
        "            if size > most:",
        "            if size > most + 1:",
        (f"{OF_CHANGES}::test_a_file_that_is_too_large_is_not_read",),
    ),
    Mutant(
        "evaluate: the probabilities of a single network are copied",
        "tinyalex/evaluation/ensemble.py",
        "        return each[0]\n",
        "        return each[0].copy()\n",
        (f"{OF_MEMORY}::test_one_networks_vote_takes_no_memory",),
    ),
    Mutant(
        "evaluate: the vote is added up in the first network's own probabilities",
        "tinyalex/evaluation/ensemble.py",
        "= np.add(each[0], each[1])",
        "= each[0]\n    mean += each[1]",
        (f"{OF_MEMORY}::test_the_vote_is_numpys_mean_to_the_last_bit_and_alters_nothing",),
    ),
)
