"""The error for a path that is not the folder of a run."""

from __future__ import annotations

from pathlib import Path

from tinyalex import data
from tinyalex.data.splits import has_images, holds_run, is_image, subfolders, visible
from tinyalex.errors import DataError, RunError

_SHOWN = 5  # runs or folders named in an error


def no_run(folder: Path) -> RunError:
    """Say what the path looks like, and where there are runs."""
    what, hint = "no config.json", "a folder that `tinyalex train` wrote"
    if not folder.is_dir():
        what = "no such folder"
        if is_image(folder) and folder.is_file():
            what, hint = "an image", "the folder of a run, and then the image"
        elif folder.is_file():
            what = "a file"
        if runs := runs_in(folder.parent):
            hint += f": {_few(runs)}"
    elif runs := runs_in(folder):
        what, hint = "but there are runs in it", f"a run that is in it: {_few(runs)}"
    elif data.is_packed(folder):
        what, hint = "a packed data set", f"{hint}; and --data {folder} for the images"
    elif what_it_shows := _pictures(folder):
        what, hint = what_it_shows, f"{hint}; and the images after it, or as --data"
    return RunError(f"{folder}: not the folder of a run ({what})", hint)


def runs_in(folder: Path) -> list[Path]:
    """The runs in a folder and in its subfolder ``runs``."""
    runs: list[Path] = []
    for place in (folder, folder / "runs"):
        try:
            inside = sorted(place / name for name in visible(place)) if place.is_dir() else []
            runs += [path for path in inside if path.is_dir() and holds_run(path)]
        except (DataError, OSError):  # no permission: then there is nothing to name
            continue
    return runs


def _pictures(folder: Path) -> str:
    try:
        if has_images(folder):
            return "a folder of images"
        inside = subfolders(folder)
        if any(map(has_images, inside)):
            return f"a data set, with the class folders {_few(inside)}"
        if any(has_images(path) for part in inside for path in subfolders(part)):
            return f"a data set, with the parts {_few(inside)}"
    except (DataError, OSError):
        pass
    return ""


def _few(paths: list[Path]) -> str:
    more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
    return ", ".join(map(str, paths[:_SHOWN])) + more
