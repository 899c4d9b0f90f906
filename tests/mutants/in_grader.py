"""Bugs in the exercises' grader."""

from tests.mutants.mutant import Mutant

GRADER = "tinyalex/learn/grader/"
HERE = "tests/learn/test_grader.py"
APART = "tests/learn/test_grader_process.py"
COMMAND = "tests/cli/test_exercise.py"
TOLD = f"{HERE}::test_it_is_told_as_what_it_is"

GRADER_MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "grader: a property that tried no input holds",
        GRADER + "examine.py",
        "    if not judged:\n",
        "    if judged < 0:\n",
        (f"{HERE}::test_a_property_that_draws_nothing_is_not_taken_for_passed",),
    ),
    Mutant(
        "grader: the seed is not used",
        GRADER + "examine.py",
        "hypothesis.seed(seed)",
        "hypothesis.seed(0)",
        (f"{HERE}::test_another_seed_draws_other_inputs",),
    ),
    Mutant(
        "grader: inputs are not made smaller",
        GRADER + "examine.py",
        "phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),",
        "phases=(hypothesis.Phase.generate,),",
        (f"{HERE}::test_the_first_broken_property_ends_it_with_the_smallest_input",),
    ),
    Mutant(
        "grader: goes on behind the first broken property",
        GRADER + "examine.py",
        "                return verdict.with_notes(guard.prints.notes())\n",
        "                continue\n",
        (f"{HERE}::test_the_first_broken_property_ends_it_with_the_smallest_input",),
    ),
    Mutant(
        "grader: nothing is called again",
        GRADER + "examine.py",
        "        answer.repeat()\n    except Flaky:",
        "    except Flaky:",
        (TOLD,),
    ),
    Mutant(
        "grader: a wrong answer that remembers is not told as one",
        GRADER + "examine.py",
        "        if state := _repeat(answer):\n",
        "        if state := None and _repeat(answer):\n",
        (f"{HERE}::test_an_answer_that_counts_its_calls_and_is_wrong_is_told_as_such",),
    ),
    Mutant(
        "grader: arguments are not copied",
        GRADER + "answer.py",
        "given_named = {key: _copy(one) for key, one in named.items()}",
        "given_named = dict(named)",
        (TOLD,),
    ),
    Mutant(
        "grader: a changed shape is not seen",
        GRADER + "answer.py",
        "isinstance(b, np.ndarray) and a.shape == b.shape and a.dtype == b.dtype",
        "isinstance(b, np.ndarray)",
        (TOLD,),
    ),
    Mutant(
        "grader: a list does for an array",
        GRADER + "answer.py",
        "(_is_array_kind(kind) and not is_array)",
        "(_is_array_kind(kind) and result is None)",
        (TOLD,),
    ),
    Mutant(
        "grader: the order of arguments is not looked at",
        GRADER + "answer.py",
        "fits = star or tuple(names[: len(wanted.arguments)]) == wanted.arguments",
        "fits = True",
        (TOLD,),
    ),
    Mutant(
        "grader: what was refused may be swallowed",
        GRADER + "guard.py",
        "        if self.refused:\n",
        "        if not self.refused and self.refused:\n",
        (f"{HERE}::test_a_solution_cannot_be_read",),
    ),
    Mutant(
        "grader: NumPy stays as the answer left it",
        GRADER + "guard.py",
        "            namespace[name] = value\n",
        "            pass\n",
        (f"{HERE}::test_what_an_answer_changes_in_numpy_is_undone",),
    ),
    Mutant(
        "grader: solutions can be opened",
        GRADER + "guard.py",
        "            if path.startswith(SECRET) and path != self.path:\n",
        "            if path in SECRET:\n",
        (f"{HERE}::test_a_solution_cannot_be_read",),
    ),
    Mutant(
        "grader: imports inside functions are not seen",
        GRADER + "reading.py",
        "    for node in ast.walk(tree):\n        refused",
        "    for node in tree.body:\n        refused",
        (TOLD,),
    ),
    Mutant(
        "grader: any module may be imported",
        GRADER + "reading.py",
        "if top in exercise.allowed or (",
        "if top != 'tinyalex' or (",
        (TOLD,),
    ),
    Mutant(
        "grader: the token is not looked at",
        GRADER + "process.py",
        "            if line.startswith(expected):\n",
        "            if len(line) > len(expected):\n",
        (f"{APART}::test_a_printed_verdict_is_no_verdict",),
    ),
    Mutant(
        "grader: an end without a verdict is a pass",
        GRADER + "process.py",
        "        return replace(verdict, outcome=Outcome.ENDED, what=what)\n    name =",
        "        return replace(verdict, outcome=Outcome.PASSED, what=what)\n    name =",
        (f"{APART}::test_ending_the_process_is_not_passing",),
    ),
    Mutant(
        "grader: memory has no limit",
        GRADER + "child.py",
        '    if job["memory"]:\n',
        "    if not job:\n",
        (f"{APART}::test_memory_has_a_limit",),
    ),
    Mutant(
        "grader: nobody looks at memory from outside",
        GRADER + "process.py",
        "                if now > most:\n",
        "                if now < 0:\n",
        (f"{APART}::test_where_no_system_limits_memory_it_is_looked_at_from_outside",),
    ),
    Mutant(
        "grader: the child does not look at the clock",
        GRADER + "child.py",
        "    timer.start()\n",
        "    timer.cancel()\n",
        (f"{APART}::test_a_loop_without_end_is_told_with_its_line_and_input",),
    ),
    Mutant(
        "grader: the child sees our environment",
        GRADER + "process.py",
        "for name, value in os.environ.items() if name.upper() in KEPT}",
        "for name, value in os.environ.items()}",
        (f"{APART}::test_it_works_in_an_empty_folder_of_its_own_without_our_environment",),
    ),
    Mutant(
        "grader: one failure ends the class",
        GRADER + "classroom.py",
        "        except Exception as error:  # the machine's fault: no process, no disk\n",
        "        except KeyError as error:\n",
        (f"{COMMAND}::test_a_machine_that_cannot_judge_says_so_and_goes_on",),
    ),
    Mutant(
        "grader: what is missing counts as passed",
        GRADER + "classroom.py",
        "Verdict(exercise.name, exercise.title, Outcome.ABSENT, names, what=what)",
        "Verdict(exercise.name, exercise.title, Outcome.PASSED, names, what=what)",
        (f"{COMMAND}::test_results_for_gradescope",),
    ),
    Mutant(
        "exercise check: always ends with 0",
        "tinyalex/commands/exercise.py",
        "    if not passed:\n        raise typer.Exit(NOT_PASSED)\n",
        "    if not passed:\n        raise typer.Exit(0)\n",
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
