"""A class of 31 students who hand in one exercise, 06_relu, in every way that was seen.

Made of folders, a flat folder's files, what Canvas and Moodle export, archives, and mixtures.
"""

from __future__ import annotations

import io
import json
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tinyalex.learn.grader.verdict import Outcome
from tinyalex.learn.places import exercises_folder, solutions_folder

NAME = "06_relu.py"
RIGHT = (solutions_folder() / NAME).read_text(encoding="utf-8")
STUB = (exercises_folder() / NAME).read_text(encoding="utf-8")
WRONG = RIGHT.replace("x > 0", "x >= -1")
assert WRONG != RIGHT
PASSED, BROKEN, ABSENT = Outcome.PASSED, Outcome.BROKEN, Outcome.ABSENT


@dataclass(frozen=True)
class Student:
    """What a student handed in, and what the grader has to say.

    Attributes
    ----------
    files : dict of str to (str or bytes)
        Paths in the class's folder, and what is in the files; ``None``: a link to the solution.
    outcome : Outcome
        Of the file that counts.
    note : str
        A part of its note.
    others : tuple of str
        What is listed as not recognised.
    """

    files: dict[str, str | bytes | None]
    outcome: Outcome = PASSED
    note: str = ""
    others: tuple[str, ...] = ()


def notebook(*cells: str) -> str:
    made = [{"cell_type": "code", "source": cell.splitlines(True)} for cell in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def packed(files: dict[str, str | bytes], **change: int) -> bytes:
    """A .zip archive; ``change`` sets fields of its members, such as ``flag_bits``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for field, value in change.items():
                setattr(info, field, value)
            archive.writestr(info, content)
    return buffer.getvalue()


def encrypted(files: dict[str, str | bytes]) -> bytes:
    """An archive whose table says that its files are encrypted."""
    content = bytearray(packed(files))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + at] |= 1
    return bytes(content)


CAFE = f"# café\n{RIGHT}"
LINK = (stat.S_IFLNK | 0o777) << 16
MOODLE = "_assignsubmission_file_"

CLASS: dict[str, Student] = {
    # One folder per student.
    "anna": Student({f"anna/{NAME}": RIGHT}),
    "ben": Student({f"ben/{NAME}": WRONG}, BROKEN),
    "cleo": Student({f"cleo/{NAME}": STUB}, Outcome.NOT_WRITTEN),
    "dora": Student({"dora/": ""}, ABSENT, "found dora/ (an empty folder)", ("dora/",)),
    "emil": Student({"emil/06_RELU.PY": RIGHT}, note="read from 06_RELU.PY"),
    "fay": Student({"fay/relu_final.py": RIGHT}, note="read from relu_final.py"),
    "gus": Student({"gus/relu v2.py": RIGHT, "gus/relu v1.py": WRONG}, note="also judged: relu v1"),
    "hana": Student({"hana/06 relu.py": RIGHT, "hana/data.csv": "1,2"}, others=("data.csv",)),
    "ivo": Student({"ivo/06-relu.py.txt": RIGHT}, note="read from 06-relu.py.txt"),
    "jana": Student({f"jana/week4/{NAME}": RIGHT}, note="read from week4/06_relu.py"),
    "kai": Student(
        {"kai/06_relu.ipynb": notebook("%matplotlib inline\nimport numpy as np", RIGHT, "!ls")},
        note="read from 06_relu.ipynb",
    ),
    "lea": Student({"lea/06_relu.ipynb": "{"}, Outcome.UNREADABLE),
    "max": Student({"max/homework.zip": packed({f"hw/{NAME}": RIGHT, "hw/notes.txt": "",
        f"__MACOSX/hw/._{NAME}": b"\0"})}, note="read from homework.zip/hw/06_relu.py",
        others=("homework.zip/hw/notes.txt",)),
    "nina": Student({"nina/work.rar": b"Rar!"}, ABSENT, "unpack it", ("work.rar",)),
    "otto": Student({f"otto/{NAME}": None}, ABSENT, "a link, not read", (NAME,)),
    "pia": Student({f"pia/{NAME}": CAFE.encode("latin-1")}, Outcome.SYNTAX),
    "quin": Student({f"quin/{NAME}": b"# coding: latin-1\n" + CAFE.encode("latin-1")}),
    "ruth": Student({f"ruth/{NAME}": b"\xef\xbb\xbf" + CAFE.encode()}),
    "sam": Student({"sam/06_relu.docx": b"PK"}, ABSENT, "plain text", ("06_relu.docx",)),
    "tom": Student({"tom/my_answer.py": RIGHT}, ABSENT, "found my_answer.py", ("my_answer.py",)),
    # Files in a flat folder, with students' names.
    "uma": Student({"uma_06_relu.py": RIGHT}, note="read from uma_06_relu.py"),
    "vera lind": Student({"06_relu - vera lind.py": WRONG}, BROKEN),
    # Canvas, handed in twice and late.
    "weberwim": Student({"weberwim_101_5001_06_relu.py": WRONG,
        "weberwim_LATE_101_5002_06_relu-1.py": RIGHT}, note="counts"),
    "xuxia (102)": Student({"xuxia_102_5003_relu.py": RIGHT}),
    "xuxia (103)": Student({"xuxia_103_5004_relu.py": WRONG}, BROKEN),
    # Moodle, with folders and without.
    "Yara Young": Student({f"Yara Young_77{MOODLE}/{NAME}": RIGHT}),
    "Zoe Zahn": Student({f"Zoe Zahn_78{MOODLE}06_relu.ipynb": notebook(RIGHT)}),
    # Archives in the class's folder.
    "adam": Student({"adam.zip": packed({f"adam/week4/{NAME}": RIGHT}), "adam/readme.md": "# Hi"},
        note="read from adam.zip/adam/week4/06_relu.py", others=("readme.md",)),
    "bea": Student({"bea.zip": encrypted({NAME: RIGHT})}, ABSENT, "encrypted",
        ("bea.zip/06_relu.py",)),
    "carl": Student({"carl_06_relu.zip": packed({f"../../{NAME}": RIGHT, "/relu.py": RIGHT})},
        ABSENT, "out of the archive", ("carl_06_relu.zip/../../06_relu.py",)),
    "dirk": Student({"dirk.zip": packed({NAME: "solution"}, external_attr=LINK, create_system=3)},
        ABSENT, "a link, not read", ("dirk.zip/06_relu.py",)),
}  # fmt: skip
NOBODYS = {"readme.txt": "marks on Friday", ".DS_Store": b"\0", "grades.xlsx": b"PK"}


def build(folder: Path) -> Path:
    """Write the class."""
    for student in [*CLASS.values(), Student(dict(NOBODYS))]:
        for name, content in student.files.items():
            path = folder / name
            if name.endswith("/"):
                path.mkdir(parents=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.symlink_to(solutions_folder() / NAME)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder
