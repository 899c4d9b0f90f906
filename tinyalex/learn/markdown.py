"""A lesson's text for every reader: powers and products stay what they are.

CommonMark reads the stars of ``x**2 + y**2`` as bold text and drops them. Here a pair of ``**`` is
bold only around words: not after a letter, a number or a bracket, not before a letter or a number,
and not with a space inside. All other stars are shown.
"""

from __future__ import annotations

import re

_VERBATIM = re.compile(
    r"^ {4}.*$"  # a line of code
    r"|\\([*_`\[\]<>#\\])"  # a sign that is no markup
    r"|(`+)(?!`)(?:(?!\n\s*\n)[\s\S])+?(?<!`)\2(?!`)",  # code in a line
    re.MULTILINE,
)
_BOLD = re.compile(
    r"(?<![\w*)\]])\*\*(?=[^\s*])"  # opens
    r"((?:(?!\n\s*\n)[^*])+)"  # one paragraph
    r"(?<=[^\s*])\*\*(?![\w*])"  # closes
)
_STARS = re.compile(r"\*\*|(?<=\w)\*(?=\w)")  # a power; a product without spaces
_LINK = re.compile(r"\[([^]]+)\]\([^)]*\)")
_HEADING = re.compile(r"^(#+) +(.*)$", re.MULTILINE)
_HELD = re.compile("\ue000(\\d+)\ue001")


def escaped(text: str) -> str:
    r"""Markdown in which a CommonMark renderer keeps every star of a formula.

    Examples
    --------
    >>> print(escaped("**Now** x**2 + y**2, and `z**2`"))
    **Now** x\*\*2 + y\*\*2, and `z**2`
    """
    held: list[str] = []
    text = _VERBATIM.sub(lambda match: _hold(held, match[0]), text)
    text = _BOLD.sub(lambda match: f"{_hold(held, '**')}{match[1]}{_hold(held, '**')}", text)
    text = _STARS.sub(lambda match: match[0].replace("*", r"\*"), text)
    return _released(text, held)


def plain(text: str) -> str:
    """Markdown as plain text, with underlined headings.

    Examples
    --------
    >>> print(plain("## By hand\\n\\nUse `x**2`, **always**."))
    By hand
    -------
    <BLANKLINE>
    Use x**2, always.
    """
    held: list[str] = []
    text = _VERBATIM.sub(lambda match: _hold(held, _shown(match)), text)
    text = _LINK.sub(lambda match: match[1], _BOLD.sub(lambda match: match[1], text))
    return _HEADING.sub(_underlined, _released(text, held))


def _shown(match: re.Match[str]) -> str:
    """What a reader sees of code, or of a sign after a backslash."""
    return match[1] or (match[0] if match[2] is None else match[0].strip("`"))


def _underlined(match: re.Match[str]) -> str:
    return f"{match[2]}\n{('=' if match[1] == '#' else '-') * len(match[2])}"


def _hold(held: list[str], text: str) -> str:
    """A sign in place of text that later steps must not read."""
    held.append(text)
    return f"\ue000{len(held) - 1}\ue001"


def _released(text: str, held: list[str]) -> str:
    return _HELD.sub(lambda match: held[int(match[1])], text)
