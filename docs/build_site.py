"""Build the documentation's site: ``python -m docs.build_site``, from the repository's root.

Needs the extra ``docs``. The site is written to build/site; open build/site/index.html. Every page
of docs/, README and the lessons are first copied to build/site-source with their links changed to
those of the site (docs/links.py); the reference is made from each module's ``__all__``
(docs/reference.py). Files that pages link to are shown on the site as well (docs/file_pages.py).

Lessons are shown with their output if ``--notebooks FOLDER`` names the folder of
``tinyalex lesson --all --notebook --execute --out FOLDER``; otherwise without.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs import file_pages, links, reference

ROOT = links.ROOT
SOURCE, SITE = ROOT / "build" / "site-source", ROOT / "build" / "site"
INDEX, HOW_TO = "index.md", "how-to.md"
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def toctree(pages: list[str], shown: bool = False) -> str:
    """A list of pages for the side bar; ``shown`` in the text, too."""
    options = ":maxdepth: 1\n" if shown else ":hidden:\n:maxdepth: 1\n"
    return f"\n```{{toctree}}\n{options}\n" + "\n".join(pages) + "\n```\n"


def parent_of(page: str, known: set[str]) -> str:
    """The page that lists a page which nobody lists: of its folder, or of the how-to guides."""
    folder = Path(page).parent if Path(page).name != "README.md" else Path(page).parent.parent
    while folder != Path("."):
        for parent in (f"{folder.as_posix()}/README.md", f"{folder.as_posix()}.md"):
            if parent in known and parent != page:
                return parent
        folder = folder.parent
    return HOW_TO


def listed(texts: dict[str, str]) -> Iterator[str]:
    """The pages that stand in a toctree somewhere."""
    for page, text in texts.items():
        for block in TOCTREE.findall(text):
            for line in block.splitlines():
                if line and not line.startswith(":"):
                    name = line.rpartition("<")[2].rstrip(">")
                    yield (Path(page).parent / f"{name}.md").as_posix()


def with_toctrees(texts: dict[str, str]) -> dict[str, str]:
    """The pages, with those that no toctree lists in the toctree of their parent."""
    known, found = set(texts), {INDEX, *listed(texts)}
    children: dict[str, list[str]] = {}
    for page in sorted(known - found):
        parent = parent_of(page, known)
        name = Path(page).relative_to(Path(parent).parent).with_suffix("")
        children.setdefault(parent, []).append(name.as_posix())
    lists = {p: toctree(pages, shown=p == HOW_TO) for p, pages in children.items()}
    return {page: text + lists.get(page, "") for page, text in texts.items()}


def copy_pages(files: set[str]) -> None:
    """Write all pages of Markdown for Sphinx; ``files`` gets what they link to."""
    known = links.pages()
    texts = {}
    for page, name in known.items():
        if page.endswith(".md") and page != "README.md":  # docs/index.md is the first page
            text = (ROOT / page).read_text(encoding="utf-8")
            texts[name] = links.for_the_site(text, page, known, files.add)
    lessons = [Path(name).stem for name in known.values() if name.endswith(".ipynb")]
    texts["tutorial/index.md"] += toctree(lessons)
    for name, text in with_toctrees(texts).items():
        path = SOURCE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def copy_lessons(notebooks: Path | None) -> None:
    """Write the lessons as notebooks, their answers folded away."""
    import nbformat

    from tinyalex.learn import lesson_file
    from tinyalex.learn.notebooks import hide_answers, to_notebook, to_text

    for lesson in lesson_file.all_lessons():
        book = to_notebook(lesson)
        if notebooks is not None:
            executed = notebooks / f"{lesson.name}.ipynb"
            if not executed.is_file():
                sys.exit(
                    f"{executed}: is not there. Try: tinyalex lesson {lesson.number} "
                    f"--notebook --execute --out {notebooks}"
                )
            book = nbformat.read(executed, as_version=4)
            without_colab(book)
        hide_answers(book, as_page=True)
        describe_pictures(book)
        path = SOURCE / "tutorial" / f"{lesson.name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_text(book), encoding="utf-8")


def without_colab(book: Any) -> None:
    """Make the badge a link below the title; a page loads no picture from elsewhere."""
    if book["cells"][0].get("id") == "colab-0":
        badge, _, *cells = book["cells"]
        target = badge["source"].rpartition("](")[2]
        cells[0]["source"] += f"\n\n[Open this lesson in Colab]({target}"
        book["cells"] = cells


def describe_pictures(book: Any) -> None:
    """Move each picture's description to where MyST-NB looks for it."""
    for cell in book["cells"]:
        for output in cell.get("outputs", []):
            if alt := output.get("metadata", {}).get("image/png", {}).get("alt"):
                cell["metadata"]["mystnb"] = {"image": {"alt": alt}}


def build(notebooks: Path | None) -> int:
    """Build the site; return Sphinx's exit code, which is 1 after a warning."""
    for folder in (SOURCE, SITE):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    files: set[str] = set()
    copy_pages(files)
    copy_lessons(notebooks)
    reference.write(SOURCE / "reference")
    for name in files:
        if file_pages.is_shown_as_it_is(name):
            place = SOURCE / "repository" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place)
    options = ["-c", "docs", "-b", "html", "-W", "--keep-going", "-n", "-q", "-j", "auto"]
    doctrees = ["-d", str(ROOT / "build" / "site-doctrees")]
    words = [sys.executable, "-m", "sphinx", *options, *doctrees, str(SOURCE), str(SITE)]
    code = subprocess.run(words, cwd=ROOT, check=False).returncode
    file_pages.write(sorted(files), SITE)
    return code


def main() -> int:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--notebooks", type=Path, help="folder of the lessons, executed")
    code = build(words.parse_args().notebooks)
    print(f"{SITE / 'index.html'}" if code == 0 else "warnings are errors: see above")
    return code


if __name__ == "__main__":
    sys.exit(main())
