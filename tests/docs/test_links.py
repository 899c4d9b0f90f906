"""Every relative link of every page leads somewhere, in the repository and on the site."""

from __future__ import annotations

import posixpath
import subprocess
from pathlib import Path

import pytest

from docs import build_site, file_pages, links
from docs.links import ROOT


def markdown() -> list[str]:
    """All pages of the repository; not what a tool left there."""
    skipped = {"build", "dist", "node_modules"}
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    return sorted(
        path.as_posix()
        for path in found
        if not any(p in skipped or (p.startswith(".") and p != ".github") for p in path.parts)
    )


PAGES = markdown()


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_a_link_leads_to_a_file_and_to_a_heading(page: str) -> None:
    for link in links.links_of(text_of(page), page):
        assert not link.path.startswith("../"), f"{page}: {link.target} is outside the repository"
        path = ROOT / link.path
        assert path.exists(), f"{page}: nothing at {link.target}"
        if link.anchor:
            target = path / "README.md" if path.is_dir() else path
            assert target.suffix == ".md", f"{page}: {link.target}: no headings there"
            anchors = links.anchors_of(target.read_text(encoding="utf-8"))
            assert link.anchor in anchors, f"{page}: no heading for {link.target}"


def test_links_lead_to_files_that_git_has() -> None:
    """A link to a file that only this computer has would be dead for everybody else."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a clone")
    files = set(listed.stdout.splitlines())
    folders = {parent.as_posix() for name in files for parent in Path(name).parents}
    for page in PAGES:
        for link in links.links_of(text_of(page), page):
            assert link.path in files or link.path in folders, f"{page}: {link.target}"


def test_links_in_code_are_not_links() -> None:
    text = "[a](b.md)\n```text\n[c](d.md)\n```\n~~~\n[e](f.md)\n~~~\n![g](h.png) [i](https://j)"
    assert [link.path for link in links.links_of(text, "docs/x.md")] == ["docs/b.md", "docs/h.png"]


def test_a_link_is_read_from_the_folder_of_its_page() -> None:
    (link,) = links.links_of("[a](../tinyalex/cli.py#b)", "docs/x.md")
    assert (link.path, link.anchor, link.is_image) == ("tinyalex/cli.py", "b", False)
    (link,) = links.links_of("[a](#b)", "docs/x.md")
    assert (link.path, link.anchor) == ("docs/x.md", "b")


def test_a_picture_that_is_a_link_is_two_links() -> None:
    found = links.links_of("[![a](b.png)](c.md)", "README.md")
    assert {link.path: link.is_image for link in found} == {"c.md": False, "b.png": True}


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("## Set up, train, test", "set-up-train-test"),
        ("# `train`: 2 ways", "train-2-ways"),
        ("### [A link](b.md) here", "a-link-here"),
        ("## I want to ...", "i-want-to-"),
        ("## snake_case", "snake_case"),
    ],
)
def test_headings_have_githubs_anchors(heading: str, anchor: str) -> None:
    assert links.anchors_of(heading) == {anchor}


def test_the_second_of_two_equal_headings_is_numbered() -> None:
    assert links.anchors_of("# A\n## B\n# A\n```sh\n# C\n```\n") == {"a", "b", "a-1"}


KNOWN = {
    "README.md": "index.md",
    "docs/gpu.md": "gpu.md",
    "docs/results/README.md": "results/README.md",
    "docs/results/cpu.md": "results/cpu.md",
    "lessons/02_convolution.py": "tutorial/02_convolution.ipynb",
}


@pytest.mark.parametrize(
    ("page", "written", "on_the_site"),
    [
        ("README.md", "[a](docs/gpu.md#b)", "[a](gpu.md#b)"),
        ("docs/results/cpu.md", "[a](../gpu.md)", "[a](../gpu.md)"),
        ("docs/results/cpu.md", "[a](../../README.md)", "[a](../index.md)"),
        ("docs/gpu.md", "[a](results)", "[a](results/README.md)"),
        ("docs/gpu.md", "[a](#b)", "[a](#b)"),
        ("docs/gpu.md", "[a](../lessons/02_convolution.py)", "[a](tutorial/02_convolution.ipynb)"),
        ("docs/gpu.md", "[`a`](../pyproject.toml)", "[`a`](repo:pyproject.toml)"),
        ("docs/gpu.md", "[a](https://b/c.md)", "[a](https://b/c.md)"),
        ("docs/results/cpu.md", "![a](cpu/b.png)", "![a](../repository/docs/results/cpu/b.png)"),
        (
            "README.md",
            "[![a](docs/b.png)](docs/gpu.md)",
            "[![a](repository/docs/b.png)](gpu.md)",
        ),
        ("docs/gpu.md", "```\n[a](b.md)\n```\n[a](gpu.md)", "```\n[a](b.md)\n```\n[a](gpu.md)"),
    ],
)
def test_a_link_is_rewritten_for_the_site(page: str, written: str, on_the_site: str) -> None:
    assert links.for_the_site(written, page, KNOWN, set().add) == on_the_site


def test_every_file_that_pages_link_to_has_a_place_on_the_site(tmp_path: Path) -> None:
    files: set[str] = set()
    known = links.pages()
    for page in known:
        if page.endswith(".md"):
            links.for_the_site(text_of(page), page, known, files.add)
    assert files and not files & set(known)
    file_pages.write(sorted(files), tmp_path)
    for name in files:
        assert (tmp_path / file_pages.place_of(name)).is_file(), name


def test_a_folder_is_a_list_of_links_that_lead_to_its_files(tmp_path: Path) -> None:
    file_pages.write(["docs/results/loader"], tmp_path)
    page = tmp_path / file_pages.place_of("docs/results/loader")
    shown = page.read_text(encoding="utf-8")
    targets = [part.partition('"')[0] for part in shown.split('<li><a href="')[1:]]
    assert len(targets) == len(list((ROOT / "docs" / "results" / "loader").iterdir()))
    assert all((page.parent / target).is_file() for target in targets)


def test_a_source_is_shown_as_text(tmp_path: Path) -> None:
    name = "tests/docs/test_links.py"
    file_pages.write([name], tmp_path)
    shown = (tmp_path / file_pages.place_of(name)).read_text(encoding="utf-8")
    assert "&lt;li&gt;&lt;a href=" in shown and shown.count("<a ") == 1


def test_a_page_that_nobody_lists_joins_its_parent() -> None:
    index = "```{toctree}\n:hidden:\n\nhow-to\nresults/README\n```\n"
    texts = {
        "index.md": index,
        "how-to.md": "",
        "teaching.md": "",
        "teaching/quiz.md": "",
        "results/README.md": "",
        "results/fig1/result.md": "",
    }
    made = build_site.with_toctrees(texts)
    assert made["index.md"] == index
    assert made["how-to.md"].split("\n\n")[1].split("\n")[0] == "teaching"
    assert "\nteaching/quiz\n" in made["teaching.md"]
    assert "\nfig1/result\n" in made["results/README.md"]
    assert set(build_site.listed(made)) | {"index.md"} == set(texts)


def test_the_site_lists_every_page_once() -> None:
    known = links.pages()
    texts = {
        name: links.for_the_site(text_of(page), page, known, set().add)
        for page, name in known.items()
        if page.endswith(".md") and page != "README.md"
    }
    found = list(build_site.listed(build_site.with_toctrees(texts)))
    outside = [p for p in found if p not in texts and posixpath.dirname(p) != "reference"]
    assert sorted(set(found)) == sorted(found) and not outside
