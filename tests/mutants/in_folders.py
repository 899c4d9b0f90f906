"""Bugs in what a folder means: parts, classes, links, names, lists, what is left out."""

from tests.mutants.mutant import Mutant

DATA = "tinyalex/data"
OF = "tests/data"
OTHER = "tests/evaluation/test_other_data.py"

FOLDER_MUTANTS = (
    Mutant(
        "lists: an order that fits the pictures no better is found far better",
        f"{DATA}/prepare/label_order.py",
        "_best_order(choosing)",
        "_best_order(judging)",
        (
            f"{OF}/prepare/test_label_order.py::test_the_half_that_chooses_an_order_does_not_judge_it",
        ),
    ),
    Mutant(
        "lists: any order of the classes will do",
        f"{DATA}/prepare/label_order.py",
        "FAR_BETTER = 2.0",
        "FAR_BETTER = 2000.0",
        (f"{OF}/prepare/test_label_order.py::test_numbers_in_the_kits_order_are_refused",),
    ),
    Mutant(
        "lists: what is a little nearer in another order is refused",
        f"{DATA}/prepare/label_order.py",
        "FAR_BETTER = 2.0",
        "FAR_BETTER = 0.9",
        (f"{OF}/prepare/test_label_order.py::test_labels_in_the_right_order_are_accepted",),
    ),
    Mutant(
        "folders: parts are known in lower case only",
        f"{DATA}/splits.py",
        "spaced.casefold())",
        "spaced)",
        (f"{OF}/test_splits.py::test_case_and_marks_between_words_do_not_matter",),
    ),
    Mutant(
        "folders: the folder in a part of the same name is a class",
        f"{DATA}/splits.py",
        "        split = inside[0]\n",
        "        return split\n",
        (f"{OF}/test_splits.py::test_splits_are_recognized_by_their_usual_names",),
    ),
    Mutant(
        "folders: a run's folder is a class",
        f"{DATA}/splits.py",
        "        return holds_run(folder)",
        "        return not holds_run(folder)",
        (f"{OF}/test_splits.py::test_output_of_tinyalex_is_not_a_class",),
    ),
    Mutant(
        "folders: packed data are a class",
        f"{DATA}/splits.py",
        "return any(map(_RECORDS.fullmatch, names)) and not",
        "return False and not",
        (f"{OF}/test_splits.py::test_output_of_tinyalex_is_not_a_class",),
    ),
    Mutant(
        "folders: held-out parts alone are classes",
        f"{DATA}/splits.py",
        "    if not known:\n        names =",
        "    if False:\n        names =",
        (f"{OF}/test_splits.py::test_held_out_splits_alone_cannot_be_trained_on",),
    ),
    Mutant(
        "folders: a link is followed for every name that it has",
        f"{DATA}/find_images.py",
        "                        followed.add(target)\n",
        "",
        (f"{OF}/test_class_folders.py::test_links_are_followed_once",),
    ),
    Mutant(
        "folders: a link upwards makes other classes' pictures one's own",
        f"{DATA}/find_images.py",
        "or target in here.parents",
        "or False",
        (f"{OF}/test_class_folders.py::test_links_are_followed_once",),
    ),
    Mutant(
        "folders: a linked picture is there twice",
        f"{DATA}/find_images.py",
        "if real in linked or",
        "if",
        (f"{OF}/test_class_folders.py::test_links_are_followed_once",),
    ),
    Mutant(
        "folders: two Unicode forms of a name are two classes",
        f"{DATA}/splits.py",
        'return unicodedata.normalize("NFC", name)',
        "return unicodedata.lookup('SPACE')[1:] + name",
        (f"{OF}/test_class_folders.py::test_two_unicode_forms_are_one_name",),
    ),
    Mutant(
        "folders: what a system leaves is a class",
        f"{DATA}/file_types.py",
        "return name.casefold() in _SYSTEM",
        "return False",
        (
            f"{OF}/test_class_folders.py::test_files_of_operating_systems_are_neither_classes_nor_images",
        ),
    ),
    Mutant(
        "folders: nothing is said of what was left out",
        f"{DATA}/folder.py",
        "    if text := tree.left_out():",
        "    if text := '':",
        (f"{OF}/test_class_folders.py::test_one_line_says_what_was_left_out",),
    ),
    Mutant(
        "folders: a folder called as a built-in set is passed over",
        f"{DATA}/names.py",
        "    path = os.path.join(os.curdir, name)",
        "    path = name",
        (f"{OF}/test_names.py::test_a_folder_comes_before_a_built_in_set",),
    ),
    Mutant(
        "folders: pictures that were trained on are measured",
        f"{DATA}/folder.py",
        "measured is not None and fingerprint not in trained_on",
        "measured is not None",
        (f"{OTHER}::test_the_own_pictures_are_measured_where_they_were_held_out",),
    ),
    Mutant(
        "folders: a fifth of other pictures is measured",
        f"{DATA}/folder.py",
        "    if everything:\n",
        "    if not labels.any():\n",
        (f"{OTHER}::test_all_pictures_of_other_class_folders_are_measured",),
    ),
    Mutant(
        "folders: the one class of a test folder is taken for the network's first",
        f"{DATA}/subset.py",
        "label_of.get(key(name), -1) for name in names",
        "i for i, name in enumerate(names)",
        (f"{OTHER}::test_one_class_is_measured_by_its_name",),
    ),
    Mutant(
        "lists: labels go to flat pictures in the folder's order",
        f"{DATA}/label_lists.py",
        "    numbers = [labels[stem(path.name)] for path in listed]",
        "    numbers = list(labels.values())",
        (f"{OF}/test_label_lists.py::test_kaggles_layout_is_read_by_its_list",),
    ),
    Mutant(
        "lists: the kit's ids less 1 pass for the sorted order",
        f"{DATA}/prepare/labels.py",
        "        if labels[name] != label_of[synset]:",
        "        if False:",
        (f"{OF}/prepare/test_labels.py::test_the_kits_ids_minus_1_are_refused",),
    ),
    Mutant(
        "archives: a Mac's twins are pictures",
        f"{DATA}/file_types.py",
        "return any(is_hidden(part) or is_of_system(part) for part in parts)",
        "return any(is_of_system(part) for part in parts)",
        (f"{OF}/prepare/test_imagenet.py::test_files_that_macos_adds_to_archives_are_ignored",),
    ),
    Mutant(
        "preparing: a file beside pictures counts as a bad picture",
        f"{DATA}/prepare/class_folders.py",
        "    source.aside = [",
        "    source.rejected = [",
        (f"{OF}/prepare/test_limits.py::test_other_files_are_listed_but_are_no_bad_images",),
    ),
    Mutant(
        "shards: a key ends at its first dot",
        f"{DATA}/prepare/webdataset.py",
        "    if plain or len(images) < 2:",
        "    if True:",
        (f"{OF}/prepare/test_other_sources.py::test_keys_and_fields_may_have_dots",),
    ),
    Mutant(
        "cifar: the coarse label of CIFAR-100 is taken",
        f"{DATA}/cifar.py",
        "records[:, version.label_bytes - 1]",
        "records[:, 0]",
        (f"{OF}/test_cifar.py::test_cifar100_has_its_fine_classes",),
    ),
)
