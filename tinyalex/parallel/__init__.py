"""One network on several workers, each with a part of its filters: towers, and the hybrid."""

from tinyalex.parallel.part import Part, own, split, whole

__all__ = ["Part", "own", "split", "whole"]
