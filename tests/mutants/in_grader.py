"""Bugs in the exercises' grader."""

from tests.mutants.mutant import Mutant

GRADER = "tinyalex/learn/grader/"
HERE = "tests/learn/test_grader.py"
JUDGING = "tests/learn/test_judging.py"
APART = "tests/learn/test_grader_process.py"
VALUES = "tests/learn/test_grader_values.py"
ATTACKS = "tests/learn/test_attacks.py"
BANK = "tests/learn/test_bank.py"
COMMAND = "tests/cli/test_exercise.py"
MISTAKES = f"{HERE}::test_every_kind_of_mistake_is_named"
NO_MARK = f"{ATTACKS}::test_an_attack_gets_no_mark_and_changes_nothing"
SMALLEST = f"{HERE}::test_grading_stops_at_the_first_failing_property_with_the_smallest_input"
SEPARATED = f"{BANK}::test_a_wrong_answer_gets_its_verdict_and_an_input_that_shows_why"

GRADER_MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "grader: a property that tried no input holds",
        GRADER + "examine.py",
        "        if not judged:\n",
        "        if judged < 0:\n",
        (f"{HERE}::test_a_property_without_inputs_does_not_pass",),
    ),
    Mutant(
        "grader: the seed is not used",
        GRADER + "examine.py",
        "hypothesis.seed(self.seed)",
        "hypothesis.seed(0)",
        (f"{HERE}::test_another_seed_draws_other_inputs",),
    ),
    Mutant(
        "grader: inputs are not made smaller",
        GRADER + "examine.py",
        "phases=phases if shrink else phases[:1],",
        "phases=phases[:1],",
        (SMALLEST,),
    ),
    Mutant(
        "grader: the smallest input is looked for although the first will do",
        GRADER + "examine.py",
        "phases=phases if shrink else phases[:1],",
        "phases=phases,",
        (f"{HERE}::test_without_shrinking_the_first_failing_input_is_shown",),
    ),
    Mutant(
        "grader: goes on after the first broken property",
        GRADER + "examine.py",
        "if error := self._judge(prop, answer):\n",
        "if (error := self._judge(prop, answer)) and not prop:\n",
        (SMALLEST,),
    ),
    Mutant(
        "grader: nothing is called again",
        GRADER + "examine.py",
        "            answer.repeat()\n        except Flaky:",
        "        except Flaky:",
        (MISTAKES,),
    ),
    Mutant(
        "grader: a wrong answer that remembers is not told as one",
        GRADER + "examine.py",
        "if not slow and (state := _repeat(answer)):",
        "if slow and (state := _repeat(answer)):",
        (f"{HERE}::test_a_wrong_answer_that_counts_its_calls_is_reported_as_not_repeatable",),
    ),
    Mutant(
        "grader: what was drawn is printed, not the call that failed",
        GRADER + "examine.py",
        "self.function, self.failing = answer.function, answer.last",
        "self.function, self.failing = answer.function, arguments",
        (SMALLEST,),
    ),
    Mutant(
        "grader: an end of the process is made smaller like a wrong number",
        GRADER + "answer.py",
        "            if self._process.over:\n",
        "            if self._process.over and error.outcome is Outcome.GRADER:\n",
        (f"{JUDGING}::test_an_endless_loop_is_shown_with_the_input_that_began_it",),
    ),
    Mutant(
        "grader: a large input is not judged",
        GRADER + "examine.py",
        "if prop.large is not None:",
        "if prop.large is None:",
        (f"{JUDGING}::test_an_answer_that_is_right_for_small_sizes_only_does_not_pass",),
    ),
    Mutant(
        "grader: changed arguments are not seen",
        GRADER + "inside/student.py",
        "            if old != new:\n",
        "            if len(old) < 0:\n",
        (MISTAKES,),
    ),
    Mutant(
        "grader: a list does for an array",
        GRADER + "values.py",
        "(_is_array_kind(kind) and not is_array)",
        "(_is_array_kind(kind) and result is None)",
        (MISTAKES,),
    ),
    Mutant(
        "grader: any dtype does",
        GRADER + "spec.py",
        "    if got.dtype != wanted:\n",
        "    if got.dtype.kind not in 'fiub':\n",
        (f"{SEPARATED}[13_crop_mirror__float]",),
    ),
    Mutant(
        "grader: the order of arguments is not looked at",
        GRADER + "inside/student.py",
        "fits = star or tuple(names[: len(arguments)]) == arguments",
        "fits = True",
        (MISTAKES,),
    ),
    Mutant(
        "grader: what was refused may be swallowed",
        GRADER + "inside/student.py",
        "        if student.watch.refused:\n",
        "        if not student.watch:\n",
        (f"{HERE}::test_a_solution_cannot_be_read",),
    ),
    Mutant(
        "grader: imports inside functions are not seen",
        GRADER + "reading.py",
        "    for node in ast.walk(tree):\n        refused",
        "    for node in tree.body:\n        refused",
        (MISTAKES,),
    ),
    Mutant(
        "grader: any module may be imported",
        GRADER + "inside/watch.py",
        "if top in allowed or (",
        "if top != 'tinyalex' or (",
        (MISTAKES,),
    ),
    Mutant(
        "grader: the process may report that it passed",
        GRADER + "student_process.py",
        "        if outcome not in REPORTED:\n",
        "        if outcome is None:\n",
        (f"{ATTACKS}::test_only_the_grader_says_that_an_answer_passed",),
    ),
    Mutant(
        "grader: an end without a reply is a pass",
        GRADER + "student_process.py",
        "            return AnswerError(Outcome.ENDED, what)\n        name =",
        "            return AnswerError(Outcome.PASSED, what)\n        name =",
        (f"{APART}::test_ending_the_process_is_not_passing",),
    ),
    Mutant(
        "grader: memory has no limit",
        GRADER + "inside/confine.py",
        "    if more:\n",
        "    if more < 0:\n",
        (f"{APART}::test_memory_has_a_limit",),
    ),
    Mutant(
        "grader: nobody looks at memory from outside",
        GRADER + "student_process.py",
        "            if now > self._memory:\n",
        "            if now < 0:\n",
        (f"{APART}::test_without_a_system_limit_memory_is_polled",),
    ),
    Mutant(
        "grader: many slow calls are called an endless loop",
        GRADER + "student_process.py",
        "last > self.seconds / 2",
        "last > 0",
        (f"{APART}::test_many_slow_calls_are_not_called_an_endless_loop",),
    ),
    Mutant(
        "grader: the student's process sees our environment",
        GRADER + "hosts.py",
        "for name, value in os.environ.items() if name.upper() in KEPT}",
        "for name, value in os.environ.items()}",
        (f"{APART}::test_an_answer_runs_in_an_empty_folder_without_our_environment",),
    ),
    Mutant(
        "grader: files are not protected",
        GRADER + "inside/confine.py",
        "    done = libc.syscall(RESTRICT_SELF, rules, 0) == 0\n",
        "    done = True\n",
        (NO_MARK,),
    ),
    Mutant(
        "grader: solutions may be read",
        GRADER + "hosts.py",
        "    return [str(path) for path in (*paths, *system, *devices)]\n",
        "    return [str(p) for p in (*paths, *system, *devices, Path(__file__).parents[2])]\n",
        (f"{ATTACKS}::test_no_open_folder_leads_to_the_package",),
    ),
    Mutant(
        "grader: programs may be started",
        GRADER + "inside/confine.py",
        "    calls = _limit_calls(libc)\n",
        "    calls = True\n",
        (f"{ATTACKS}::test_what_the_kernel_refuses",),
    ),
    Mutant(
        "grader: a new process for each property is not a new one",
        GRADER + "answer.py",
        "        if self._process is not None and not fresh:\n",
        "        if self._process is not None:\n",
        (f"{JUDGING}::test_each_property_is_judged_in_a_new_process",),
    ),
    Mutant(
        "grader: processes that were left are not ended",
        GRADER + "inside/host.py",
        "while os.waitpid(-1, os.WNOHANG) != (0, 0) or _kill_children():",
        "while os.waitpid(-1, os.WNOHANG)[0]:",
        (f"{ATTACKS}::test_the_host_ends_what_a_process_has_left",),
    ),
    Mutant(
        "grader: a process does not end with the grader",
        GRADER + "inside/host.py",
        "            if not order:  # the grader has ended\n                os._exit(0)\n",
        "            if not order:\n                time.sleep(60)\n                os._exit(0)\n",
        (f"{APART}::test_the_host_ends_with_the_grader",),
    ),
    Mutant(
        "grader: bytes that are no message are believed",
        GRADER + "inside/wire.py",
        "    if rest != len(data):\n",
        "    if rest < 0:\n",
        ("tests/learn/test_wire.py::test_damaged_messages_are_refused",),
    ),
    Mutant(
        "grader: indices of compiled code are not checked",
        GRADER + "answer.py",
        "                bounds=bounds,\n",
        "                bounds=False,\n",
        (f"{JUDGING}::test_reading_outside_an_array_in_compiled_code_is_an_exception",),
    ),
    Mutant(
        "grader: an error in making an input is the student's",
        GRADER + "examine.py",
        "            if not judging:\n",
        "            if judging:\n",
        (f"{JUDGING}::test_an_input_that_cannot_be_made_is_the_graders_fault",),
    ),
    Mutant(
        "grader: a dataclass does not find its module",
        GRADER + "inside/student.py",
        "sys.modules[MODULE] = self.module",
        "pass",
        (f"{VALUES}::test_classes_that_look_up_their_module_work",),
    ),
    Mutant(
        "grader: a student's annotations are text, as in the grader's own file",
        GRADER + "inside/student.py",
        '"exec", dont_inherit=True)',
        '"exec")',
        (f"{VALUES}::test_annotations_are_not_text",),
    ),
    Mutant(
        "grader: bytes that mean nothing travel",
        GRADER + "inside/wire.py",
        "        array = _narrow(value)\n",
        "        array = value\n",
        (f"{VALUES}::test_a_wider_type_with_right_values_passes",),
    ),
    Mutant(
        "grader: one failure ends the class",
        GRADER + "classroom.py",
        "    except Exception as error:  # the machine's fault: no process, no disk\n",
        "    except KeyError as error:\n",
        (f"{COMMAND}::test_an_error_of_the_grader_is_reported_and_grading_continues",),
    ),
    Mutant(
        "grader: what is missing counts as passed",
        GRADER + "classroom.py",
        "Verdict.of(exercise, Outcome.ABSENT, what)",
        "Verdict.of(exercise, Outcome.PASSED, what)",
        (f"{COMMAND}::test_results_for_gradescope",),
    ),
    Mutant(
        "exercise check: always ends with 0",
        "tinyalex/commands/exercise_check.py",
        "        raise typer.Exit(NOT_PASSED)\n",
        "        raise typer.Exit(0)\n",
        (f"{COMMAND}::test_a_right_file_ends_with_0_and_a_wrong_one_with_1",),
    ),
    Mutant(
        "exercise start: writes over a student's work",
        "tinyalex/commands/exercise.py",
        "    if target.exists():\n",
        "    if target.is_dir():\n",
        (f"{COMMAND}::test_start_copies_the_stub_and_never_over_a_file",),
    ),
)
