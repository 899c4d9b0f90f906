"""JSON from files is bounded in size, depth and numbers; errors name the file and the field."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.typed.edits import DEEP
from tinyalex.errors import ConfigError, RunError
from tinyalex.typed import (
    Kind,
    Mismatch,
    fields,
    flag,
    list_of,
    map_of,
    maybe,
    number,
    one_of,
    parse_json,
    read_json,
    read_json_lines,
    text,
    whole,
)

BAD: list[tuple[Kind, Any]] = [
    (whole(1, 5), 0),
    (whole(1, 5), 6),
    (whole(), True),
    (whole(), 1.0),
    (whole(), -1),
    (whole(), 1 << 63),
    (number(), float("nan")),
    (number(), float("inf")),
    (number(), False),
    (number(), "1"),
    (number(), 1 << 64),
    (number(0), -1e-9),
    (number(above=0), 0),
    (number(0, 1), 1.5),
    (number(0, finite=False), -float("inf")),
    (text(3), "four"),
    (text(), 3),
    (flag, 1),
    (one_of("a", "b"), "c"),
    (one_of("a", "b"), ["a"]),
    (maybe(whole()), "x"),
    (list_of(whole(), 2), [1]),
    (list_of(whole(), least=1), []),
    (list_of(whole(), most=1), [1, 2]),
    (list_of(whole()), {"0": 1}),
    (list_of(whole()), [1, None]),
    (map_of(whole()), []),
    (map_of(whole()), {"a": "b"}),
    (fields({"a": whole()}), {}),
    (fields({"a": whole()}), []),
    (fields({}, {"a": whole()}), {"a": None}),
]
GOOD: list[tuple[Kind, Any]] = [
    (whole(1, 5), 5),
    (number(), 3),
    (number(finite=False), float("nan")),
    (number(0, finite=False), float("inf")),
    (text(4), "four"),
    (flag, False),
    (one_of("a", "b"), "b"),
    (maybe(whole()), None),
    (list_of(whole(), 2), [1, 2]),
    (map_of(list_of(text())), {"a": ["b"]}),
    (fields({"a": whole()}, {"b": whole()}), {"a": 1, "c": "left alone"}),
]


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_a_wrong_kind_is_refused_with_the_fields_name(kind: Kind, value: Any) -> None:
    with pytest.raises(Mismatch, match=r"^here\S* must be .* \(got .*\)$"):
        kind(value, "here")


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_right_kinds_pass(kind: Kind, value: Any) -> None:
    kind(value, "here")


def test_an_error_says_where_what_was_wanted_and_what_was_got(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text('{"runs": [{"epochs": 3}, {"epochs": -3}]}')
    kind = fields({"runs": list_of(fields({"epochs": whole(1, 1000)}))})
    with pytest.raises(ConfigError) as caught:
        read_json(path, kind, ConfigError, hint="train again")
    assert str(caught.value) == (
        f"{path}: runs[1].epochs must be a whole number from 1 to 1,000 (got -3)\nTry: train again"
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (DEEP, "nested more than 32 deep"),
        ('{"a":' * 33 + "1" + "}" * 33, "nested more than 32 deep"),
        ('{"a": "\\\\", "b": ' + "[" * 40 + "]" * 40 + "}", "nested more than 32 deep"),
        ("1" + "0" * 400, "401 digits"),
        ("1" + "0" * 5000, "5,001 digits"),
        ("1e999", "too large for a float"),
        ("NaN", "NaN is not a JSON number"),
        ("-Infinity", "-Infinity is not a JSON number"),
        ("{half", "cannot be read"),
        (b"\xff\xfe\xfa", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_broken_json_is_refused(tmp_path: Path, content: Any, says: str) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RunError, match=rf"file\.json: .*{says}"):
        read_json(path)


def test_brackets_in_strings_do_not_count_as_depth() -> None:
    value = {"a": "[" * 100, "b": '\\"' + "[" * 100}
    assert parse_json(json.dumps(value), map_of(text()), "here", RunError) == value


def test_a_file_of_too_many_bytes_is_refused_before_it_is_all_read(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # takes no room on the disk
    with pytest.raises(RunError, match="must have at most 1,000 bytes"):
        read_json(path, most=1000)


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(RunError, match=r"folder\.json: cannot be read \(Is a directory\)"):
        read_json(tmp_path / "folder.json")


def test_a_line_that_is_wrong_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"a": 1}\n\n{"a": "x"}\n')
    with pytest.raises(RunError, match="line 3: a must be a whole number"):
        read_json_lines(path, fields({"a": whole()}))


SCALARS = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(max_size=20)
NUMBERS = SCALARS | st.floats(allow_nan=False, allow_infinity=False)
DOCUMENTS = st.recursive(
    NUMBERS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(DOCUMENTS)
def test_what_json_writes_is_read_as_it_was(document: Any) -> None:
    assert parse_json(json.dumps(document), lambda *_: None, "here", RunError) == document


def test_a_small_file_takes_little_memory_whatever_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    path.write_text("[1]")
    tracemalloc.start()
    try:
        assert read_json(path, most=1 << 40) == [1]
        assert tracemalloc.get_traced_memory()[1] < 1 << 22
    finally:
        tracemalloc.stop()
