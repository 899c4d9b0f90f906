"""Bugs in the documentation's site, its links, and what a code host is told."""

from tests.mutants.mutant import Mutant

LINKS = "docs/links.py"
SITE = "docs/build_site.py"
REFERENCE = "docs/reference.py"
FILES = "docs/file_pages.py"
COLAB = "tinyalex/learn/colab.py"

OF_LINKS = "tests/docs/test_links.py"
OF_REFERENCE = "tests/docs/test_reference.py"
OF_PACKAGING = "tests/test_packaging.py"
OF_COLAB = "tests/cli/test_lesson_colab.py"

DOCUMENT_MUTANTS = (
    Mutant(
        "links: those in code count",
        LINKS,
        '    prose = _FENCE.sub("", text)\n',
        "    prose = text\n",
        (f"{OF_LINKS}::test_links_in_code_are_not_links",),
    ),
    Mutant(
        "links: they are read from the root",
        LINKS,
        "os.path.normpath(os.path.join(os.path.dirname(page), file))",
        "os.path.normpath(file)",
        (f"{OF_LINKS}::test_a_link_is_read_from_the_folder_of_its_page",),
    ),
    Mutant(
        "links: equal headings share an anchor",
        LINKS,
        '            name = f"{slug}-{number}"\n',
        "            break\n",
        (f"{OF_LINKS}::test_the_second_of_two_equal_headings_is_numbered",),
    ),
    Mutant(
        "links: an anchor is lost on the way to the site",
        LINKS,
        'anchor = f"#{link.anchor}" if link.anchor else ""',
        'anchor = ""',
        (f"{OF_LINKS}::test_a_link_is_rewritten_for_the_site",),
    ),
    Mutant(
        "links: a folder's page is not its README",
        LINKS,
        "path = folder_page if folder_page in known else link.path",
        "path = link.path",
        (f"{OF_LINKS}::test_a_link_is_rewritten_for_the_site",),
    ),
    Mutant(
        "links: a dead one in a page",
        "docs/explanation.md",
        "(differences.md)",
        "(difference.md)",
        (f"{OF_LINKS}::test_a_link_leads_to_a_file_and_to_a_heading",),
    ),
    Mutant(
        "site: a page that nobody lists is left out",
        SITE,
        "for page in sorted(known - found):",
        "for page in sorted(found - known):",
        (f"{OF_LINKS}::test_a_page_that_nobody_lists_joins_its_parent",),
    ),
    Mutant(
        "site: a source is markup",
        FILES,
        '_page(name, f"<pre>{html.escape(text)}</pre>")',
        '_page(name, f"<pre>{text}</pre>")',
        (f"{OF_LINKS}::test_a_source_is_shown_as_text",),
    ),
    Mutant(
        "reference: a public module is missing",
        REFERENCE,
        '    "evaluation",\n',
        "",
        (f"{OF_REFERENCE}::test_every_public_subpackage_is_in_the_reference",),
    ),
    Mutant(
        "reference: what errors.py imports is an error",
        REFERENCE,
        "isinstance(value, type) and value.__module__ == module",
        "isinstance(value, type)",
        (f"{OF_REFERENCE}::test_the_errors_are_the_packages_own",),
    ),
    Mutant(
        "readme: an extra is not in its table",
        "README.md",
        "| `onnx`; `tensorboard`; `bf16` |",
        "| `onnx`; `tensorboard` |",
        (f"{OF_PACKAGING}::test_the_readme_is_short_and_lists_every_extra",),
    ),
    Mutant(
        "colab: any address may be installed from",
        COLAB,
        "_REPOSITORY.fullmatch(repository)",
        "_REPOSITORY.match(repository)",
        (f"{OF_COLAB}::test_what_is_no_repository_on_github_is_refused",),
    ),
)
