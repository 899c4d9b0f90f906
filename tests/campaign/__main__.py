"""Runs the parts of the campaign, and prints how often which outcome came."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.campaign import disk, hostile, limits, signals

PARTS = {"signals": signals, "disk": disk, "limits": limits, "hostile": hostile}


def main() -> int:
    """Run the parts that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--times", type=int, default=1, help="how often each is tried")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    broken = 0
    for part in options.parts or PARTS:
        began = time.monotonic()
        outcomes: Counter[tuple[str, str]] = Counter()
        with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
            for tried, outcome in PARTS[part].campaign(Path(folder), options.times, options.seed):
                outcomes[tried, outcome] += 1
                if outcome.startswith("BROKEN"):
                    broken += 1
                    print(f"{tried}: {outcome}", flush=True)
        print(f"\n{part}: {sum(outcomes.values()):,} tries, {time.monotonic() - began:.0f} s")
        for (tried, outcome), times in sorted(outcomes.items()):
            if not outcome.startswith("BROKEN"):
                print(f"{times:>7,}  {tried}: {outcome}", flush=True)
    print(f"\n{broken} broken. Python {platform.python_version()}, seed {options.seed}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
