"""Start, ask and end the worker processes of a benchmark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import tinyalex
from tinyalex import errors
from tinyalex.errors import RunError, TinyalexError

_PACKAGE_ROOT = str(Path(tinyalex.__file__).resolve().parents[1])

# How long an OpenMP thread spins before it sleeps is left at each library's default: a library
# that must sleep at once (OMP_WAIT_POLICY=PASSIVE) loses up to a third of its speed on small
# layers, and by default idle threads sleep within milliseconds.
_WAITING = ("OMP_WAIT_POLICY", "KMP_BLOCKTIME", "GOMP_SPINCOUNT")
_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerProcess:
    """A worker process, running from its creation until `close`.

    ``name`` is for messages; ``threads`` are those of its OpenMP and BLAS libraries.
    """

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        path = os.pathsep.join(filter(None, [_PACKAGE_ROOT, os.environ.get("PYTHONPATH", "")]))
        environment = {key: value for key, value in os.environ.items() if key not in _WAITING}
        environment |= {**dict.fromkeys(_COUNTS, str(threads)), "PYTHONPATH": path}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tinyalex.check.bench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
            start_new_session=True,  # Ctrl-C reaches only us, and we end the worker
        )

    def ask(self, do: str, **request: Any) -> Any:
        """Send a request and wait for the answer.

        Raises
        ------
        TinyalexError
            The worker raised it; RunError if the worker has ended.
        MemoryError
            The worker ran out of memory.
        RuntimeError
            Any other error of the worker.
        """
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            status = self.process.wait()
            raise RunError(
                f"bench: the worker process of {self.name} died (status {status})",
                "if the system was out of memory: a smaller --batch-size",
            )
        reply = json.loads(line)
        if "ok" in reply:
            return reply["ok"]
        kind, message = reply["error"], reply["message"]
        if kind == "MemoryError":
            raise MemoryError(f"{self.name}: {message}" if message else self.name)
        error = getattr(errors, kind, None)
        if isinstance(error, type) and issubclass(error, TinyalexError):
            raise error(message, reply["hint"])
        raise RuntimeError(f"bench: {self.name} failed:\n{message}")

    def close(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # a request that it never read

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
