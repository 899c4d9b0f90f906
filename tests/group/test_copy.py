"""What the launcher passes on of its workers' output, and when."""

from __future__ import annotations

import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tinyalex.group import launch
from tinyalex.group.launch import _lines

BAR = "\r\x1b[2Kepoch 1/3 \x1b[36m━━━╸\x1b[0m"


def pipe(chunks: Iterator[bytes] | list[bytes], encoding: str = "utf-8") -> Any:
    """What a process writes, as it comes."""
    coming = iter(chunks)
    buffer = SimpleNamespace(read1=lambda: next(coming, b""))
    return SimpleNamespace(encoding=encoding, buffer=buffer)


def cut(text: bytes, at: list[int]) -> list[bytes]:
    places = sorted({0, len(text), *(place % (len(text) + 1) for place in at)})
    return [text[a:b] for a, b in zip(places, places[1:], strict=False)]


@given(st.text("aä━ \n", max_size=30), st.lists(st.integers(0, 200)))
def test_lines_come_whole_however_the_pipe_cuts_them(text: str, at: list[int]) -> None:
    came = list(_lines(pipe(cut(text.encode(), at))))
    assert came == text.splitlines(keepends=True)


@given(st.lists(st.sampled_from([BAR, "line\n", "ä", "\n"])), st.lists(st.integers(0, 200)))
def test_no_character_is_lost_around_a_bar(pieces: list[str], at: list[int]) -> None:
    text = "".join(pieces)
    assert "".join(_lines(pipe(cut(text.encode(), at)))) == text


def test_a_bar_comes_at_once_and_other_text_when_its_line_has_ended() -> None:
    came: list[str] = []

    def chunks() -> Iterator[bytes]:
        yield b"a"
        assert came == []
        yield b"b\n"
        assert came == ["ab\n"]
        yield BAR.encode()
        assert came == ["ab\n", BAR]
        yield b"\r\x1b[2Kline\nand"
        assert came == ["ab\n", BAR, "\r\x1b[2Kline\n"]

    for line in _lines(pipe(chunks())):
        came.append(line)
    assert came[3:] == ["and"]


def test_windows_ends_its_lines_in_another_way() -> None:
    assert list(_lines(pipe([b"a\r\nb\r\n"]))) == ["a\n", "b\n"]


def test_an_error_takes_the_place_of_the_bar_which_comes_again_below() -> None:
    screen = io.StringIO()
    out = launch._Copy(pipe([b"line\n", BAR.encode()]), screen)
    out.join()
    launch._Copy(pipe([b"error: rank 1\n"]), screen, out).join()
    again = launch._Copy(pipe([BAR.encode()]), screen)
    again.join()
    assert screen.getvalue() == f"line\n{BAR}\r\x1b[2Kerror: rank 1\n{BAR}"
    again.end_bar()
    assert screen.getvalue().endswith(f"{BAR}\r\x1b[2K\x1b[?25h")


def test_where_there_is_no_bar_nothing_is_added() -> None:
    screen = io.StringIO()
    out = launch._Copy(pipe([b"line\n"]), screen)
    out.join()
    launch._Copy(pipe([b"error: rank 1\n"]), screen, out).join()
    out.end_bar()
    assert screen.getvalue() == "line\nerror: rank 1\n"
