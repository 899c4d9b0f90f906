"""Damage pictures, archives and packed data sets at random, thousands of times.

    python docs/results/fuzz/damage.py COUNT [SEED]

Prints how often which outcome came. Ends with an error at the first case that crashes, hangs or
loses a picture without a word.
"""

from __future__ import annotations

import platform
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import PIL

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.data.prepare.damage import hunt  # noqa: E402


def main() -> None:
    """Hunt, and print what was met."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    warnings.simplefilter("ignore")
    outcomes: Counter[str] = Counter()
    longest, began = 0.0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for found, seconds in hunt(Path(folder), count, seed):
            outcomes += found
            longest = max(longest, seconds)
    print(
        f"{sum(outcomes.values()):,} damaged pictures, archives and packed data sets, seed {seed}:"
        f" no crash, no hang, no silent loss"
    )
    for outcome, times in sorted(outcomes.items()):
        print(f"{times:>7,}  {outcome}")
    print(f"longest {longest:.2f} s, together {time.monotonic() - began:.0f} s")
    versions = f"Python {platform.python_version()}, Pillow {PIL.__version__}"
    print(f"{versions}, NumPy {np.__version__}")


if __name__ == "__main__":
    main()
