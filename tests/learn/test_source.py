"""A student's file is read as Python reads it: coding lines, BOM, line ends, refused bytes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.learn.examples import ADD_BIAS, solution
from tinyalex.learn.grader import reading, source
from tinyalex.learn.grader.examine import grade
from tinyalex.learn.grader.verdict import AnswerError, Outcome

CAFE = "x = 'café'\n"


def text_of(tmp_path, content: bytes, name: str = "a.py") -> str:
    (tmp_path / name).write_bytes(content)
    return reading.read(tmp_path / name).decode()


ACCEPTED = {
    "utf-8": CAFE.encode(),
    "bom": b"\xef\xbb\xbf" + CAFE.encode(),
    "bom and coding line": b"\xef\xbb\xbf# coding: utf-8\n" + CAFE.encode(),
    "latin-1": b"# -*- coding: latin-1 -*-\n" + CAFE.encode("latin-1"),
    "cp1252": b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n" + CAFE.encode("cp1252"),
    "windows line ends": CAFE.replace("\n", "\r\n").encode(),
    "old Mac line ends": b"y = 1\r" + CAFE.replace("\n", "\r").encode(),
    "form feed": b"\x0c" + CAFE.encode(),
    "utf-7": b"# coding: utf-7\nx = 'caf+AOk-'\n",
    "a coding line too late": b"a = 1\n# coding: latin-1\n" + CAFE.encode(),
}
REFUSED = {
    "latin-1 without a coding line": CAFE.encode("latin-1"),
    "latin-1 in the third line": b"# a\n# b\n" + CAFE.encode("latin-1"),
    "latin-1 in a comment": b"x = 1  # " + "é".encode("latin-1"),
    "latin-1 with a coding line too late": b"a = 1\n# coding: latin-1\n" + CAFE.encode("latin-1"),
    "not what the coding line says": b"# coding: ascii\n" + CAFE.encode(),
    "unknown coding": b"# coding: klingon\nx = 1\n",
    "no coding for text": b"# coding: rot13\nk = 1\n",
    "bom and another coding line": b"\xef\xbb\xbf# coding: latin-1\nx = 1\n",
}


def run_by_python(path):
    return subprocess.run([sys.executable, path], capture_output=True, timeout=60).returncode


@pytest.mark.parametrize("kind", ACCEPTED)
def test_what_python_reads_is_read_as_the_same_text(kind, tmp_path):
    text = text_of(tmp_path, ACCEPTED[kind])
    assert "\r" not in text and not text.startswith("\ufeff")
    values = {}
    exec(compile(reading.parse(text.encode(), "a.py"), "a.py", "exec"), values)
    assert values["x"] == "café"
    assert run_by_python(tmp_path / "a.py") == 0


@pytest.mark.parametrize("kind", REFUSED)
def test_what_python_refuses_is_a_syntax_error(kind, tmp_path):
    with pytest.raises(AnswerError) as caught:
        text_of(tmp_path, REFUSED[kind])
    assert caught.value.outcome is Outcome.SYNTAX
    assert run_by_python(tmp_path / "a.py") != 0


def test_a_bad_byte_is_told_with_its_line_and_what_to_do(tmp_path):
    with pytest.raises(AnswerError) as caught:
        text_of(tmp_path, b"# a\r\n# b\r\n" + CAFE.encode("latin-1"))
    assert caught.value.what == "byte 0xe9 is not UTF-8 (a.py, line 3)"
    assert "Save the file as UTF-8" in caught.value.hint


@pytest.mark.parametrize("content", [CAFE.encode("utf-16"), b"x = 1\0\n"])
def test_zero_bytes_are_no_text(content, tmp_path):
    with pytest.raises(AnswerError, match="zero bytes") as caught:
        text_of(tmp_path, content)
    assert caught.value.outcome is Outcome.UNREADABLE


def test_a_large_file_is_not_read_whole(tmp_path):
    with (tmp_path / "a.py").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(AnswerError, match="larger than 1 MiB"):
        reading.read(tmp_path / "a.py")


@pytest.mark.skipif(os.name == "nt", reason="needs a privilege on Windows")
def test_a_link_is_not_followed(tmp_path, monkeypatch):
    (tmp_path / "a.py").symlink_to(solution(ADD_BIAS))
    with pytest.raises(AnswerError, match="link"):
        reading.read(tmp_path / "a.py")
    # Also if the file becomes a link after it was looked at.
    monkeypatch.setattr(type(tmp_path), "is_symlink", lambda _: False)
    with pytest.raises(AnswerError) as caught:
        reading.read(tmp_path / "a.py")
    assert caught.value.outcome is Outcome.UNREADABLE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.py")
    with pytest.raises(AnswerError, match="not a file"):
        reading.read(tmp_path / "a.py")


def test_a_file_that_is_not_there_is_unreadable(tmp_path):
    with pytest.raises(AnswerError) as caught:
        source.read(tmp_path / "a.py")
    assert caught.value.outcome is Outcome.UNREADABLE


def test_a_right_answer_that_python_refuses_gets_no_points(tmp_path):
    path = tmp_path / "90_add_bias.py"
    text = solution(ADD_BIAS).read_text(encoding="utf-8")
    path.write_bytes(f"{text}# café\n".encode("latin-1"))
    verdict = grade(path, ADD_BIAS, stub=solution(ADD_BIAS))
    assert verdict.outcome is Outcome.SYNTAX and verdict.score == 0
    path.write_bytes(f"# coding: latin-1\n{text}# café\n".encode("latin-1"))
    assert grade(path, ADD_BIAS, stub=solution(ADD_BIAS)).passed


def test_lines_are_numbered_as_python_does():
    lines = reading.lines_of("a\x0cb\nc\u2028d\ne\n".encode())
    assert reading.show_line(lines, 3) == ("line 3: e",)
