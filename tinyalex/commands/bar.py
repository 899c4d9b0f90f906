"""A progress bar that leaves nothing where it is not shown."""

from __future__ import annotations

from rich.progress import Progress


class Bar(Progress):
    """Rich's bar; one that is not shown ends without the empty line of Rich before 14.3."""

    def stop(self) -> None:
        """End it."""
        if not self.disable:
            super().stop()
