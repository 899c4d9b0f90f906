"""The processes that train one network together: who they are, and how they add up gradients."""

from tinyalex.group.base import Alone, Group, GroupError
from tinyalex.group.shards import Shards

__all__ = ["Alone", "Group", "GroupError", "Shards"]
