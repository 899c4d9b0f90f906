"""Bugs in the slides, in the pages for teachers, and in exercises 24 to 28."""

from tests.mutants.mutant import Mutant

SLIDES = "tinyalex/learn/slides.py"
OF_SLIDES = "tests/learn/test_slides.py"

SLIDES_MUTANTS = (
    Mutant(
        "slides: the answer is on the slide that asks",
        SLIDES,
        "asked = _changed(cell, questions.hidden(as_cell, blank))",
        "asked = _changed(cell, cell.source)",
        (f"{OF_SLIDES}::test_the_answer_is_on_the_slide_after_the_question",),
        needs=("jupytext", "nbconvert"),
    ),
    Mutant(
        "slides: only the question is shown, never the answer",
        SLIDES,
        "    return [asked, cell]\n",
        "    return [asked]\n",
        (f"{OF_SLIDES}::test_the_answer_is_on_the_slide_after_the_question",),
        needs=("jupytext", "nbconvert"),
    ),
    Mutant(
        "slides: a heading is left alone on a slide",
        SLIDES,
        'heading = before.startswith("#") and "\\n" not in before',
        "heading = False",
        (f"{OF_SLIDES}::test_a_heading_and_a_list_are_not_left_alone",),
        needs=("jupytext", "nbconvert"),
    ),
    Mutant(
        "slides: a long text is cut off",
        SLIDES,
        "            parts.append(paragraph)\n    return parts",
        "            parts.append(paragraph)\n    return parts[:2]",
        (f"{OF_SLIDES}::test_a_text_is_divided_without_loss",),
        needs=("jupytext", "nbconvert"),
    ),
    Mutant(
        "slides: the notebook's own cells are changed",
        SLIDES,
        "    changed = copy.copy(cell)\n",
        "    changed = cell\n",
        (f"{OF_SLIDES}::test_the_notebook_stays_as_it_was",),
        needs=("jupytext", "nbconvert"),
    ),
    Mutant(
        "teaching: a task has no answer",
        "docs/teaching/answers.md",
        "> Which momentum suits the valley best?\n",
        "Which momentum suits the valley best?\n",
        ("tests/learn/test_teaching_pages.py::test_every_task_of_try_next_has_an_answer",),
    ),
    Mutant(
        "teaching: a lesson has four questions",
        "docs/teaching/quiz.md",
        "5. What does a test image get?\n",
        "What does a test image get?\n",
        ("tests/learn/test_teaching_pages.py::test_the_quiz_has_five_questions_with_answers",),
    ),
    Mutant(
        "exercise 24: the bias may stay as it is",
        "tinyalex/learn/exercises/linear_step.py",
        '    expect_equal(b_new, expected_b, "b_new", rtol=1e-6, atol=1e-7)\n',
        "",
        (
            "tests/learn/test_wrong_answers.py::"
            "test_a_wrong_answer_is_rejected_by_the_intended_property"
            "[linear_step-the bias does not learn]",
        ),
    ),
    Mutant(
        "exercise 27: an equal error is an improvement",
        "tinyalex/learn/exercises/plateau.py",
        "errors[earlier] < min(errors[:earlier])",
        "errors[earlier] <= min(errors[:earlier])",
        ("tests/learn/test_wrong_answers.py::test_the_right_answer_passes[27_plateau]",),
    ),
    Mutant(
        "exercise 28: equally distant images come in any order",
        "tinyalex/learn/exercises/neighbours.py",
        'expect_equal(answer.nearest(**a), nearest_by_definition(**a), "neighbours")',
        'expect_shape(answer.nearest(**a), nearest_by_definition(**a).shape, "neighbours")',
        (
            "tests/learn/test_wrong_answers.py::"
            "test_a_wrong_answer_is_rejected_by_the_intended_property"
            "[neighbours-ties from the back]",
        ),
    ),
)
