"""Draw docs/pictures/report.png: the upper part of a run's report, as a browser shows it.

Run ``tinyalex train`` and ``tinyalex report runs/tiny-digits-seed0``, then
``python -m docs.pictures.report runs/tiny-digits-seed0`` from the repository's root. It needs the
extra ``test-browser``, and Chromium with its driver.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image

from tests.browser import browser

OUT = Path(__file__).parent / "report.png"
WIDTH, HEIGHT = 1120, 1276  # CSS pixels: down to the end of the curves
COLOURS = 128  # of the picture: text and curves need no more


def main(run: Path) -> None:
    with browser() as window:
        window.open(run / "report.html", width=WIDTH, height=HEIGHT)
        window.run("document.documentElement.style.overflow = 'hidden'")  # no scroll bar
        picture = Image.open(io.BytesIO(window.driver.get_screenshot_as_png()))
    picture.convert("RGB").quantize(COLOURS).save(OUT, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
