"""A student's file as Python source in UTF-8, read as Python itself would read it."""

from __future__ import annotations

import codecs
import io
import os
import re
import stat
import tokenize
from pathlib import Path

from tinyalex.learn.grader import notebook_code
from tinyalex.learn.grader.verdict import AnswerError, Outcome

MAX_FILE_SIZE = 1 << 20  # bytes of Python
MAX_NOTEBOOK_SIZE = 20 << 20  # bytes; most of them are pictures in its output
_CODING = re.compile(r"^[ \t\f]*#.*?coding[:=]", re.MULTILINE)  # PEP 263
# A link is not followed, and a pipe does not wait for a writer. Windows has neither flag.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_FLAGS |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def read(path: Path) -> bytes:
    """Read a student's file: its source in UTF-8, without a BOM, lines ending in ``\\n``.

    Raises
    ------
    AnswerError
        It cannot be read, is a link, is too large, or is not text that Python accepts.
    """
    return python_of(content_of(path), path.name)


def limit(name: str) -> int:
    """The most bytes that a file of this name may have."""
    return MAX_NOTEBOOK_SIZE if notebook_code.is_notebook(name) else MAX_FILE_SIZE


def check_size(content: bytes, name: str) -> None:
    """Raise `AnswerError` if a file of this name may not be so large."""
    if len(content) > limit(name):
        raise AnswerError(Outcome.UNREADABLE, f"it is larger than {limit(name) >> 20} MiB")


def python_of(content: bytes, name: str) -> bytes:
    """The Python source in a file's content, as `read` returns it."""
    check_size(content, name)
    if notebook_code.is_notebook(name):
        return notebook_code.as_python(content)
    if b"\0" in content:
        raise AnswerError(
            Outcome.UNREADABLE, "it contains zero bytes: it is not text, or it is UTF-16"
        )
    return _decoded(content, name).encode()


def opened(path: Path) -> io.FileIO:
    """Open a regular file to read it; a link is not followed.

    Raises
    ------
    AnswerError
        It is a link, a folder, a pipe or another thing that is no file.
    OSError
        It cannot be opened.
    """
    if path.is_symlink():  # Windows has no flag for it
        raise AnswerError(Outcome.UNREADABLE, "it is a link, not read")
    file = io.FileIO(os.open(path, _FLAGS))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise AnswerError(Outcome.UNREADABLE, "it is not a file")
    return file


def content_of(path: Path) -> bytes:
    """The bytes of a file; otherwise as `read`."""
    try:
        with opened(path) as file, io.BufferedReader(file) as buffered:
            content = buffered.read(limit(path.name) + 1)
    except OSError as error:
        raise AnswerError(Outcome.UNREADABLE, str(error.strerror or error)) from None
    check_size(content, path.name)
    return content


def _decoded(content: bytes, name: str) -> str:
    """The text of a file, by its BOM or coding line, as Python reads it."""
    encoding = "utf-8"
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
        text.encode()  # a coding such as utf-7 can make characters that are no text
    except UnicodeError as error:
        raise _not_text(error, content, encoding, name) from None
    except LookupError:  # rot13 and others that are not for text
        raise _refused(f"unknown encoding: {encoding}", name) from None
    except SyntaxError as error:
        try:  # detect_encoding says the same about a bad byte and an unknown coding
            content.removeprefix(codecs.BOM_UTF8).decode()
        except UnicodeError as bad:
            if "unknown" not in str(error):
                raise _not_text(bad, content, encoding, name) from None
        raise _refused(str(error.msg), name) from None
    if not encoding.startswith("utf-8"):  # it is UTF-8 now: what the line says is no longer so
        text = _CODING.sub(lambda found: f"{found[0][:-1]};", text, count=1)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _not_text(error: UnicodeError, content: bytes, encoding: str, name: str) -> AnswerError:
    if not isinstance(error, UnicodeDecodeError):
        return _refused(f"it is not text in {encoding}", name)
    before = content[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    line, byte = before.count(b"\n") + 1, content[error.start]
    encoding = encoding.removesuffix("-sig").upper()
    wrong = _refused(f"byte 0x{byte:02x} is not {encoding} ({name}, line {line})")
    wrong.hint = "Save the file as UTF-8; most editors have this under 'Save as'."
    return wrong


def _refused(what: str, name: str = "") -> AnswerError:
    return AnswerError(Outcome.SYNTAX, f"{what} ({name})" if name else what)
