"""The parts of the campaign: each runs in a process of its own."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.campaign import disk, hostile, limits, signals, workers

PARTS = {
    "signals": signals,
    "disk": disk,
    "limits": limits,
    "hostile": hostile,
    "workers": workers,
}


def run(part: str, times: int, seed: int) -> int:
    """Run one part and print its outcomes; gives how many promises broke."""
    began = time.monotonic()
    outcomes: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        for tried, outcome in PARTS[part].campaign(Path(folder), times, seed):
            outcomes[tried, outcome] += 1
            if outcome.startswith("BROKEN"):
                print(f"{tried}: {outcome}", flush=True)
    lines = [f"\n{part}: {outcomes.total():,} tries, {time.monotonic() - began:.0f} s"]
    kept = {what: n for what, n in outcomes.items() if not what[1].startswith("BROKEN")}
    lines += [f"{kept[what]:>7,}  {': '.join(what)}" for what in sorted(kept)]
    print("\n".join(lines), flush=True)
    return outcomes.total() - sum(kept.values())
