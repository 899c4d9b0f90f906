"""`tinyalex lesson N --slides`."""

from __future__ import annotations

from tests.learn import lessons
from tests.learn.test_slides import ASKING
from tests.needed import needs
from tinyalex.learn import lesson_file

needs("ipykernel")


def test_the_command_writes_slides_with_output(call, tmp_path, monkeypatch):
    folder = tmp_path / "lessons"
    lessons.write(folder, 4, "asking", ASKING + "print(10 * total)\n")
    monkeypatch.setattr(lesson_file, "lessons_folder", lambda: folder)
    result = call("lesson", 4, "--slides", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "out" / "04_asking.slides.html").read_text(encoding="utf-8")
    assert "<title>04 Asking: slides</title>" in page
    assert page.count("50\n") == 1


def test_slides_of_no_lesson_are_an_error(call):
    assert call("lesson", "--slides").exit_code == 2
