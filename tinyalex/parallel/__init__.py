"""One network on several workers, each with a part of its filters: towers, and the hybrid."""

from tinyalex.parallel.part import KINDS, Part, split

__all__ = ["KINDS", "Part", "split"]
