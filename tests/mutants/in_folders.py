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
        (f"{OF}/prepare/test_label_order.py::test_right_numbers_are_taken",),
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
        "        part = inside[0]\n",
        "        return part\n",
        (f"{OF}/test_splits.py::test_parts_are_known_by_the_names_that_people_give_them",),
    ),
    Mutant(
        "folders: a run's folder is a class",
        f"{DATA}/splits.py",
        "        return _is_of_run(folder / ",
        "        return not _is_of_run(folder / ",
        (f"{OF}/test_splits.py::test_what_tinyalex_made_is_no_class",),
    ),
    Mutant(
        "folders: packed data are a class",
        f"{DATA}/splits.py",
        "return any(map(_RECORDS.fullmatch, names)) and not",
        "return False and not",
        (f"{OF}/test_splits.py::test_what_tinyalex_made_is_no_class",),
    ),
    Mutant(
        "folders: held-out parts alone are classes",
        f"{DATA}/splits.py",
        "    if not known:\n        names =",
        "    if False:\n        names =",
        (f"{OF}/test_splits.py::test_held_out_parts_alone_cannot_be_trained_on",),
    ),
    Mutant(
        "folders: a link is followed for every name that it has",
        f"{DATA}/walk.py",
        "                        followed.add(target)\n",
        "",
        (f"{OF}/test_classtree.py::test_links_are_followed_once",),
    ),
    Mutant(
        "folders: a link upwards makes other classes' pictures one's own",
        f"{DATA}/walk.py",
        "or target in here.parents",
        "or False",
        (f"{OF}/test_classtree.py::test_links_are_followed_once",),
    ),
    Mutant(
        "folders: a linked picture is there twice",
        f"{DATA}/walk.py",
        "if real in linked or",
        "if",
        (f"{OF}/test_classtree.py::test_links_are_followed_once",),
    ),
    Mutant(
        "folders: two Unicode forms of a name are two classes",
        f"{DATA}/splits.py",
        'return unicodedata.normalize("NFC", name)',
        "return unicodedata.lookup('SPACE')[1:] + name",
        (f"{OF}/test_classtree.py::test_two_unicode_forms_are_one_name",),
    ),
    Mutant(
        "folders: what a system leaves is a class",
        f"{DATA}/kinds.py",
        "return name.casefold() in _SYSTEM",
        "return False",
        (f"{OF}/test_classtree.py::test_what_systems_leave_is_no_class_and_no_picture",),
    ),
    Mutant(
        "folders: nothing is said of what was left out",
        f"{DATA}/folder.py",
        "    if text := tree.left_out():",
        "    if text := '':",
        (f"{OF}/test_classtree.py::test_one_line_says_what_was_left_out",),
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
        f"{DATA}/among.py",
        "place.get(key(name), -1) for name in names",
        "i for i, name in enumerate(names)",
        (f"{OTHER}::test_one_class_is_measured_by_its_name",),
    ),
    Mutant(
        "lists: labels go to flat pictures in the folder's order",
        f"{DATA}/flatpart.py",
        "    numbers = [labels[stem(path.name)] for path in listed]",
        "    numbers = list(labels.values())",
        (f"{OF}/test_flatpart.py::test_kaggles_layout_is_read_by_its_list",),
    ),
    Mutant(
        "lists: the kit's ids less 1 pass for the sorted order",
        f"{DATA}/prepare/labels.py",
        "        if labels[name] != label_of[synset]:",
        "        if False:",
        (
            f"{OF}/prepare/test_labels.py"
            "::test_the_kits_ids_less_1_are_not_taken_for_the_sorted_order",
        ),
    ),
    Mutant(
        "archives: a Mac's twins are pictures",
        f"{DATA}/kinds.py",
        "return any(is_hidden(part) or is_of_system(part) for part in parts)",
        "return any(is_of_system(part) for part in parts)",
        (f"{OF}/prepare/test_imagenet.py::test_what_a_mac_adds_to_archives_is_passed_over",),
    ),
    Mutant(
        "preparing: a file beside pictures counts as a bad picture",
        f"{DATA}/prepare/class_folders.py",
        "    source.aside = [",
        "    source.rejected = [",
        (
            f"{OF}/prepare/test_limits.py"
            "::test_files_beside_pictures_are_listed_and_count_as_no_bad_pictures",
        ),
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
