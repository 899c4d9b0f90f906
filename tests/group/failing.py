"""`tinyalex` whose rank 1 fails in a training step: ``failing.py KIND STEP train ...``.

Without rank, as the program that starts the workers: ``failing.py launch N KIND STEP train ...``.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

KINDS = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "raise": lambda: {}["no such key"],
    "exit": lambda: os._exit(3),
    "sys.exit": lambda: sys.exit(4),
    "memory": lambda: bytearray(1 << 60),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "hang": lambda: time.sleep(1000),
}


def main() -> None:
    if sys.argv[1] == "launch":
        from tinyalex.group.launch import launch

        sys.exit(launch(int(sys.argv[2]), sys.argv[3:], [__file__]))

    kind, step, *rest = sys.argv[1:]
    sys.argv[1:] = rest
    from tinyalex.training import loop
    from tinyalex.training.gradients import BatchGradients

    compute = BatchGradients.compute
    steps = 0

    def fails(self: Any, *arguments: Any) -> None:
        nonlocal steps
        steps += 1
        if self.group.rank == 1 and steps == int(step):
            if kind == "nan":
                next(self.model.parameters())[...] *= float("nan")
            else:
                KINDS[kind]()
        compute(self, *arguments)

    loop.BatchGradients.compute = fails  # type: ignore[method-assign]
    from tinyalex.__main__ import main as tinyalex

    tinyalex()


if __name__ == "__main__":
    main()
