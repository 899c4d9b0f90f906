"""Bugs in what finds, reads and lists the files of a student or a class."""

from tests.mutants.mutant import Mutant

GRADER = "tinyalex/learn/grader/"
COMMANDS = "tinyalex/commands/"
OF_CLASS = "tests/learn/test_class.py"
OF_NAMES = "tests/learn/test_filenames.py"
OF_FILES = "tests/learn/test_hand_ins.py"
OF_SOURCE = "tests/learn/test_source.py"
OF_NOTEBOOKS = "tests/learn/test_notebook_code.py"
OF_WHEEL = "tests/learn/test_student_wheel.py"
OF_COMMAND = "tests/cli/test_exercise_files.py"
EVERY_FILE = f"{OF_CLASS}::test_every_file_is_judged_or_listed"
A_STUDENT = f"{OF_CLASS}::test_a_students_work_has_the_right_verdict_and_note"

CLASSROOM_MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "class: of two files for one exercise, one is silent",
        GRADER + "hand_ins.py",
        "    for i, file in enumerate(files):\n",
        "    for i, file in enumerate(files[:1]):\n",
        (f"{OF_FILES}::test_the_nearest_file_counts_and_all_are_judged",),
    ),
    Mutant(
        "class: the nearest name counts, wherever it is",
        GRADER + "hand_ins.py",
        'return -again, file.shown.count("/"), match.extra, backwards',
        "return -again, 0, match.extra, backwards",
        (f"{OF_FILES}::test_the_nearest_file_counts_and_all_are_judged",),
    ),
    Mutant(
        "class: the first hand-in counts, not the last",
        GRADER + "hand_ins.py",
        "return -again, file",
        "return again, file",
        (f"{OF_CLASS}::test_of_two_hand_ins_to_canvas_the_later_counts",),
    ),
    Mutant(
        "class: a file of another name is not listed",
        GRADER + "hand_ins.py",
        "        if found is None:\n            unread.append(",
        "        if found is None:\n            unread and unread.append(",
        (EVERY_FILE,),
    ),
    Mutant(
        "class: what is not asked for is not listed",
        GRADER + "hand_ins.py",
        'unread.append(Unread(student, file.shown, f"{name} is not judged now", name))',
        "pass",
        (f"{OF_FILES}::test_what_is_not_asked_for_is_listed",),
    ),
    Mutant(
        "class: a flat folder of several students is taken for one student's",
        GRADER + "hand_ins.py",
        "        if len(names) > 1:\n",
        "        if len(names) > 9:\n",
        (
            "tests/cli/test_exercise.py::"
            "test_several_students_in_one_folder_are_all_judged_and_class_is_named",
        ),
    ),
    Mutant(
        "class: files of nobody are not listed",
        GRADER + "class_folder.py",
        "unread=total.unread + tuple(_nobodys(loose))",
        "unread=total.unread",
        (EVERY_FILE,),
    ),
    Mutant(
        "class: a student with an empty folder is not listed",
        GRADER + "class_folder.py",
        "in sorted(students, key",
        "in sorted(filter(students.get, students), key",
        (f"{OF_CLASS}::test_there_are_31_students_in_every_form",),
    ),
    Mutant(
        "class: namesakes are one student",
        GRADER + "class_folder.py",
        "if number and len(numbers[name]",
        "if not number and len(numbers[name]",
        (f"{OF_FILES}::test_namesakes_are_told_apart_and_a_students_parts_are_joined",),
    ),
    Mutant(
        "class: a folder with the class in it is a student",
        GRADER + "class_folder.py",
        "    if len(names) < 2:\n",
        "    if len(names) < 9:\n",
        (f"{OF_FILES}::test_a_single_folder_with_the_class_in_it_is_entered",),
    ),
    Mutant(
        "class: a student's folders of weeks are students",
        GRADER + "class_folder.py",
        "if who is None or not filenames.is_a_name(who[0]):",
        "if who is None:",
        (f"{OF_FILES}::test_a_class_of_one_is_a_class",),
    ),
    Mutant(
        "names of files: the prefix of Canvas is part of the name",
        GRADER + "filenames.py",
        "for form in (_MOODLE, _BLACKBOARD, _CANVAS, _BRIGHTSPACE)",
        "for form in (_MOODLE, _BLACKBOARD, _BRIGHTSPACE)",
        (f"{OF_NAMES}::test_names_that_course_systems_make",),
    ),
    Mutant(
        "names of files: capitals make another name",
        GRADER + "filenames.py",
        "    texts = [word[0].casefold() for word in words]\n    is_code",
        "    texts = [word[0] for word in words]\n    is_code",
        (f"{OF_NAMES}::test_a_name_says_which_exercise_it_is",),
    ),
    Mutant(
        "names of files: final is a student",
        GRADER + "filenames.py",
        "return text in NO_NAME or",
        "return",
        (f"{OF_NAMES}::test_the_words_around_an_exercise_are_the_students_name",),
    ),
    Mutant(
        "files: a link in a folder is followed",
        GRADER + "inventory.py",
        "        if is_link(path) or not path.is_dir():\n            yield from",
        "        if not path.is_dir():\n            yield from",
        (f"{OF_FILES}::test_links_are_listed_and_never_followed",),
    ),
    Mutant(
        "files: a link to a file is read",
        GRADER + "inventory.py",
        "    if is_link(path):\n        return [File(shown, path, why=A_LINK)]\n",
        "",
        (f"{OF_FILES}::test_links_are_listed_and_never_followed",),
    ),
    Mutant(
        "files: what becomes a link before it is read is followed",
        GRADER + "source.py",
        'getattr(os, "O_NOFOLLOW", 0)',
        "0",
        (f"{OF_SOURCE}::test_a_link_is_not_followed",),
    ),
    Mutant(
        "files: too deep a folder is silent",
        GRADER + "inventory.py",
        "        elif depth == MAX_DEPTH:\n            yield File(",
        "        elif depth == MAX_DEPTH:\n            File(",
        (f"{OF_FILES}::test_deep_folders_and_many_files_are_limited_and_told",),
    ),
    Mutant(
        "files: a folder that cannot be read ends the class",
        GRADER + "inventory.py",
        "        paths = sorted(folder.iterdir())\n    except OSError as error:\n",
        "        paths = sorted(folder.iterdir())\n    except FileNotFoundError as error:\n",
        (f"{OF_FILES}::test_a_folder_that_cannot_be_read_does_not_stop_the_others",),
    ),
    Mutant(
        "archives: a link in one is an answer",
        GRADER + "inventory.py",
        "if stat.S_ISLNK(info.external_attr >> 16):",
        "if stat.S_ISLNK(info.external_attr):",
        (A_STUDENT,),
    ),
    Mutant(
        "archives: paths may lead out",
        GRADER + "inventory.py",
        'if ".." in parts or',
        'if "..." in parts or',
        (f"{OF_FILES}::test_paths_that_leave_an_archive_are_not_read",),
    ),
    Mutant(
        "archives: an encrypted answer is judged",
        GRADER + "inventory.py",
        "if info.flag_bits & 0x1:",
        "if info.flag_bits & 0x10000:",
        (A_STUDENT,),
    ),
    Mutant(
        "archives: a bomb is unpacked",
        GRADER + "inventory.py",
        "while len(content) < most and (piece",
        "while (piece",
        (f"{OF_FILES}::test_a_bomb_is_not_unpacked",),
    ),
    Mutant(
        "archives: a large one is opened",
        GRADER + "inventory.py",
        "> MAX_ZIP:",
        "> MAX_ZIP << 40:",
        (f"{OF_FILES}::test_large_archives_are_refused_before_they_are_read",),
    ),
    Mutant(
        "archives: its table of contents may have any size",
        GRADER + "inventory.py",
        "        if len(content) > MAX_READ:\n",
        "        if len(content) < 0:\n",
        (f"{OF_FILES}::test_large_archives_are_refused_before_they_are_read",),
    ),
    Mutant(
        "source: any bytes are text",
        GRADER + "source.py",
        "text = content.decode(encoding)",
        'text = content.decode(encoding, "replace")',
        (f"{OF_SOURCE}::test_what_python_refuses_is_a_syntax_error",),
    ),
    Mutant(
        "source: a coding line is read twice",
        GRADER + "source.py",
        'if not encoding.startswith("utf-8"):',
        "if not encoding:",
        (f"{OF_SOURCE}::test_what_python_reads_is_read_as_the_same_text",),
    ),
    Mutant(
        "source: a pipe is waited for or read",
        GRADER + "source.py",
        "    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):\n",
        "    if stat.S_ISLNK(os.fstat(file.fileno()).st_mode):\n",
        (f"{OF_SOURCE}::test_a_pipe_is_not_waited_for",),
    ),
    Mutant(
        "notebooks: magics stay",
        GRADER + "notebook_code.py",
        '        lines[wrong - 1] = f"{indent}pass  # {line.strip()}"\n',
        "        break\n",
        (f"{OF_NOTEBOOKS}::test_magics_are_left_out_and_lines_keep_their_place",),
    ),
    Mutant(
        "notebooks: a cell of shell commands is Python",
        GRADER + "notebook_code.py",
        "        if not _RUNS.match(",
        "        if _RUNS is None and _RUNS.match(",
        (f"{OF_NOTEBOOKS}::test_magics_are_left_out_and_lines_keep_their_place",),
    ),
    Mutant(
        "notebooks: cells are counted from 0",
        GRADER + "notebook_code.py",
        "in enumerate(cells, 1):",
        "in enumerate(cells):",
        (f"{OF_NOTEBOOKS}::test_an_error_is_told_with_its_cell_and_line",),
    ),
    Mutant(
        "notebooks: text cells are code",
        GRADER + "notebook_code.py",
        'if _get(cell, "cell_type") == "code"]',
        'if _get(cell, "cell_type")]',
        (f"{OF_NOTEBOOKS}::test_the_code_cells_are_joined_in_order",),
    ),
    Mutant(
        "results: a file that does not count has points",
        GRADER + "results.py",
        "most = points if result.counts else 0.0",
        "most = points",
        ("tests/cli/test_exercise.py::test_of_two_files_the_exact_name_counts_and_all_are_judged",),
    ),
    Mutant(
        "results: the summary counts those who passed",
        GRADER + "results.py",
        "if result.counts and not result.verdict.passed",
        "if result.counts",
        (f"{OF_CLASS}::test_the_summary_counts_who_stops_where",),
    ),
    Mutant(
        "results: names of files are formulas in the table of the class",
        GRADER + "results.py",
        'others = csv_cell("; ".join(map(str, files.get(student, ()))))',
        'others = "; ".join(map(str, files.get(student, ())))',
        ("tests/cli/test_exercise_names.py::test_archives_and_odd_names_are_in_the_table",),
    ),
    Mutant(
        "exercise check: no results if nothing could be judged",
        COMMANDS + "exercise_check.py",
        "        report.write([], problem=error.message)\n",
        "",
        (f"{OF_COMMAND}::test_results_are_written_also_if_nothing_could_be_judged",),
    ),
    Mutant(
        "exercise check: a link to a folder is followed",
        COMMANDS + "exercise_check.py",
        "if is_link(path) and not follow:",
        "if is_link(path) and follow:",
        (f"{OF_COMMAND}::test_a_link_is_refused",),
    ),
    Mutant(
        "student wheel: the solutions are in it",
        "tinyalex/learn/student_wheel.py",
        "if path.is_dir() and path != solutions_folder():",
        "if path.is_dir():",
        (f"{OF_WHEEL}::test_it_has_the_package_and_the_lessons_but_no_solution",),
    ),
    Mutant(
        "student wheel: its bytes depend on the time",
        "tinyalex/learn/student_wheel.py",
        "zipfile.ZipInfo(name, _DATE)",
        "zipfile.ZipInfo(name, __import__('time').localtime()[:6])",
        (f"{OF_WHEEL}::test_its_record_is_right",),
    ),
    Mutant(
        "hints: install from an index",
        "tinyalex/extras.py",
        "return f'pip install -e \"{root}{wanted}\"'",
        "return f'pip install \"tinyalex{wanted}\"'",
        ("tests/test_extras.py::test_a_clone_is_installed_from_its_folder",),
    ),
)
