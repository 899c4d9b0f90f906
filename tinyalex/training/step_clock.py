"""How long the training steps of a run took."""

from __future__ import annotations

import time


class StepClock:
    """Seconds of training steps, without tests and checkpoints.

    The first step of a process compiles: it counts as if it had been as fast as those after it.

    Attributes
    ----------
    seconds : float
        Of all steps counted so far, in all processes that worked on the run.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.warm = False
        self._untimed = 0  # images of steps that nobody knows the time of
        self._first_images, self._first_seconds = 0, 0.0
        self._images, self._since = 0, time.perf_counter()

    def start(self, images: int) -> None:
        """Begin to measure; ``images`` have been trained on before."""
        self._images, self._since = images, time.perf_counter()

    def go_on(self, seconds: float | None, images: int) -> None:
        """Take over what was counted before, in ``images``; None if that was lost."""
        self.seconds = 0.0 if seconds is None else seconds
        self._untimed = images if seconds is None else 0

    def set_first_step_apart(self, images: int) -> None:
        """Call this once, when the first step of the process is done."""
        self.warm = True
        self._first_images = images - self._images
        self._first_seconds = time.perf_counter() - self._since
        self.start(images)

    def count(self, images: int) -> None:
        """Add the seconds since the last call; ``images`` have been trained on by now."""
        since, new = time.perf_counter() - self._since, images - self._images
        self.seconds += since
        if self._first_images and new:
            self.seconds += since / new * self._first_images
            self._first_images, self._first_seconds = 0, 0.0
        self.start(images)

    def speed(self, images: int) -> float:
        """Images a second of ``images`` in all; a single step counts as it was."""
        return (images - self._untimed) / max(self.seconds + self._first_seconds, 1e-9)
