"""Reads JSON and tensors from files, and checks every field's type and bounds.

A file may come from somebody else, or be damaged. So size, depth and numbers are bounded while it
is read. The fields that code uses are described by a `Kind`: `read_json(path, fields({"epochs":
whole(1)}))`. Anything else is an error that names the file and the field.
"""

from __future__ import annotations

from tinyalex.typed.kinds import (
    Kind,
    Mismatch,
    anything,
    bounded,
    fields,
    flag,
    list_of,
    map_of,
    maybe,
    number,
    one_of,
    record,
    text,
    whole,
)
from tinyalex.typed.reading import parse_json, read_json, read_json_lines
from tinyalex.typed.tensor_file import check_header, open_tensors

__all__ = [
    "Kind",
    "Mismatch",
    "anything",
    "bounded",
    "check_header",
    "fields",
    "flag",
    "list_of",
    "map_of",
    "maybe",
    "number",
    "one_of",
    "open_tensors",
    "parse_json",
    "read_json",
    "read_json_lines",
    "record",
    "text",
    "whole",
]
