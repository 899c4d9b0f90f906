"""`tinyalex train` of which one rank fails.

``failing.py launch N RANK KIND MOMENT train ...`` starts N workers; rank RANK fails in the way KIND
when it does the MOMENT-th thing: the first is to load the data, the others are steps and tests.
Without ``launch N`` it is one of these workers.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
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

        timeout = float(sys.argv[sys.argv.index("--timeout") + 1])
        sys.exit(launch(int(sys.argv[2]), sys.argv[3:], [__file__], timeout))

    rank, kind, moment, *rest = sys.argv[1:]
    sys.argv[1:] = rest
    if rank == os.environ["PMI_RANK"]:
        fail_in(kind, int(moment))
    from tinyalex.__main__ import main as tinyalex

    tinyalex()


def fail_in(kind: str, moment: int) -> None:
    from tinyalex.training import engine, setup

    done = 0

    def failing(work: Callable[..., Any]) -> Callable[..., Any]:
        def fails(first: Any, *arguments: Any) -> Any:
            nonlocal done
            done += 1
            if done == moment:
                Path("failed").touch()
                if kind == "nan":  # of the network: before a step, or before a test
                    model = getattr(first, "model", first)
                    next(model.parameters())[...] *= float("nan")
                else:
                    KINDS[kind]()
            return work(first, *arguments)

        return fails

    setup.load_dataset = failing(setup.load_dataset)
    engine.score = failing(engine.score)
    engine.BatchGradients.compute = failing(engine.BatchGradients.compute)  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
