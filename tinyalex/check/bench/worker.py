"""The worker process of a benchmark: one JSON request per line, one JSON answer per line.

Run as ``python -m tinyalex.check.bench.worker``. It ends with its standard input, even in the
middle of a computation: a worker never outlives the process that started it.
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
from dataclasses import asdict, replace
from typing import Any

from tinyalex.check.bench import memory
from tinyalex.check.bench.job import Job, Work
from tinyalex.errors import TinyalexError

WARM_UP = 2  # calls; the first call compiles kernels and allocates memory


class Worker:
    """Answers requests: each is a method of this class, with the request's fields as arguments."""

    def __init__(self) -> None:
        self._work: Work | None = None
        self._job: Job | None = None
        self._memory_before: int | None = None

    def setup(self, job: dict[str, Any]) -> dict[str, Any]:
        """Make the work to time; return its job, operations per image, device and trials."""
        wanted = Job(**job)
        side = _side(wanted)
        self._job, trials = _chosen(wanted)
        self._memory_before = memory.resident()
        self._work = side.work(self._job)
        memory.forget_peak()
        facts = {"flop_per_image": self._work.flop, "device": side.device(wanted)}
        return {"job": asdict(self._job), "trials": trials, **facts}

    def warm_up(self, least_seconds: float) -> int:
        """Warm up; return how many calls in a row take ``least_seconds``."""
        assert self._work is not None
        for _ in range(WARM_UP):
            seconds = self._work.seconds(1)
        return max(1, round(least_seconds / max(seconds, 1e-9)))

    def time(self, repeats: int) -> float:
        """Return the seconds per image."""
        assert self._work is not None
        return self._work.seconds(repeats) / self._work.images

    def memory(self) -> float | None:
        """Return the peak memory since the setup, minus that of the imports, in MiB."""
        peak, before = memory.peak(), self._memory_before
        return None if peak is None or before is None else max(0, peak - before) / memory.MIB

    def gpu_memory(self) -> float | None:
        """Return the GPU memory that the pool has allocated, in MiB; None on a CPU."""
        assert self._job is not None
        held: int | None = _side(self._job).gpu_memory(self._job)
        return None if held is None else held / memory.MIB

    def layers(self, job: dict[str, Any], passes: int) -> list[dict[str, Any]]:
        """Time each layer of a training step."""
        from tinyalex.check.bench import layer_times, torch_layer_times

        wanted = replace(Job(**job), task="train")
        if wanted.implementation == "torch":
            alone, _ = _chosen(replace(wanted, compile=False))
            return torch_layer_times.measure(alone, passes)
        return layer_times.measure(wanted, passes)

    def peaks(self, job: dict[str, Any]) -> dict[str, Any]:
        """Measure the device's peak rates."""
        from tinyalex.check.bench import ceilings

        return ceilings.measure(Job(**job))


def _chosen(job: Job) -> tuple[Job, list[dict[str, Any]]]:
    """PyTorch's job with its fastest settings, and what was tried; other jobs as they are."""
    if job.implementation != "torch" or job.settings:
        return job, []
    from tinyalex.check.bench import peer, torch_settings

    settings, trials = torch_settings.choose(job, peer.work)
    return replace(job, settings=settings), trials


def _side(job: Job) -> Any:
    """Import what an implementation needs, so that memory can be read afterwards."""
    if job.implementation == "torch":
        from tinyalex.check.bench import peer

        peer.prepare(job)
        return peer
    from tinyalex.check.bench import ours

    ours.backend_of(job)
    return ours


def answer(worker: Worker, request: dict[str, Any]) -> dict[str, Any]:
    """Carry out a request; return the result or the error."""
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
    # What libraries print must not mix with the answers.
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
    # Import it by name, so that its classes are not defined twice.
    importlib.import_module("tinyalex.check.bench.worker").main()
