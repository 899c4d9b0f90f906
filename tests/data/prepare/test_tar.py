"""The members of a tar archive, and what is refused."""

from __future__ import annotations

import io
import tarfile

import pytest

from tests.data.prepare.archives import tar, tar_with
from tinyalex.data.prepare.tar import Member, members, read_member
from tinyalex.errors import DataError

FILES = {"a.jpg": b"first", "folder/b.jpg": b"x" * 1000, "empty": b""}


def found(content: bytes, start: int = 0, end: int | None = None) -> list[Member]:
    return list(members(io.BytesIO(content), "some.tar", start, end))


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_are_found_at_their_offsets(format: int) -> None:
    files = FILES | {"long/" * 60 + "name \N{GREEK SMALL LETTER PI}.jpg": b"long"}
    if format == tarfile.USTAR_FORMAT:
        files = dict(FILES)
    content = tar(files, format)
    for member, (name, body) in zip(found(content), files.items(), strict=True):
        assert (member.name, member.size, member.refused) == (name, len(body), "")
        assert read_member(io.BytesIO(content), member.offset, member.size, "") == body


def test_an_archive_in_an_archive_is_read_in_place() -> None:
    outer = tar({"before.txt": b"?" * 700, "inner.tar": tar(FILES), "after": b"!"})
    inner = found(outer)[1]
    places = found(outer, inner.offset, inner.offset + inner.size)
    assert {m.name: outer[m.offset : m.offset + m.size] for m in places} == FILES


def test_a_size_beyond_eight_octal_digits_is_read() -> None:
    info = tarfile.TarInfo("huge.jpg")
    info.size = 9 << 30  # written in base 256
    header = info.tobuf(tarfile.GNU_FORMAT)
    with pytest.raises(DataError, match=r"9,663,676,416 bytes, 1,024 are left"):
        found(header + bytes(1024))


def test_a_cut_off_archive_is_refused_wherever_it_is_cut() -> None:
    whole = tar(FILES)
    content_end = whole.rstrip(b"\0")  # no byte of this may be missing
    for length in range(0, len(content_end), 37):
        with pytest.raises(DataError, match="cut off|empty archive|some.tar: damaged|not a tar"):
            found(whole[:length])


def test_a_negative_size_is_refused() -> None:
    info = tarfile.TarInfo("a.jpg")
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"\xff" * 10 + b"\xfe\x00"  # -512 in base 256
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    with pytest.raises(DataError, match="-512 bytes"):
        found(bytes(block) + bytes(1024))


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        (tarfile.SYMTYPE, "a.jpg", "a link"),
        (tarfile.LNKTYPE, "a.jpg", "a link"),
        (tarfile.CHRTYPE, "a.jpg", "a device"),
        (tarfile.BLKTYPE, "a.jpg", "a device"),
        (tarfile.FIFOTYPE, "a.jpg", "a device"),
        (b"Z", "a.jpg", "unknown type"),
        (tarfile.REGTYPE, "../a.jpg", "points outside"),
        (tarfile.REGTYPE, "x/../../a.jpg", "points outside"),
        (tarfile.REGTYPE, "/etc/a.jpg", "points outside"),
        (tarfile.REGTYPE, "C:\\a.jpg", "points outside"),
        (tarfile.REGTYPE, "..\\a.jpg", "points outside"),
    ],
)
def test_links_devices_and_outside_names_are_refused(kind: bytes, name: str, reason: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    (member,) = found(tar_with(info))
    assert reason in member.refused


def test_a_sparse_member_is_refused() -> None:
    info = tarfile.TarInfo("a.jpg")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.realsize": "1000000000"}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    (member,) = found(stream.getvalue())
    assert member.refused == "a sparse member"


def test_folders_are_left_out() -> None:
    info = tarfile.TarInfo("folder")
    info.type = tarfile.DIRTYPE
    assert found(tar_with(info)) == []


def test_a_compressed_archive_is_refused_as_such() -> None:
    import gzip

    with pytest.raises(DataError, match="a compressed archive"):
        found(gzip.compress(tar(FILES)))
    with pytest.raises(DataError, match="not a tar archive"):
        found(b"just text" * 100)


@pytest.mark.parametrize("record", [b"9999999 path=a\n", b"12 path\n", b"0 path=a\n", b"x"])
def test_a_damaged_pax_header_is_refused(record: bytes) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, len(record)
    with pytest.raises(DataError, match="damaged pax header"):
        found(tar_with(info, record))


@pytest.mark.parametrize("size", ["-5", "1e3", "9" * 30])
def test_a_pax_header_cannot_lie_about_size(size: str) -> None:
    record = b"%d size=%s\n" % (len(size) + 9, size.encode())
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, len(record)
    with pytest.raises(DataError, match="damaged pax header|a member of size"):
        found(tar_with(info, record))


def test_a_hole_is_not_read_as_the_archives_end() -> None:
    content = bytearray(tar(FILES))
    second = found(bytes(content))[1].offset - 512
    content[second : second + 512] = bytes(512)
    with pytest.raises(DataError, match=f"a hole at byte {second:,}: zeros, then data"):
        found(bytes(content))
