"""Preparing: from archives, folders or shards of picture files to a packed data set.

source    find.py, imagenet.py, class_folders.py, webdataset.py; tar.py, labels.py, matlab.py
picture   convert.py
work      destination.py, shard.py, run.py
"""

from __future__ import annotations

from tinyalex.data.prepare.convert import Form
from tinyalex.data.prepare.find import find_source
from tinyalex.data.prepare.run import Progress, prepare

__all__ = ["Form", "Progress", "find_source", "prepare"]
