"""Prepare a data set: read images from archives, folders or shards, and write packed records.

where images come from     find.py, imagenet.py, class_folders.py, webdataset.py, source.py
files that they lie in     tar.py, matlab.py
their labels               labels.py, label_order.py
one image to one record    convert.py
records to a data set      run.py, shard.py, destination.py, main_guard.py
"""

from __future__ import annotations

from tinyalex.data.prepare.convert import Form
from tinyalex.data.prepare.find import find_source
from tinyalex.data.prepare.run import Progress, prepare

__all__ = ["Form", "Progress", "find_source", "prepare"]
