"""Checks of a student's file before it runs: is it Python, and does it use allowed things only?"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from pathlib import Path

from tinyalex.learn.grader.inside.watch import refuse
from tinyalex.learn.grader.notebook_code import place
from tinyalex.learn.grader.source import read
from tinyalex.learn.grader.spec import Exercise
from tinyalex.learn.grader.verdict import AnswerError, Outcome

__all__ = ["Signature", "lines_of", "parse", "read", "scan", "show_line", "signatures"]

FORBIDDEN_NAMES = {"__import__", "__builtins__", "compile", "eval", "exec"}
FORBIDDEN_ATTRIBUTES = {
    "__builtins__", "__globals__", "__subclasses__", "_current_frames", "_getframe", "f_back",
    "f_globals", "f_locals", "settrace", "setprofile", "tb_frame",
}  # fmt: skip


@dataclass(frozen=True)
class Signature:
    """A function as its stub declares it."""

    name: str
    arguments: tuple[str, ...]
    needed: tuple[str, ...]  # those without a default
    returns: str  # the annotation as text, or ""
    text: str


def parse(source: bytes, name: str) -> ast.Module:
    """Parse a file; a syntax error is shown with its line and a caret."""
    if source.lstrip()[:1] == b"{" and b'"cells"' in source[:1000]:
        raise AnswerError(Outcome.UNREADABLE, "it is a notebook: call it .ipynb, not .py")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, filename=name)
    except SyntaxError as error:
        where = place(lines_of(source), error.lineno) if error.lineno else ""
        what = f"{error.msg} ({', '.join(filter(None, (name, where)))})"
        refused = AnswerError(Outcome.SYNTAX, what, _caret(error, where))
        if (error.text or "").lstrip()[:1] in ("!", "%"):
            refused.hint = "Only notebooks have such lines: remove it, or hand in the .ipynb file."
        raise refused from None
    except (RecursionError, MemoryError):
        raise AnswerError(Outcome.SYNTAX, f"{name} is nested too deeply") from None
    except ValueError as error:
        raise AnswerError(Outcome.UNREADABLE, str(error)) from None


def scan(tree: ast.Module, exercise: Exercise, source: bytes) -> None:
    """Refuse the library itself and ways around the grader."""
    lines, modules = lines_of(source), _imported(tree)
    for node in ast.walk(tree):
        refused = ""
        if isinstance(node, ast.Import):
            refused = next(
                filter(None, (refuse(alias.name, exercise.allowed) for alias in node.names)), ""
            )
        elif isinstance(node, ast.ImportFrom):
            refused = refuse("." if node.level else node.module or "", exercise.allowed)
        elif isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
            refused = f"uses {node.id}, which no exercise needs"
        elif isinstance(node, ast.Attribute) and _is_forbidden(node):
            refused = f"uses {ast.unparse(node)}, which no exercise needs"
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            first, _, rest = ast.unparse(node).partition(".")
            refused = f"changes {modules[first]}.{rest}" if first in modules else ""
        if refused:
            line = getattr(node, "lineno", 0)
            raise AnswerError(Outcome.FORBIDDEN, f"it {refused}", show_line(lines, line))


def _imported(tree: ast.Module) -> dict[str, str]:
    """The modules that a file imports, by the names that it gives them."""
    names = {}
    for node in ast.walk(tree):
        for alias in node.names if isinstance(node, ast.Import) else ():
            top = alias.name.partition(".")[0]
            names[alias.asname or top] = alias.name if alias.asname else top
    return names


def signatures(path: Path) -> dict[str, Signature]:
    """The functions that a file declares; the file is parsed, not run."""
    declared = {}
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.FunctionDef):
            positional = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
            required = positional[: len(positional) - len(node.args.defaults)]
            keyword = [arg.arg for arg in node.args.kwonlyargs]
            needed = [
                name
                for name, default in zip(keyword, node.args.kw_defaults, strict=True)
                if default is None
            ]
            declared[node.name] = Signature(
                name=node.name,
                arguments=(*positional, *keyword),
                needed=(*required, *needed),
                returns=ast.unparse(node.returns) if node.returns is not None else "",
                text=f"{node.name}({ast.unparse(_bare(node.args))})",
            )
    return declared


def show_line(lines: list[str], number: int) -> tuple[str, ...]:
    """A line of a file after its place."""
    if not 1 <= number <= len(lines):
        return ()
    return (f"{place(lines, number)}: {lines[number - 1].strip()[:100]}",)


def lines_of(source: bytes) -> list[str]:
    """The lines of a source as Python numbers them: only ``\\n`` ends one."""
    return source.decode("utf-8", "replace").split("\n")


def _caret(error: SyntaxError, where: str) -> tuple[str, ...]:
    if not error.text or not error.lineno:
        return ()
    text = error.text.rstrip("\r\n").expandtabs(1)
    stripped = text.lstrip()
    at = max(0, (error.offset or 1) - 1 - (len(text) - len(stripped)))
    head = f"{where}: "
    return (head + stripped[:100], " " * (len(head) + min(at, 100)) + "^")


def _is_forbidden(node: ast.Attribute) -> bool:
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    return node.attr in FORBIDDEN_ATTRIBUTES or (owner, node.attr) == ("sys", "modules")


def _bare(arguments: ast.arguments) -> ast.arguments:
    """Arguments without their annotations."""
    copy = ast.parse(f"def f({ast.unparse(arguments)}): pass").body[0]
    assert isinstance(copy, ast.FunctionDef)
    for node in ast.walk(copy.args):
        if isinstance(node, ast.arg):
            node.annotation = None
    return copy.args
