"""A child's memory seen from outside, for systems that keep no limit by themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def must_be_polled() -> bool:
    """Linux keeps the limit itself (RLIMIT_AS); macOS and Windows do not."""
    return not sys.platform.startswith("linux")


def of(process: int) -> int:
    """Bytes of memory that a process holds at this moment; 0 if it is gone or nobody says."""
    try:
        if sys.platform.startswith("linux"):
            import resource

            pages = Path(f"/proc/{process}/statm").read_text().split()[1]
            return int(pages) * resource.getpagesize()
        if sys.platform == "win32":
            return _on_windows(process)
        command = ["ps", "-o", "rss=", "-p", str(process)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return int(done.stdout or 0) << 10
    except (OSError, ValueError):
        return 0


def _on_windows(process: int) -> int:
    """Read a line like ``"python.exe","4711","Console","1","51,240 K"``."""
    command = ["tasklist", "/FI", f"PID eq {process}", "/FO", "CSV", "/NH"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = done.stdout.strip().rpartition(',"')[2]
    return int("".join(letter for letter in last if letter.isdecimal()) or 0) << 10
