"""Timing the training steps of a run."""

from __future__ import annotations

import time


class StepClock:
    """``seconds`` of a run's training steps in all its processes, without tests and checkpoints.

    The first step of a process compiles: it is counted as fast as the steps after it.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.warm = False
        self._untimed = 0  # images of steps whose time is lost
        self._first_images, self._first_seconds = 0, 0.0
        self._images, self._since = 0, time.perf_counter()

    def start(self, images: int) -> None:
        """Start measuring; ``images`` were trained on before."""
        self._images, self._since = images, time.perf_counter()

    def go_on(self, seconds: float | None, images: int) -> None:
        """Continue from ``seconds`` that ``images`` took before; None if the time is lost."""
        self.seconds = 0.0 if seconds is None else seconds
        self._untimed = images if seconds is None else 0

    def set_first_step_apart(self, images: int) -> None:
        """Call this once, after the first step of the process."""
        self.warm = True
        self._first_images = images - self._images
        self._first_seconds = time.perf_counter() - self._since
        self.start(images)

    def count(self, images: int) -> None:
        """Add the seconds since the last call; ``images`` were trained on until now."""
        since, new = time.perf_counter() - self._since, images - self._images
        self.seconds += since
        if self._first_images and new:
            self.seconds += since / new * self._first_images
            self._first_images, self._first_seconds = 0, 0.0
        self.start(images)

    def speed(self, images: int) -> float:
        """Images per second, for ``images`` in all; a single step counts with its own time."""
        return (images - self._untimed) / max(self.seconds + self._first_seconds, 1e-9)
