"""The process in which a contestant computes: one JSON request a line, one JSON answer a line.

Run as ``python -m tinyalex.check.bench.worker``. It ends when its standard input does, even in
the middle of a computation: a worker never outlives the process that started it.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tinyalex.check.bench import memory
from tinyalex.check.bench.job import Job, Work
from tinyalex.errors import TinyalexError

WARM_UP = 2  # calls; the first one compiles kernels and fetches memory from the system


class Worker:
    """Answers requests, each a method of this class with the request's fields."""

    def __init__(self) -> None:
        self._work: Work | None = None
        self._job: Job | None = None
        self._memory_before: int | None = None

    def setup(self, job: dict[str, Any]) -> dict[str, Any]:
        """Build what is timed; returns its operations, and what the contestant runs on."""
        self._job = wanted = Job(**job)
        side = _side(wanted)
        self._memory_before = memory.resident()
        self._work = side.work(wanted)
        memory.forget_peak()
        return {"flop_per_image": self._work.flop, "device": side.device(wanted)}

    def warm_up(self, least_seconds: float) -> int:
        """Run a few times; returns how many calls in a row last ``least_seconds``."""
        assert self._work is not None
        for _ in range(WARM_UP):
            seconds = self._work.seconds(1)
        return max(1, round(least_seconds / max(seconds, 1e-9)))

    def time(self, repeats: int) -> float:
        """Seconds an image."""
        assert self._work is not None
        return self._work.seconds(repeats) / self._work.images

    def memory(self) -> float | None:
        """MiB held at most since the setup, beyond what the imports needed."""
        peak, before = memory.peak(), self._memory_before
        return None if peak is None or before is None else (peak - before) / memory.MIB

    def gpu_memory(self) -> float | None:
        """MiB of GPU memory that the contestant's pool took since its start; None on a CPU."""
        assert self._job is not None
        held: int | None = _side(self._job).gpu_memory(self._job)
        return None if held is None else held / memory.MIB

    def choose(self, job: dict[str, Any]) -> dict[str, bool]:
        """Find PyTorch's fastest settings."""
        from tinyalex.check.bench import peer

        wanted = Job(**job)
        peer.prepare(wanted)
        return peer.choose(wanted)

    def layers(self, job: dict[str, Any], passes: int) -> list[dict[str, Any]]:
        """Time each layer of a training step."""
        from tinyalex.check.bench import layer_times, torch_layer_times

        wanted = replace(Job(**job), task="train")
        if wanted.contestant == "torch":
            return torch_layer_times.measure(wanted, passes)
        return layer_times.measure(wanted, passes)

    def peaks(self, job: dict[str, Any]) -> dict[str, Any]:
        """Measure what the device can do at most."""
        from tinyalex.check.bench import ceilings

        return ceilings.measure(Job(**job))


def _side(job: Job) -> Any:
    """Import what a contestant needs, so that memory can be read after it."""
    if job.contestant == "torch":
        from tinyalex.check.bench import peer

        peer.prepare(job)
        return peer
    from tinyalex.check.bench import ours

    ours.backend_of(job)
    return ours


def answer(worker: Worker, request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request asks; an error becomes an answer too."""
    method: Callable[..., Any] = getattr(worker, request.pop("do"))
    try:
        return {"ok": method(**request)}
    except TinyalexError as error:
        return {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    except MemoryError as error:
        return {"error": "MemoryError", "message": str(error), "hint": ""}
    except Exception as error:
        if "out of memory" in str(error).lower() or "can't allocate memory" in str(error):
            return {"error": "MemoryError", "message": str(error).split("\n")[0], "hint": ""}
        return {"error": "Exception", "message": traceback.format_exc(), "hint": ""}


def main() -> None:
    """Answer requests until standard input ends."""
    # Whatever a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            requests.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    worker = Worker()
    while True:
        reply = answer(worker, json.loads(requests.get()))
        try:
            answers.write(json.dumps(reply) + "\n")
            answers.flush()
        except BrokenPipeError:
            os._exit(0)


if __name__ == "__main__":
    # Under its own name, so that a class is not defined twice.
    importlib.import_module("tinyalex.check.bench.worker").main()
