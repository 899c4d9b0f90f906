"""Reading a file: errors of the operating system, and a limit on the size.

A file that the operating system does not let us read is not damaged: the two are told apart.
"""

from __future__ import annotations

import errno
import os
from typing import IO

from PIL import Image

from tinyalex.errors import DataError

LARGEST_FILE = 1 << 30  # bytes
TOO_MANY_OPEN = (errno.EMFILE, errno.ENFILE)
_TRY = {
    **dict.fromkeys((errno.EACCES, errno.EPERM), "check its permissions, and those of its folder"),
    errno.EMFILE: "allow more open files, with `ulimit -n 1024`",
    errno.ENFILE: "close other programs: the whole system has too many files open",
    errno.EIO: "check the disk or the network share that it is on",
    **dict.fromkeys(
        (errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN), "check the network share that it is on"
    ),
    errno.ENOMEM: "free some memory",
    errno.ELOOP: "check its links: they lead in a circle",
    errno.ENAMETOOLONG: "use a shorter path",
}


class AccessError(DataError):
    """The operating system does not let a file be read; nothing is known of its contents."""


def refusal(error: BaseException, where: object) -> AccessError | None:
    """The error to raise if the operating system refuses; None if the contents are wrong.

    Parameters
    ----------
    error : BaseException
        It, or one of its causes, is looked at.
    where : object
        The file, for the message.
    """
    prefix = f"{where}: " if where else ""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AccessError):
            return AccessError(prefix + cause.message, cause.hint)
        if isinstance(cause, OSError) and cause.errno in _TRY:
            reason = os.strerror(cause.errno)
            return AccessError(f"{prefix}cannot be read ({reason})", _TRY[cause.errno])
        cause = cause.__cause__
    return None


def cannot_read(error: OSError, path: object, hint: str = "") -> DataError:
    """The error for a file or folder that cannot be read: `refusal`, or one with ``hint``."""
    reason = error.strerror or str(error)
    return refusal(error, path) or DataError(f"{path}: cannot be read ({reason})", hint)


def content_of(image: Image.Image) -> bytes:
    """All bytes of an open image's file; raises DataError as `read_all`, or if it is closed."""
    file = getattr(image, "fp", None)
    if file is None:
        raise DataError("the file is closed")
    return read_all(file)


def read_all(file: IO[bytes]) -> bytes:
    """All bytes of an open file; raises DataError if they are more than `LARGEST_FILE`."""
    size = file.seek(0, 2)
    if size > LARGEST_FILE:
        raise DataError(f"a file of {size:,} bytes (at most {LARGEST_FILE:,})")
    file.seek(0)
    return file.read(size)
