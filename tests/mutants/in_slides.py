"""Bugs in the slides, and in the pages for teachers."""

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
)
