"""CIFAR-10's binary version: a few artificial records, and the real data set."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.data.pictures import Host, noise
from tinyalex import data
from tinyalex.data import cifar
from tinyalex.errors import DataError

FEW = 6  # records a file in the made-up sets


@pytest.fixture(autouse=True)
def few_records(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "real_cifar" not in request.fixturenames:
        monkeypatch.setattr(cifar, "RECORDS", FEW)


def records(seed: int) -> bytes:
    """A file of the binary version: label, red plane, green plane, blue plane."""
    labels = np.random.default_rng(seed).integers(0, 10, (FEW, 1), dtype=np.uint8)
    return np.concatenate([labels, noise((FEW, 3072), seed)], axis=1).tobytes()


CONTENT = {name: records(seed) for seed, name in enumerate(cifar.FILES)}


def write_folder(folder: Path, content: dict[str, bytes] = CONTENT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in content.items():
        (folder / name).write_bytes(value)
    return folder


def archive(members: Iterable[tuple[str, bytes | tarfile.TarInfo]], mode: str = "w:gz") -> bytes:
    """A tar file of regular files, or of other members."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as tar:  # type: ignore[call-overload]
        for name, value in members:
            if isinstance(value, tarfile.TarInfo):
                tar.addfile(value)
            else:
                member = tarfile.TarInfo(name)
                member.size = len(value)
                tar.addfile(member, io.BytesIO(value))
    return stream.getvalue()


def official(content: dict[str, bytes] = CONTENT) -> list[tuple[str, bytes | tarfile.TarInfo]]:
    return [(f"{cifar.FOLDER}/{name}", value) for name, value in content.items()]


def all_images(dataset: data.Dataset) -> Host:
    return np.concatenate(
        [split.images(np.arange(len(split))) for split in (dataset.train, dataset.test)]
    )


def test_records_become_images_pixel_by_pixel(tmp_path: Path) -> None:
    dataset = data.load("cifar10", root=write_folder(tmp_path))
    for n, row, column, channel in [(0, 0, 0, 0), (7, 3, 30, 2), (29, 31, 1, 1), (35, 8, 9, 0)]:
        file = CONTENT[cifar.FILES[n // FEW]]
        record = file[n % FEW * 3073 :]
        split, i = (dataset.train, n) if n < 5 * FEW else (dataset.test, n - 5 * FEW)
        assert split.labels[i] == record[0]
        pixel = split.images(np.array([i]))[0, row, column, channel]
        assert pixel == record[1 + 1024 * channel + 32 * row + column]


@pytest.mark.parametrize("place", ["folder", "above", "archive", "above the archive", "tar"])
def test_all_forms_of_the_data_give_the_same_data_set(tmp_path: Path, place: str) -> None:
    wanted = data.load("cifar10", root=write_folder(tmp_path / "wanted"))
    target = tmp_path / "got"
    if place in ("folder", "above"):
        folder = write_folder(target / cifar.FOLDER)
        target = folder if place == "folder" else target
    else:
        target.mkdir()
        path = target / (cifar.ARCHIVE if place != "tar" else "any.tar")
        path.write_bytes(archive(official(), "w" if place == "tar" else "w:gz"))
        target = target if place == "above the archive" else path
    got = data.load(target)
    assert got.name == "cifar10" and got.fingerprint == wanted.fingerprint
    np.testing.assert_array_equal(all_images(got), all_images(wanted))


def test_the_environment_variable_names_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path / cifar.FOLDER)
    monkeypatch.setenv("TINYALEX_DATA", str(tmp_path))
    assert len(data.load("cifar10").train) == 5 * FEW


@pytest.mark.parametrize("form", ["folder", "above", "archive"])
def test_cifar100_has_its_fine_classes(tmp_path: Path, form: str) -> None:
    fine = np.random.default_rng(3).permutation(100)[: 6 * FEW].astype(np.uint8)
    pixels = noise((6 * FEW, 3072), 5)
    coarse = np.full((6 * FEW, 1), 250, np.uint8)  # not looked at
    rows = np.concatenate([coarse, fine[:, None], pixels], axis=1)
    names = [f"class_{i:02d}" for i in range(100)]
    content = {
        "train.bin": rows[: 5 * FEW].tobytes(),
        "test.bin": rows[5 * FEW :].tobytes(),
        "fine_label_names.txt": "\n".join(names).encode() + b"\n\n",
        "coarse_label_names.txt": b"fish\n",
    }
    place = write_folder(tmp_path / "cifar-100-binary", content)
    if form == "archive":
        place = tmp_path / "cifar-100-binary.tar.gz"
        place.write_bytes(archive([(f"cifar-100-binary/{n}", c) for n, c in content.items()]))
    dataset = data.load(tmp_path if form == "above" else place)
    assert dataset.name == "cifar100" and dataset.classes == names
    assert [*dataset.train.labels, *dataset.test.labels] == fine.tolist()
    wanted = pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(all_images(dataset), wanted)


def test_cifar100_with_other_names_or_sizes_is_refused(tmp_path: Path) -> None:
    content = {"train.bin": b"", "test.bin": b"", "fine_label_names.txt": b"a\nb\n"}
    folder = write_folder(tmp_path, content)
    with pytest.raises(DataError, match="train.bin: 92,220 bytes expected .got 0"):
        data.load(folder)
    for name, count in (("train.bin", 5 * FEW), ("test.bin", FEW)):
        (folder / name).write_bytes(bytes(count * 3074))
    with pytest.raises(DataError, match="must name 100 classes .got 2"):
        data.load(folder)


@pytest.mark.parametrize("batches", [["data_batch_1", "test_batch"], ["train", "test", "meta"]])
def test_the_python_versions_are_named_and_never_opened(tmp_path: Path, batches: list[str]) -> None:
    name = "cifar-10-batches-py" if "test_batch" in batches else "cifar-100-python"
    write_folder(tmp_path / name, dict.fromkeys(batches, b"cos\nsystem\n"))
    for place in (tmp_path, tmp_path / name):
        with pytest.raises(DataError, match=r"Python version, .*pickles[\s\S]*Try: the binary"):
            data.load(place)
    with pytest.raises(DataError, match="Python version"):
        data.load("cifar10", root=tmp_path)


def test_a_missing_data_set_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not found at[\\s\\S]*Try: tinyalex data download"):
        data.load("cifar10", root=tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (write_folder(tmp_path) / "data_batch_3.bin").unlink()
    with pytest.raises(DataError, match="data_batch_3.bin is missing"):
        data.load("cifar10", root=tmp_path)


@pytest.mark.parametrize("size", [0, FEW * 3073 - 1, FEW * 3073 + 1])
def test_a_file_of_another_size_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    (write_folder(tmp_path) / "test_batch.bin").write_bytes(bytes(size))
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))
    with pytest.raises(DataError, match=f"test_batch.bin: 18,438 bytes expected .got {size:,}"):
        data.load("cifar10", root=tmp_path)


@pytest.mark.parametrize("label", [10, 255])
def test_a_label_above_9_is_refused_with_file_and_image(tmp_path: Path, label: int) -> None:
    content = bytearray(CONTENT["data_batch_2.bin"])
    content[3073 * 4] = label
    write_folder(tmp_path, {**CONTENT, "data_batch_2.bin": bytes(content)})
    with pytest.raises(DataError, match=f"data_batch_2.bin: label {label} of image 4"):
        data.load("cifar10", root=tmp_path)


def link(kind: bytes, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(f"{cifar.FOLDER}/test_batch.bin")
    member.type, member.linkname = kind, target
    return member


def without(name: str) -> dict[str, bytes]:
    return {key: value for key, value in CONTENT.items() if key != name}


BAD_ARCHIVES = {
    "not a tar": (b"not an archive at all", "not a whole .tar.gz"),
    "empty": (b"", "not a whole .tar.gz"),
    "cut off": (archive(official())[:-4000], "not a whole .tar.gz"),
    "member missing": (archive(official(without("test_batch.bin"))), "test_batch.bin missing"),
    "member twice": (
        archive([*official(), (f"{cifar.FOLDER}/test_batch.bin", CONTENT["test_batch.bin"])]),
        "test_batch.bin is there twice",
    ),
    "another size": (
        archive(official({**CONTENT, "test_batch.bin": bytes(5)})),
        "18,438 bytes expected .got 5",
    ),
    "symbolic link": (
        archive([*official(without("test_batch.bin")), ("", link(tarfile.SYMTYPE, "/etc/passwd"))]),
        "test_batch.bin is a link or a device",
    ),
    "hard link": (
        archive(
            [
                *official(without("test_batch.bin")),
                ("", link(tarfile.LNKTYPE, f"{cifar.FOLDER}/data_batch_1.bin")),
            ]
        ),
        "is a link or a device",
    ),
    "device": (
        archive([*official(without("test_batch.bin")), ("", link(tarfile.CHRTYPE, ""))]),
        "is a link or a device",
    ),
    "outside": (
        archive(
            [
                *official(without("test_batch.bin")),
                ("../../test_batch.bin", CONTENT["test_batch.bin"]),
            ]
        ),
        "test_batch.bin missing",
    ),
    "too many": (archive([(f"{i}.txt", b"") for i in range(1001)]), "more than 1000 members"),
}


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_a_bad_archive_is_refused_and_nothing_is_unpacked(tmp_path: Path, name: str) -> None:
    content, message = BAD_ARCHIVES[name]
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / cifar.ARCHIVE).write_bytes(content)
    with pytest.raises(DataError, match=message):
        data.load("cifar10", root=folder)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [cifar.ARCHIVE]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cifar")


@given(st.data())
def test_damage_anywhere_is_harmless_or_a_data_error(scratch: Path, draw: st.DataObject) -> None:
    whole = archive(official(), "w")
    damaged = bytearray(whole)
    for _ in range(draw.draw(st.integers(1, 4))):
        # The headers, of 512 bytes each, are where a byte changes most.
        at = draw.draw(st.integers(0, 6)) * (len(whole) // 7) // 512 * 512
        at += draw.draw(st.integers(0, 511))
        damaged[at] = draw.draw(st.integers(0, 255))
    path = scratch / "damaged.tar"
    path.write_bytes(damaged[: draw.draw(st.integers(0, len(damaged)))])
    try:
        dataset = data.load(path)
    except DataError:
        return
    assert len(dataset.train) == 5 * FEW and len(dataset.test) == FEW


@pytest.fixture(scope="module")
def real_cifar(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The official files, made from the lossless sheets in which they are stored."""
    source = real_data / "cifar10"
    if not source.is_dir():
        pytest.skip(f"no CIFAR-10 at {source}")
    folder = tmp_path_factory.mktemp("real") / cifar.FOLDER
    folder.mkdir()
    sums = dict(reversed(line.split()) for line in (source / "SHA256SUMS.bin").open())
    for name in cifar.FILES:
        stem = Path(name).stem
        sheet = np.asarray(Image.open(source / f"{stem}.webp").convert("RGB"))
        images = sheet.reshape(100, 32, 100, 32, 3).transpose(0, 2, 4, 1, 3).reshape(10_000, 3072)
        labels = np.fromfile(source / f"{stem}.labels", np.uint8)
        content = np.concatenate([labels[:, None], images], axis=1).tobytes()
        assert hashlib.sha256(content).hexdigest() == sums[name]
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.slow
def test_the_real_data_set_has_the_published_facts(real_cifar: Path) -> None:
    dataset = data.load("cifar10", root=real_cifar.parent)
    assert (len(dataset.train), len(dataset.test)) == (50_000, 10_000)
    np.testing.assert_array_equal(np.bincount(dataset.train.labels), [5000] * 10)
    np.testing.assert_array_equal(np.bincount(dataset.test.labels), [1000] * 10)
    facts = data.info(dataset)
    np.testing.assert_allclose(facts["mean"], [125.307, 122.950, 113.865], atol=1e-3)
    np.testing.assert_allclose(facts["std"], [62.993, 62.089, 66.705], atol=1e-2)
