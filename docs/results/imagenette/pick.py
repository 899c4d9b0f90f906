"""Pick the 5,000 pictures of these runs from a copy of the public collection.

``python docs/results/imagenette/pick.py DOWNLOADED imagenette`` copies them; README.md beside this
file says from where to download.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import sys
from pathlib import Path

LIST = Path(__file__).with_name("pictures.txt.gz")
# SHA-256 of the SHA-256s of all pictures, in the order of the list.
CONTENTS = "07a2c9d54a721b4805276883599e0d17cc0eedaed16cd674abae0712ab0b0e0e"


def names() -> list[str]:
    """``train/SYNSET/NAME.JPEG`` and ``val/SYNSET/NAME.JPEG``, sorted."""
    return gzip.decompress(LIST.read_bytes()).decode().split()


def pick(source: Path, target: Path) -> str:
    """Copy the pictures of the list; gives the checksum of their contents."""
    wanted = names()
    if missing := [name for name in wanted if not (source / name).is_file()]:
        raise SystemExit(
            f"{source}: {len(missing):,} of {len(wanted):,} pictures are missing, such as "
            f"{missing[0]}\nTry: the whole collection; README.md beside this script says where"
        )
    if target.exists():
        raise SystemExit(f"{target}: is there already\nTry: the name of a new folder")
    contents = hashlib.sha256()
    for name in wanted:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target / name)
        contents.update(hashlib.sha256((target / name).read_bytes()).digest())
    return contents.hexdigest()


def main(words: list[str]) -> str:
    """Pick, and say whether these are the pictures of the runs, byte by byte."""
    if len(words) != 2:
        raise SystemExit("Usage: python docs/results/imagenette/pick.py DOWNLOADED NEW_FOLDER")
    same = pick(*map(Path, words)) == CONTENTS
    return (
        f"{words[1]}: the same pictures as in the runs, byte by byte"
        if same
        else f"{words[1]}: pictures of the same names, but other bytes: the figures will differ"
    )


if __name__ == "__main__":
    print(main(sys.argv[1:]))
