"""Bugs in a student's own network: replaced operations, adapters, memory, milestones."""

from tests.mutants.mutant import COMPILED, Mutant

REPLACED = "tinyalex/backends/replaced.py"
OWN = "tinyalex/learn/own"
OPERATIONS, CALLING, SUPPLY = f"{OWN}/operations.py", f"{OWN}/calling.py", f"{OWN}/supply.py"
REMEMBERED, MILESTONES, TRAIN = f"{OWN}/remembered.py", f"{OWN}/milestones.py", f"{OWN}/train.py"
COMMAND = "tinyalex/commands/exercise_train.py"
OF_REPLACED = "tests/backends/test_replaced.py"
TESTS = "tests/learn/own"
OF_STEP = f"{TESTS}/test_operations.py::test_a_step_with_these_answers_is_that_of_the_package"
OF_CALLING = f"{TESTS}/test_calling.py"
OF_GRADIENTS = f"{TESTS}/test_gradients.py"
OF_REMEMBERED = f"{TESTS}/test_remembered.py"
OF_MILESTONES = f"{TESTS}/test_milestones.py"
OF_TRAIN = f"{TESTS}/test_train.py"
OF_WRONG = (
    "tests/learn/test_wrong_answers.py::test_a_wrong_answer_is_rejected_by_the_intended_property"
)
OF_COMMAND = "tests/cli/test_exercise_train.py"

OWN_MUTANTS = (
    Mutant(
        "replaced: the convolution keeps the backend's own im2col",
        REPLACED,
        '"im2col": ("conv2d", "conv2d_backward", "conv2d_relu")',
        '"im2col": ()',
        (f"{OF_REPLACED}::test_the_convolution_calls_a_new_im2col_and_col2im",),
        COMPILED,
    ),
    Mutant(
        "replaced: a ReLU in place leaves its input as it is",
        REPLACED,
        "    target[...] = result\n    return target",
        "    return result",
        (f"{OF_REPLACED}::test_relu_in_place_writes_the_new_result_over_its_input",),
    ),
    Mutant(
        "replaced: the second call forgets the first",
        REPLACED,
        "own = {**backend.own, **",
        "own = {**",
        (f"{OF_REPLACED}::test_replacing_twice_keeps_both",),
    ),
    Mutant(
        "replaced: helpers count as operations",
        REPLACED,
        'if name not in ("out_hw", "softmax"))',
        "if name)",
        (f"{OF_REPLACED}::test_an_unknown_operation_names_a_similar_one",),
    ),
    Mutant(
        "run: its own operations are not recorded",
        "tinyalex/training/setup.py",
        "    if backend.own:",
        "    if not backend.own:",
        ("tests/training/test_own_operations.py::test_a_run_computes_with_them_and_records_them",),
    ),
    Mutant(
        "run: resumed without its operations, it says nothing",
        "tinyalex/training/runs.py",
        "- set(parts.backend.own)",
        '- set(config.facts.get("replaced", ()))',
        ("tests/training/test_own_operations.py::test_a_resumed_run_continues_with_them_or_warns",),
    ),
    Mutant(
        "own: pooling pads with zeros where windows are clipped",
        OPERATIONS,
        "(0, right), -np.inf)",
        "(0, right), 0.0)",
        (f"{TESTS}/test_operations.py::test_pooling_of_negative_numbers_with_ties",),
    ),
    Mutant(
        "own: the step's gradient and velocity are exchanged",
        OPERATIONS,
        "shapes, w, v, g, float(lr)",
        "shapes, w, g, v, float(lr)",
        (OF_STEP,),
    ),
    Mutant(
        "own: dropout keeps what should be dropped",
        OPERATIONS,
        "Kept(draw >= p, p, inverted)",
        "Kept(draw < p, p, inverted)",
        (OF_STEP,),
    ),
    Mutant(
        "own: groups are joined along the images",
        OPERATIONS,
        "for group in each], axis=1)",
        "for group in each], axis=0)",
        (OF_STEP,),
    ),
    Mutant(
        "own: the normalisation's constant is lost on the way back",
        OPERATIONS,
        "return y, NormConstant(k)",
        "return y, NormConstant(1.0)",
        (OF_STEP,),
    ),
    Mutant(
        "own: colours are shifted twice",
        OPERATIONS,
        "np.eye(C), colour)\n            colour = None",
        "np.eye(C), colour)",
        (f"{TESTS}/test_operations.py::test_the_images_are_prepared_as_by_the_package",),
    ),
    Mutant(
        "own: answers get the network's float32",
        CALLING,
        "value.astype(np.float64, copy=False)",
        "value.astype(value.dtype, copy=False)",
        (f"{OF_CALLING}::test_it_gets_float64_and_gives_back_the_dtype_of_its_input",),
    ),
    Mutant(
        "own: a NaN passes",
        CALLING,
        "if not np.isfinite(result.sum())",
        "if np.isinf(result.sum())",
        (f"{OF_CALLING}::test_the_message_names_file_line_and_arguments",),
    ),
    Mutant(
        "own: a NaN is blamed on the function that got it",
        CALLING,
        "np.isfinite(result.sum()) and _all_finite(args)",
        "np.isfinite(result.sum())",
        (f"{OF_CALLING}::test_a_nan_that_came_in_is_not_the_functions_fault",),
    ),
    Mutant(
        "own: a wrong shape passes",
        CALLING,
        "if result.shape != shape:",
        "if result.ndim != len(shape):",
        (f"{OF_CALLING}::test_the_message_names_file_line_and_arguments",),
    ),
    Mutant(
        "own: the line is the outermost",
        CALLING,
        "                number = step.tb_lineno",
        "                number = number or step.tb_lineno",
        (f"{OF_CALLING}::test_the_line_is_the_innermost_of_the_own_file",),
    ),
    Mutant(
        "own: a part counts if one of its layers is the student's",
        f"{OWN}/parts.py",
        "exercises if all(chosen) else ()",
        "exercises if any(chosen) else ()",
        (f"{TESTS}/test_parts.py::test_a_part_is_the_students_only_if_all_its_layers_are",),
    ),
    Mutant(
        "own: operations without an exercise are not counted",
        f"{OWN}/parts.py",
        "[_part(name, variants, operations) for name, variants in uses.items()]",
        "[_part(n, v, operations) for n, v in uses.items() if supply.candidates(n, v)]",
        (f"{TESTS}/test_parts.py::test_an_operation_without_an_exercise_is_counted_and_says_so",),
    ),
    Mutant(
        "own: the loss's gradient is not checked",
        f"{OWN}/gradients.py",
        'raise _wrong("cross_entropy", operations.choice("cross_entropy"), error) from None',
        "del error",
        (f"{OF_GRADIENTS}::test_a_wrong_answer_that_passed_is_found_and_named",),
    ),
    Mutant(
        "own: a wrong forward pass is blamed on the backward pass",
        f"{OWN}/gradients.py",
        "names[-1] if _same_forward(layer, x) else names[0]",
        "names[-1]",
        (f"{OF_GRADIENTS}::test_a_wrong_answer_that_passed_is_found_and_named",),
    ),
    Mutant(
        "memory: another version's verdict is believed",
        REMEMBERED,
        'same = {"sha256": answer.sha256, "seed": seed, "version": tinyalex.__version__}',
        'same = {"sha256": answer.sha256, "seed": seed}',
        (f"{OF_REMEMBERED}::test_another_seed_or_version_is_judged_again",),
    ),
    Mutant(
        "memory: a changed answer keeps its verdict",
        REMEMBERED,
        "if known is None or any(known[name] != value for name, value in same.items()):",
        "if known is None:",
        (f"{OF_REMEMBERED}::test_a_changed_answer_is_judged_again_or_marked",),
    ),
    Mutant(
        "memory: a time limit is remembered",
        REMEMBERED,
        "(Outcome.GRADER, Outcome.ABSENT, Outcome.TIME, Outcome.MEMORY)",
        "(Outcome.GRADER, Outcome.ABSENT, Outcome.MEMORY)",
        (f"{OF_REMEMBERED}::test_what_the_machine_may_have_caused_is_not_remembered",),
    ),
    Mutant(
        "memory: checking writes a file into every folder",
        REMEMBERED,
        "        if not (folder / FILE).is_file():\n            continue\n",
        "",
        (f"{OF_REMEMBERED}::test_checking_refreshes_only_a_folder_that_remembers",),
    ),
    Mutant(
        "milestones: any probabilities will do",
        MILESTONES,
        ".max(axis=1) > 1e-3",
        ".max(axis=1) > 1e3",
        (f"{OF_MILESTONES}::test_1_is_missed_if_the_students_code_computes_something_else",),
    ),
    Mutant(
        "milestones: any error will do",
        MILESTONES,
        "if not error <= most:",
        "if error < 0:",
        (f"{OF_MILESTONES}::test_2_is_missed_by_a_network_that_does_not_learn",),
    ),
    Mutant(
        "milestones: a changed answer counts",
        REMEMBERED,
        "if here.get(name) != known)",
        "if here.get(name, known) is None)",
        (f"{OF_MILESTONES}::test_the_states_of_all_milestones",),
    ),
    Mutant(
        "own run: the message does not say that the checkpoint is kept",
        TRAIN,
        'f"{error.message}\\nThe last good checkpoint is kept in {out}"',
        'f"{error.message}"',
        (f"{OF_TRAIN}::test_an_answer_that_fails_in_training_ends_it_with_one_message",),
    ),
    Mutant(
        "own run: an older run's folder is taken again",
        TRAIN,
        "next(name for name in names if not name.exists())",
        "names[0]",
        (f"{OF_TRAIN}::test_a_new_run_gets_a_new_folder",),
    ),
    Mutant(
        "exercise train: an answer that is left out is used",
        COMMAND,
        "if name in verdicts and verdicts[name].passed and name not in left_out",
        "if name in verdicts and verdicts[name].passed",
        (f"{OF_COMMAND}::test_a_folder_of_answers_trains_a_network",),
    ),
    Mutant(
        "exercise train: a milestone is forgotten",
        COMMAND,
        "    memory.reach(milestone.number, milestone.uses(operations), result)\n",
        "",
        (f"{OF_COMMAND}::test_a_milestone_is_remembered_until_an_answer_changes",),
    ),
    Mutant(
        "report: a student's own parts are left out",
        "tinyalex/report/page/__init__.py",
        "    if not owned:",
        "    if owned:",
        (f"{OF_TRAIN}::test_the_report_says_so_and_shows_strange_names_as_text",),
    ),
    Mutant(
        "exercise 22: its images have no clipped windows",
        "tinyalex/learn/exercises/ceil_pool_backward.py",
        "draw(st.integers(int(clipped), most))",
        "0",
        (f"{OF_WRONG}[ceil_pool_backward-leaves out the clipped windows]",),
    ),
    Mutant(
        "exercise 23: the gradients of other groups are not looked at",
        "tinyalex/learn/exercises/grouped_conv_backward.py",
        "np.where(has_dy, dx, 0.0)",
        "dx",
        (
            f"{OF_WRONG}[grouped_conv_backward-channels interleaved]",
            f"{OF_WRONG}[grouped_conv_backward-all groups add to group 0]",
            f"{OF_WRONG}[grouped_conv_backward-groups in reverse order]",
        ),
    ),
)
