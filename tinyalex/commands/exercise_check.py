"""`tinyalex exercise check`: grades a file, a folder, or a class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinyalex import notice
from tinyalex.commands import complete
from tinyalex.commands.console import Output
from tinyalex.commands.exercise_show import (
    print_alike,
    print_class,
    print_line,
    print_solutions,
    print_textbook,
    print_unread,
    print_verdict,
    solution_of,
)
from tinyalex.commands.options import (
    COMPUTING,
    JobsOption,
    JsonOption,
    QuietOption,
    SeedOption,
)
from tinyalex.errors import ConfigError
from tinyalex.outside import shown

if TYPE_CHECKING:
    from tinyalex.learn.grader.alike import Alike
    from tinyalex.learn.grader.hand_ins import HandedIn
    from tinyalex.learn.grader.results import Graded
    from tinyalex.learn.grader.spec import Exercise

NOT_PASSED = 1
HELP, COURSE = "Hints and solutions", "Classes"


def check(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of them.")],
    exercise: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of the exercise, if the file has another name; of a folder: only it.",
            autocompletion=complete.exercises,
        ),
    ] = None,
    of_class: Annotated[
        bool,
        typer.Option(
            "--class",
            help="PATHS have one folder or archive per student, or files with students' names, as"
            " Canvas and Moodle export them.",
            rich_help_panel=COURSE,
        ),
    ] = False,
    hint: Annotated[
        int,
        typer.Option(
            "--hint",
            count=True,
            help="Print one more hint; repeat for more.",
            rich_help_panel=HELP,
        ),
    ] = 0,
    solution: Annotated[
        bool,
        typer.Option("--solution", help="Also print the solution.", rich_help_panel=HELP),
    ] = False,
    teacher: Annotated[
        bool,
        typer.Option(
            "--i-am-the-teacher",
            help="With --solution: confirm that you may see it.",
            rich_help_panel=HELP,
        ),
    ] = False,
    seed: SeedOption = 0,
    csv: Annotated[
        Path | None,
        typer.Option(
            help="Write a table with one row per student to this CSV file.",
            rich_help_panel=COURSE,
        ),
    ] = None,
    gradescope: Annotated[
        Path | None,
        typer.Option(
            help="Write results for Gradescope to this JSON file.", rich_help_panel=COURSE
        ),
    ] = None,
    points: Annotated[
        float,
        typer.Option(min=0, help="Points per exercise (Gradescope).", rich_help_panel=COURSE),
    ] = 10.0,
    time_limit: Annotated[
        float, typer.Option(min=1, help="Seconds per exercise.", rich_help_panel=COMPUTING)
    ] = 30.0,
    memory_mb: Annotated[
        int, typer.Option(min=64, help="MiB of memory per exercise.", rich_help_panel=COMPUTING)
    ] = 2048,
    jobs: JobsOption = None,
    user: Annotated[
        str,
        typer.Option(
            help="Run answers as this user of the system; only root can.",
            rich_help_panel=COMPUTING,
        ),
    ] = "",
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Grade answers: show the first property that fails, with the smallest input for which it does.

    Notebooks (.ipynb) and .zip archives are read, too. Every file that is not judged is listed.
    Exit code: 0 if all passed, 1 if an answer did not, 2 for wrong options or no answers.

    [bold]Examples[/]
    tinyalex exercise check 02_im2col.py
    tinyalex exercise check mine.py --exercise im2col --hint
    tinyalex exercise check --class handed-in/ --csv class.csv --jobs 4
    """
    from tinyalex.learn.exercises import get
    from tinyalex.learn.grader import classroom, installation
    from tinyalex.learn.grader.alike import alike
    from tinyalex.learn.grader.hosts import user_called
    from tinyalex.learn.grader.student_process import Limits
    from tinyalex.learn.own.remembered import refresh

    if solution and not teacher:
        raise ConfigError("--solution is for teachers", "--hint, or add --i-am-the-teacher")
    for name, value in (("--points", points), ("--time-limit", time_limit)):
        if not math.isfinite(value):
            raise ConfigError(f"{name} must be a number (got {value})", f"{name} 10")
    wanted = list({found.name: found for found in map(get, exercise or ())}.values())
    for path in (gradescope, csv):
        if path is not None and not path.absolute().parent.is_dir():
            raise ConfigError(f"{path.parent} is not a folder", f"mkdir {path.parent}")
    out = Output(as_json, quiet)
    report = _Report(out, seed, gradescope, points, 1 + hint, csv)
    try:
        handed = _handed(paths, wanted, of_class, report)
    except ConfigError as error:
        report.write([], problem=error.message)
        raise
    if solution:
        for name in {submission.exercise.name for submission in handed.submissions}:
            solution_of(name)
    if handed.warning:
        out.warning(handed.warning)
    numbers = user_called(user) if user else None
    installed = _checked_installation(out) if of_class or gradescope else None
    limits = Limits(time_limit, memory_mb)
    judged: list[Graded] = []
    answers = classroom.grade_all(
        handed.submissions, seed=seed, limits=limits, workers=jobs or 1, user=numbers
    )
    judging = notice.phase("judging answers", total=len(handed.submissions))
    with judging as reached, closing(answers):
        for answer in answers:
            if of_class:
                print_line(out, answer)
            else:
                print_verdict(out, answer, 1 + hint, first=not judged)
            judged.append(answer)
            reached(len(judged))
    if installed is not None:
        installation.check_unchanged(installed)
    if len(judged) == 1 and judged[0].verdict.passed and not of_class:
        print_textbook(out, get(judged[0].verdict.exercise))
    if solution:
        print_solutions(out, judged)
    if of_class:
        report.alike = alike(judged)
        print_class(out, judged, handed.unread)
        print_alike(out, report.alike)
    else:
        report.every = bool(handed.warning)
        _print_total(out, [a for a in judged if a.counts or report.every], len(judged))
        print_unread(out, handed.unread)
        refresh(judged, seed)
    if not report.write(judged):
        raise typer.Exit(NOT_PASSED)


@dataclass
class _Report:
    """The results as files and as JSON, also if nothing could be judged."""

    out: Output
    seed: int
    gradescope: Path | None
    points: float
    hints: int
    csv: Path | None
    handed: list[HandedIn] = field(default_factory=list)
    alike: list[Alike] = field(default_factory=list)
    every: bool = False  # the files may be several students': all must pass

    def write(self, judged: Sequence[Graded], problem: str = "") -> bool:
        """Write all that was asked for; returns whether all answers passed."""
        from tinyalex import files
        from tinyalex.learn.grader import results
        from tinyalex.learn.grader.alike import of_students

        unread = [file for handed in self.handed for file in handed.unread]
        if self.gradescope is not None:
            content = results.gradescope(judged, self.points, self.hints, unread, problem)
            files.write_json(self.gradescope, content, ConfigError)
        if self.csv is not None:
            table = results.as_csv(judged, unread, of_students(self.alike)).encode()
            files.write_atomic(self.csv, table, ConfigError)
        counting = [a for a in judged if a.counts or self.every]
        passed = not problem and all(a.verdict.passed for a in counting)
        document: dict[str, Any] = {"seed": self.seed, "passed": passed}
        if problem:
            document["error"] = problem
        document["verdicts"] = [a.to_dict() for a in judged]
        document["not_recognised"] = [file.to_dict() for file in unread]
        document["warning"] = "; ".join(h.warning for h in self.handed if h.warning)
        document["summary"] = [stop.to_dict() for stop in results.summary(judged)]
        document["alike"] = [group.to_dict() for group in self.alike]
        short = (
            f"{shown(a.submission.student)} {a.verdict.exercise} {a.verdict.outcome}"
            for a in judged
        )
        self.out.result(document, short="\n".join(line.strip() for line in short))
        return passed


def folder_at(path: Path, follow: bool) -> Path:
    """The folder of answers that a user names.

    Parameters
    ----------
    path : Path
    follow : bool
        Whether it may be a link. A teacher's may; a student's could lead to the solutions.

    Raises
    ------
    ConfigError
        It is no folder, or a link.
    """
    from tinyalex.learn.grader.filenames import is_archive
    from tinyalex.learn.grader.inventory import is_link

    if is_link(path) and not follow:
        raise ConfigError(f"{path} is a link, which is not read", "give what it points to")
    if not path.is_dir():
        packed = path.is_file() and is_archive(path.name)
        hint = "unpack it" if packed else "give the folder with your answers"
        raise ConfigError(f"{path} is not a folder", hint)
    return path


def _checked_installation(out: Output) -> dict[str, str]:
    """The state of the installation; a warning where the system protects too little."""
    from tinyalex.learn.grader import installation
    from tinyalex.learn.grader.student_process import protection

    missing = {"files", "processes"} - set(protection())
    if missing:
        out.warning(
            f"this system does not protect {' and '.join(sorted(missing))} from what answers do; "
            "grade files of strangers in a container (docs/teaching.md)"
        )
    return installation.checked()


def _handed(
    paths: Sequence[Path], wanted: list[Exercise], of_class: bool, report: _Report
) -> HandedIn:
    """All that the command line names."""
    from tinyalex.learn.grader import class_folder, hand_ins

    for path in paths:
        if of_class:
            found = class_folder.of_class(folder_at(path, follow=True), wanted)
        elif path.is_dir() or path.is_symlink():
            found = hand_ins.of_folder(folder_at(path, follow=False), wanted)
        elif not path.exists():
            raise ConfigError(f"there is no file {path}", "check the path")
        else:
            if len(wanted) > 1 and path.suffix.lower() != ".zip":
                raise ConfigError(f"{path} is one file, for one --exercise", "name only one")
            found = hand_ins.of_file(path, wanted)
        report.handed.append(found)
    total = sum(report.handed, hand_ins.HandedIn())
    if not total.submissions:
        _refuse(paths, total)
    return total


def _refuse(paths: Sequence[Path], handed: HandedIn) -> None:
    """Say that there are no answers, and what was found."""
    names = ", ".join(map(str, paths))
    if len(paths) == 1 and paths[0].is_file() and len(handed.unread) == 1:
        if why := handed.unread[0].why:
            hint = "give a .py file, a notebook or a .zip archive"
            raise ConfigError(f"{names}: not recognised ({why})", hint)
        hint = "--exercise NAME (`tinyalex exercise list` shows the names)"
        raise ConfigError(f"{names}: no exercise has this name", hint)
    listed = [f"{file.student}: {file}".removeprefix(": ") for file in handed.unread]
    found = f"; not recognised: {', '.join(listed[:10])}" if listed else ""
    found += f" and {len(listed) - 10:,} more" if len(listed) > 10 else ""
    raise ConfigError(
        f"no answers in {names}{found}", "name the files as in `tinyalex exercise list`"
    )


def _print_total(out: Output, counting: Sequence[Graded], judged: int) -> None:
    if judged > 1:
        passed = sum(answer.verdict.passed for answer in counting)
        more = judged - len(counting)
        other = "" if not more else f"; {more} more file{'s' if more > 1 else ''} judged"
        out.text(f"\n{passed} of {len(counting)} passed{other}")
