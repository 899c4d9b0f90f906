"""`tinyalex exercise student-wheel`: the package for students, without solutions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinyalex.commands.console import Output
from tinyalex.commands.options import JsonOption, QuietOption


def student_wheel(
    folder: Annotated[Path, typer.Argument(help="Folder for the wheel.")],
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the package as a wheel without the solutions, for students to install.

    It grades answers as this package does. The same files give the same bytes.

    [bold]Examples[/]
    tinyalex exercise student-wheel for-students/
    """
    from tinyalex.learn import student_wheel as wheel

    out = Output(as_json, quiet)
    path, names = wheel.write(folder)
    size = path.stat().st_size
    out.text(f"{path}: {len(names)} files, {size / 1e6:.1f} MB, no solutions", style="bold")
    out.text(f'Students install it by: pip install "./{path.name}[lessons]"')
    out.result({"wheel": str(path), "files": len(names), "bytes": size}, short=str(path))
