"""Bugs in preparing: labels, rejections, resuming, damaged archives."""

from tests.mutants.mutant import Mutant

PREPARE = "tinyalex/data/prepare"
OF = "tests/data/prepare"

PREPARE_MUTANTS = (
    Mutant(
        "labels: the kit's ids are taken for the synsets' order",
        f"{PREPARE}/labels.py",
        "{leaves[synset][0]: label for label",
        "{label + 1: label for label",
        (f"{OF}/test_labels.py::test_the_official_list_is_mapped_by_the_kits_ids",),
    ),
    Mutant(
        "labels: an index that counts from 1 passes",
        f"{PREPARE}/labels.py",
        "if len(label_of) in indices:",
        "if False:",
        (f"{OF}/test_labels.py::test_a_list_that_counts_from_1_is_refused",),
    ),
    Mutant(
        "preparing: Ctrl-C breaks into the pool's own code",
        "tinyalex/processes.py",
        "    if before is not signal.default_int_handler or in_thread:\n",
        "    if before is not None:\n",
        (f"{OF}/test_run.py::test_ctrl_c_does_not_interrupt_the_pools_code",),
    ),
    Mutant(
        "preparing: Ctrl-C is forgotten",
        "tinyalex/processes.py",
        "            raise KeyboardInterrupt\n",
        "            pass\n",
        (f"{OF}/test_run.py::test_ctrl_c_does_not_interrupt_the_pools_code",),
    ),
    Mutant(
        "rejections: a bad picture is dropped without a word",
        f"{PREPARE}/shard.py",
        "writer.reject(task.layout.classes[item.label], item.name, error.message)",
        "pass",
        (f"{OF}/test_limits.py::test_unusable_images_are_listed_with_the_reason",),
    ),
    Mutant(
        "archives: a hole passes for the end",
        f"{PREPARE}/tar.py",
        "        if any(chunk):",
        "        if False:",
        (f"{OF}/test_tar.py::test_a_hole_is_not_read_as_the_archives_end",),
    ),
    Mutant(
        "archives: a member may promise more than there is",
        f"{PREPARE}/tar.py",
        "offset + size > end",
        "False",
        (f"{OF}/test_tar.py::test_a_size_beyond_eight_octal_digits_is_read",),
    ),
    Mutant(
        "order: every run deals the pictures anew",
        f"{PREPARE}/run.py",
        "np.random.default_rng(seed)",
        "np.random.default_rng()",
        (f"{OF}/test_run.py::test_an_interrupted_run_resumes_to_the_same_bytes",),
    ),
    Mutant(
        "options: a run goes on with other ones",
        f"{PREPARE}/destination.py",
        "if before.get(key) != now.get(key)]",
        "if False]",
        (f"{OF}/test_run.py::test_other_options_are_refused_by_name_begun_or_finished",),
    ),
    Mutant(
        "disk: begun although there is no room",
        f"{PREPARE}/destination.py",
        "if needed > free:",
        "if needed < 0:",
        (f"{OF}/test_limits.py::test_a_disk_that_is_too_small_is_refused_before_the_work",),
    ),
    Mutant(
        "pictures: a turned JPEG is kept as it lies",
        f"{PREPARE}/convert.py",
        "return transpose_of(image) is None",
        "return True",
        (f"{OF}/test_convert.py::test_other_kept_images_are_encoded_again",),
    ),
    Mutant(
        "pictures: one that was filled in passes for whole",
        "tinyalex/data/jpeg.py",
        "return not np.array_equal(np.asarray(again), np.asarray(image))",
        "return False",
        (f"{OF}/test_cut_jpeg.py::test_an_image_whose_data_end_early_is_rejected",),
    ),
    Mutant(
        "processes: workers outlive a parent that was killed",
        "tinyalex/processes.py",
        "    os._exit(1)  # the parent has ended: nobody needs the result\n",
        "",
        (
            "tests/test_processes.py"
            "::test_workers_end_in_the_middle_of_a_task_when_their_parent_is_killed",
        ),
    ),
)
