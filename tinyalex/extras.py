"""How to install an extra of this very package: from the clone or from the wheel's file.

tinyalex is on no package index, so no hint may say ``pip install tinyalex``: a package of this name
there would be somebody else's.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

PACKAGE = Path(__file__).resolve().parent


def install(extra: str = "") -> str:
    """The command that installs an extra, such as ``lessons``; without one, the package again."""
    wanted = f"[{extra}]" if extra else ""
    root = PACKAGE.parent
    if (root / "pyproject.toml").is_file():  # a clone; site-packages has none
        return f'pip install -e "{root}{wanted}"'
    return f'pip install "{_wheel()}{wanted}"'


def _wheel() -> str:
    """The file that this package was installed from, or its usual name if that is not known."""
    import importlib.metadata

    name = ""
    try:
        package = importlib.metadata.distribution("tinyalex")
        name = f"./tinyalex-{package.version}-py3-none-any.whl"
        url = str(json.loads(package.read_text("direct_url.json") or "{}").get("url", ""))
    except (importlib.metadata.PackageNotFoundError, ValueError, AttributeError):
        url = ""
    path = Path(unquote(urlsplit(url).path))
    if path.suffix != ".whl":
        return name or "./tinyalex-VERSION-py3-none-any.whl"
    return str(path) if path.is_file() else f"./{path.name}"
