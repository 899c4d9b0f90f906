"""Bugs in what a lesson shows and asks."""

from tests.mutants.mutant import Mutant

MARKDOWN = "tinyalex/learn/markdown.py"
QUESTIONS = "tinyalex/learn/questions.py"
BOOKMARK = "tinyalex/learn/bookmark.py"
NOTEBOOKS = "tinyalex/learn/notebooks.py"
DRAWING = "tinyalex/learn/drawing.py"
STEPS = "tinyalex/commands/lesson_steps.py"
SCREEN = "tinyalex/commands/lesson_screen.py"

RENDERING = "tests/learn/test_lesson_rendering.py"
OF_QUESTIONS = "tests/learn/test_questions.py"
OF_PAGE = "tests/learn/test_lesson_page.py"
OF_STEPS = "tests/cli/test_lesson_steps.py"
OF_DRAWING = "tests/learn/test_drawing.py"

HARD = f"{RENDERING}::test_nothing_of_a_hard_cell_is_lost"

LESSON_MUTANTS = (
    Mutant(
        "lesson text: a terminal reads powers as bold text",
        SCREEN,
        "Markdown(escaped(text), hyperlinks=False)",
        "Markdown(text, hyperlinks=False)",
        (f"{HARD}[check_terminal]",),
    ),
    Mutant(
        "lesson text: a notebook reads powers as bold text",
        NOTEBOOKS,
        "            cell.source = escaped(cell.source)\n",
        "            cell.source = str(cell.source)\n",
        (f"{HARD}[check_notebook]", f"{HARD}[check_page]"),
    ),
    Mutant(
        "lesson text: plain text takes any two pairs of stars for bold",
        MARKDOWN,
        r'    r"(?<![\w*)\]])\*\*(?=[^\s*])"  # opens' + "\n",
        r'    r"\*\*"  # opens' + "\n",
        (f"{RENDERING}::test_powers_and_products_keep_their_stars", f"{HARD}[check_terminal]"),
    ),
    Mutant(
        "lesson text: a bold end may stand before a number",
        MARKDOWN,
        r'    r"(?<=[^\s*])\*\*(?![\w*])"  # closes' + "\n",
        r'    r"(?<=[^\s*])\*\*"  # closes' + "\n",
        (f"{RENDERING}::test_powers_and_products_keep_their_stars",),
    ),
    Mutant(
        "lesson text: stars in code are escaped",
        MARKDOWN,
        "    text = _VERBATIM.sub(lambda match: _hold(held, match[0]), text)\n",
        "",
        (f"{RENDERING}::test_bold_words_and_code_are_left_as_they_are",),
    ),
    Mutant(
        "lesson text: bold over two lines keeps its stars in plain text",
        MARKDOWN,
        r'    r"((?:(?!\n\s*\n)[^*])+)"  # one paragraph' + "\n",
        r'    r"((?:(?!\n)[^*])+)"  # one paragraph' + "\n",
        (f"{HARD}[check_terminal]",),
    ),
    Mutant(
        "lesson code: what does not fit is cropped",
        SCREEN,
        "            for piece in wrapped(line, max(self.width - GUTTER, 8)):\n",
        "            for piece in wrapped(line, max(self.width - GUTTER, 8))[:1]:\n",
        (f"{HARD}[check_code_on_a_terminal]",),
    ),
    Mutant(
        "lesson code: wrapped without a sign",
        SCREEN,
        "                sign = CONTINUED\n",
        '                sign = ""\n',
        (f"{RENDERING}::test_long_code_is_wrapped_with_a_sign",),
    ),
    Mutant(
        "lesson code: a space is lost where a line is wrapped",
        SCREEN,
        "        piece, line = line.divide([space or fits])\n",
        "        piece, line = line.divide([space or fits])\n        piece.rstrip()\n",
        (f"{RENDERING}::test_long_code_is_wrapped_with_a_sign",),
    ),
    Mutant(
        "guess: another question's guess is shown",
        QUESTIONS,
        'guesses.get(match[1], "")',
        'guesses.get("1", "")',
        (f"{OF_STEPS}::test_each_guess_is_shown_beside_its_answer",),
    ),
    Mutant(
        "guess: its stars are read as markup",
        QUESTIONS,
        r'_MARKUP.sub(r"\\\1", " ".join(',
        r'_MARKUP.sub(r"\1", " ".join(',
        (f"{OF_QUESTIONS}::test_a_guess_is_shown_as_it_was_typed",),
    ),
    Mutant(
        "blank: a wrong line is accepted",
        STEPS,
        "            self.out.text(f\"Not yet{': ' if reason else '.'}{reason}\")\n"
        "            return False\n",
        "            self.out.text(f\"Not yet{': ' if reason else '.'}{reason}\")\n",
        (f"{OF_STEPS}::test_a_wrong_line_is_refused_and_the_next_try_may_be_right",),
    ),
    Mutant(
        "blank: after three tries the wrong value stays",
        STEPS,
        '        run_cell(self.lesson, cell, self.names)\n        self.out.text(f"One right answer',
        '        self.out.text(f"One right answer',
        (
            f"{OF_STEPS}::test_after_three_tries_or_enter_the_answer_is_shown_and_the_lesson_goes_on",
        ),
    ),
    Mutant(
        "blank: its answer is shown before it is asked for",
        STEPS,
        'self.screen.code(cell, questions.hidden(cell, blank).split("\\n", 1)[0])',
        'self.screen.code(cell, cell.source.split("\\n", 1)[0])',
        (f"{OF_STEPS}::test_a_right_line_is_accepted_and_its_value_is_used",),
    ),
    Mutant(
        "blank: statements are executed, not only an expression",
        QUESTIONS,
        'ast.unparse(ast.parse(typed, mode="eval"))',
        "ast.unparse(ast.parse(typed))",
        (f"{OF_STEPS}::test_a_wrong_line_is_refused_and_the_next_try_may_be_right",),
    ),
    Mutant(
        "blank: a notebook for students shows the answer",
        NOTEBOOKS,
        "            cell.source = questions.hidden(as_cell, blank)\n",
        "",
        (f"{OF_PAGE}::test_a_notebook_for_students_has_blanks_instead_of_answers",),
    ),
    Mutant(
        "page: it links to itself",
        NOTEBOOKS,
        'href="{lesson.name}.html"',
        'href="#{lesson.name}"',
        (f"{OF_PAGE}::test_a_page_links_to_the_lesson_before_and_after",),
    ),
    Mutant(
        "place: a changed lesson continues at the old cell",
        BOOKMARK,
        'if place is None or place["file"] != _fingerprint(lesson):',
        "if place is None:",
        (f"{OF_STEPS}::test_a_changed_lesson_begins_again",),
    ),
    Mutant(
        "place: one lesson's place removes the others'",
        BOOKMARK,
        "    _write(folder, _places(folder) | {lesson.name: place})\n",
        "    _write(folder, {lesson.name: place})\n",
        (f"{OF_STEPS}::test_the_places_of_two_lessons_do_not_disturb_each_other",),
    ),
    Mutant(
        "place: a damaged file ends the lesson",
        BOOKMARK,
        "    except (FileNotFoundError, RunError):\n",
        "    except FileNotFoundError:\n",
        (f"{OF_STEPS}::test_a_damaged_place_counts_as_none",),
    ),
    Mutant(
        "place: the cells before it do not run",
        STEPS,
        "            for cell in code:\n",
        "            for cell in code[:0]:\n",
        (f"{OF_STEPS}::test_it_continues_where_it_was_left_with_its_names_and_guesses",),
    ),
    Mutant(
        "place: a lesson that is done continues at its end",
        STEPS,
        "            self._try_to_keep(done=True)\n",
        "            self._try_to_keep(done=False)\n",
        (f"{OF_STEPS}::test_a_lesson_that_is_done_begins_again",),
    ),
    Mutant(
        "blank: a line in the middle of a cell counts as the first",
        QUESTIONS,
        '_BLANK.fullmatch(cell.source.split("\\n", 1)[0])',
        "_BLANK.search(cell.source)",
        (f"{OF_QUESTIONS}::test_other_lines_are_no_blank",),
    ),
    Mutant(
        "drawing: every image is scaled on its own",
        DRAWING,
        '    groups = {"each": [image], "row": row, "all": everything}\n',
        '    groups = {"each": [image], "row": [image], "all": [image]}\n',
        (f"{OF_DRAWING}::test_images_share_a_scale_if_asked",),
    ),
    Mutant(
        "drawing: each run has its own label",
        DRAWING,
        "label=label if j == 0 else None,",
        "label=label,",
        (f"{OF_DRAWING}::test_runs_share_one_label_and_one_colour",),
    ),
)
