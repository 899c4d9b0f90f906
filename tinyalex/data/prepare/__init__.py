"""Preparing: from archives, folders or shards of picture files to a packed data set.

source    find.py, official.py, classfolders.py, webdataset.py; tars.py, labels.py, matlab.py
picture   pictures.py
work      begin.py, work.py, run.py
"""

from __future__ import annotations

from tinyalex.data.prepare.find import find_source
from tinyalex.data.prepare.pictures import Form
from tinyalex.data.prepare.run import Progress, prepare

__all__ = ["Form", "Progress", "find_source", "prepare"]
