"""The site's copies of files that its pages link to: sources and logs as text, folders as lists."""

from __future__ import annotations

import html
import shutil
from collections.abc import Iterator
from pathlib import Path

from docs.links import ROOT

PLACE = "repository"
AS_IT_IS = {".png", ".html", ".svg", ".npy", ".gz", ".safetensors"}
SKIPPED = {"__pycache__", "build", "dist", "runs"}

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 1rem auto; max-width: 64rem; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif;
  background: light-dark(#fff, #131416); color: light-dark(#111, #cfd0d0); }
pre { font: 13px/1.45 ui-monospace, Consolas, monospace; overflow-x: auto; padding: .7rem;
  background: light-dark(#f8f9fb, #1a1c1e); }
h1 { font-size: 1.1rem; overflow-wrap: anywhere; }
a { color: light-dark(#0a4bff, #6b9bff); }
"""


def is_shown_as_it_is(name: str) -> bool:
    """Whether a browser gets the file's own bytes, such as a picture's."""
    return Path(name).suffix in AS_IT_IS


def place_of(name: str) -> str:
    """Where the site has a file or a folder of the repository."""
    if (ROOT / name).is_dir():
        return f"{PLACE}/{name}/index.html"
    return f"{PLACE}/{name}" + ("" if is_shown_as_it_is(name) else ".html")


def children(folder: Path) -> list[Path]:
    """What a folder's list shows, sorted: no hidden files, nothing that a tool left."""
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith((".", "_")) or path.name in ("__init__.py", "__main__.py")
        if path.name not in SKIPPED
    )


def with_children(names: list[str]) -> Iterator[str]:
    """These files and folders, and all that is in the folders."""
    for name in names:
        path = ROOT / name
        yield name
        if path.is_dir():
            yield from with_children([p.relative_to(ROOT).as_posix() for p in children(path)])


def _page(name: str, body: str) -> str:
    title = html.escape(name)
    home = "../" * place_of(name).count("/") + "index.html"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<p><a href="{home}">tinyalex</a></p>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def _list(name: str) -> str:
    lines = []
    for path in children(ROOT / name):
        child = path.relative_to(ROOT).as_posix()
        target = place_of(child).removeprefix(place_of(name).removesuffix("index.html"))
        shown = path.name + ("/" if path.is_dir() else "")
        lines.append(f'<li><a href="{html.escape(target)}">{html.escape(shown)}</a></li>')
    return "<ul>\n" + "\n".join(lines) + "\n</ul>"


def write(names: list[str], site: Path) -> None:
    """Write the copies of these files and folders, and of all that is in the folders."""
    for name in dict.fromkeys(with_children(names)):
        path, place = ROOT / name, site / place_of(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            place.write_text(_page(name, _list(name)), encoding="utf-8")
        elif is_shown_as_it_is(name):
            shutil.copy2(path, place)
        else:
            text = path.read_text(encoding="utf-8", errors="replace")
            place.write_text(_page(name, f"<pre>{html.escape(text)}</pre>"), encoding="utf-8")
