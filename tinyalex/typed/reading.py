"""Reads JSON with bounded size, depth and numbers, then checks it field by field."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from tinyalex.errors import RunError, TinyalexError
from tinyalex.typed.kinds import Kind, Mismatch, anything

MOST_BYTES = 64 << 20  # per file; ImageNet's index has 100 kB
MOST_DEPTH = 32
_PIECE = 1 << 20
_MOST_DIGITS = 19  # of an integer: 63 bits

AGAIN = "get a fresh copy of the file, or make it again"


def read_json(
    path: Path,
    kind: Kind = anything,
    error_type: type[TinyalexError] = RunError,
    *,
    hint: str = AGAIN,
    most: int = MOST_BYTES,
    finite: bool = True,
) -> Any:
    """Read a JSON file of at most ``most`` bytes.

    Parameters
    ----------
    path : Path
    kind : Kind
        The kind of its value.
    error_type : type
        Type of the error that is raised.
    hint : str
        What to do about an error.
    finite : bool
        Whether NaN and infinities are refused.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ``error_type``
        It cannot be read, is too large, is not JSON, or a field has the wrong kind.
    """
    content = _content(path, error_type, most, hint)
    return parse_json(content, kind, str(path), error_type, hint=hint, finite=finite)


def read_json_lines(
    path: Path,
    kind: Kind = anything,
    error_type: type[TinyalexError] = RunError,
    *,
    hint: str = AGAIN,
    finite: bool = False,
) -> list[Any]:
    """Read a file with one JSON value per line; otherwise as `read_json`."""
    content = _content(path, error_type, 16 * MOST_BYTES, hint)
    return [
        parse_json(line, kind, f"{path}, line {i}", error_type, hint=hint, finite=finite)
        for i, line in enumerate(content.split(b"\n"), 1)
        if line.strip()
    ]


def parse_json(
    content: bytes | str,
    kind: Kind,
    where: str,
    error_type: type[TinyalexError],
    *,
    hint: str = AGAIN,
    finite: bool = True,
) -> Any:
    """Read JSON from memory; ``where`` names it in errors. Otherwise as `read_json`."""
    try:
        # Checked first, since Python's own reader would recurse too deep.
        _check_depth(content)
        value = json.loads(
            content,
            parse_int=_whole,
            parse_float=_finite if finite else float,
            parse_constant=_refuse if finite else None,
        )
        kind(value, "")
    except Mismatch as error:
        raise error_type(f"{where}: {error}", hint) from None
    except (ValueError, RecursionError) as error:  # also if it is not UTF-8
        raise error_type(f"{where}: cannot be read ({error})", hint) from None
    return value


def _content(path: Path, error_type: type[TinyalexError], most: int, hint: str) -> bytes:
    try:
        content = bytearray()
        with path.open("rb") as file:
            # Not all at once: memory for ``most`` bytes would be taken, whatever the file's size.
            while len(content) <= most and (piece := file.read(_PIECE)):
                content += piece
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise error_type(f"{path}: cannot be read ({reason})", "check its permissions") from error
    if len(content) > most:
        raise error_type(f"{path}: must have at most {most:,} bytes, and has more", hint)
    return bytes(content)


def _check_depth(content: bytes | str) -> None:
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    depth = 0
    for c in _brackets(raw):
        depth += 1 if c in b"[{" else -1
        if depth > MOST_DEPTH:
            raise ValueError(f"nested more than {MOST_DEPTH} deep")


def _brackets(raw: bytes) -> Iterator[int]:
    """Brackets outside of strings, in order."""
    in_text = False
    # Text is between two quotation marks; a quotation mark after a backslash is part of it.
    for piece in raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"'):
        if not in_text:
            yield from piece.translate(None, _NO_BRACKETS)
        in_text = not in_text


_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits):,} digits, at most {_MOST_DIGITS} are allowed")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"a number too large for a float ({digits[:30]})")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
