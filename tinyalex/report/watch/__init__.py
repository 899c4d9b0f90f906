"""A page that follows a training while it runs: its server, and what it reads of the run."""

from tinyalex.report.watch.server import Watcher

__all__ = ["Watcher"]
