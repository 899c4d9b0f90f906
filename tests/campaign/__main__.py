"""Runs the parts of the campaign, and prints how often which outcome came."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

from tests.campaign.parts import PARTS, run


def main() -> int:
    """Run the parts that the command line names, as many at a time as there are cores.

    Most of their time passes while one command after the other starts, which one core does.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.campaign")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--times", type=int, default=1, help="how often each is tried")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    processes = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), processes) as pool:
        parts = options.parts or PARTS
        broken = sum(pool.map(run, parts, repeat(options.times), repeat(options.seed)))
    print(f"\n{broken} broken. Python {platform.python_version()}, seed {options.seed}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
