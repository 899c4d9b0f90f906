"""Reading a file: errors of the operating system, and a limit on the size."""

from __future__ import annotations

import errno
import os
from typing import IO

from PIL import Image

from tinyalex.errors import DataError

TOO_MANY_OPEN = (errno.EMFILE, errno.ENFILE)
_TRY = {
    errno.EACCES: "check its permissions, and those of its folder",
    errno.EPERM: "check its permissions, and those of its folder",
    errno.EMFILE: "let more files be open, with `ulimit -n 1024`",
    errno.ENFILE: "close other programs: the whole system has too many files open",
    errno.EIO: "check the disk or the network share that it lies on",
    errno.ESTALE: "check the network share that it lies on",
    errno.ETIMEDOUT: "check the network share that it lies on",
    errno.ENOTCONN: "check the network share that it lies on",
    errno.ENOMEM: "free some memory",
    errno.ELOOP: "check its links: they lead in a circle",
    errno.ENAMETOOLONG: "a shorter path",
}


class AccessError(DataError):
    """The operating system does not let a file be read; nothing is known of its contents."""


def refusal(error: BaseException, where: object) -> AccessError | None:
    """The error to raise if it is the system that refuses; None if it is about the contents.

    Parameters
    ----------
    error : BaseException
        It, or an error that it came from.
    where : object
        The file, for the message.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AccessError):
            return AccessError(f"{where}: {cause.message}" if where else cause.message, cause.hint)
        if isinstance(cause, OSError) and cause.errno in _TRY:
            reason = os.strerror(cause.errno)
            text = f"{where}: cannot be read ({reason})" if where else f"cannot be read ({reason})"
            return AccessError(text, _TRY[cause.errno])
        cause = cause.__cause__
    return None


LARGEST_FILE = 1 << 30  # bytes


def content_of(image: Image.Image) -> bytes:
    """All bytes of an open picture that is not decoded yet; raises DataError if they are many."""
    file = getattr(image, "fp", None)
    if file is None:
        raise DataError("the file is closed")
    return read_all(file)


def read_all(file: IO[bytes]) -> bytes:
    """All bytes of an open file; raises DataError if they are many."""
    size = file.seek(0, 2)
    if size > LARGEST_FILE:
        raise DataError(f"a file of {size:,} bytes (at most {LARGEST_FILE:,})")
    file.seek(0)
    return file.read(size)
