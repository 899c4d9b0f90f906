"""Lists of labels in another order of the classes, found by comparing images."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.data.pictures import encode
from tests.data.prepare.archives import official
from tinyalex.data.prepare import label_order
from tinyalex.data.prepare.find import find_source
from tinyalex.errors import DataError

SYNSETS = ["n01440764", "n01443537", "n01484850", "n01491361"]
COLOURS = np.array([[200, 60, 60], [60, 200, 60], [60, 60, 200], [200, 200, 60]])
TRUTH = [2, 0, 3, 1, 1, 0, 2, 3]
KIT = [3, 2, 1, 0]  # the kit's ids less 1


def archives(folder: Path, numbers: list[int], alike: float = 0.0, seed: int = 0) -> Path:
    """Official archives without a kit; with ``alike`` 1 all images have the same grey."""
    rng = np.random.default_rng(seed)

    def picture(label: int) -> bytes:
        noise = rng.integers(0, 60, (32, 40, 3))
        colour = alike * 120 + (1 - alike) * COLOURS[label]
        spread = rng.normal(0, 60 * alike, 3)  # as photographs of one class differ
        return encode((noise + 0.7 * colour + spread).clip(0, 255).astype(np.uint8), "JPEG")

    train = {s: {f"{s}_{i}.JPEG": picture(c) for i in range(5)} for c, s in enumerate(SYNSETS)}
    official(folder, train, [(SYNSETS[c], picture(c)) for c in TRUTH])
    (folder / "ILSVRC2012_devkit_t12.tar.gz").unlink()
    (folder / "synset_words.txt").write_text("".join(f"{s} word\n" for s in SYNSETS))
    names = (f"ILSVRC2012_val_{i:08d}.JPEG" for i in range(1, len(TRUTH) + 1))
    lines = (f"{name} {k}\n" for name, k in zip(names, numbers, strict=True))
    (folder / "val.txt").write_text("".join(lines))
    return folder


def test_numbers_in_the_kits_order_are_refused(tmp_path: Path) -> None:
    folder = archives(tmp_path / "a", [KIT[label] for label in TRUTH])
    with pytest.raises(DataError, match="val.txt: its labels do not fit") as e:
        find_source(str(folder))
    assert "development kit" in e.value.hint


def test_labels_in_the_right_order_are_accepted(tmp_path: Path) -> None:
    source = find_source(str(archives(tmp_path / "a", TRUTH)))
    assert source.splits["val"].table()[:, 3].tolist() == TRUTH


@pytest.mark.parametrize("seed", range(5))
def test_images_that_look_alike_decide_nothing(tmp_path: Path, seed: int) -> None:
    for name, numbers in (("right", TRUTH), ("wrong", [KIT[label] for label in TRUTH])):
        find_source(str(archives(tmp_path / name, numbers, alike=1.0, seed=seed)))


def test_the_half_that_chooses_an_order_does_not_judge_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one image per class, the chosen order would always be at least as near."""
    monkeypatch.setattr(label_order, "VALIDATION", 1)
    find_source(str(archives(tmp_path / "a", [KIT[label] for label in TRUTH])))


def test_images_that_cannot_be_read_decide_nothing(tmp_path: Path) -> None:
    folder = archives(tmp_path / "a", [KIT[label] for label in TRUTH])
    path = folder / "ILSVRC2012_img_train.tar"
    path.write_bytes(path.read_bytes().replace(b"\xff\xd8\xff", b"\0\0\0"))
    find_source(str(folder))


@given(st.integers(1, 6).flatmap(lambda n: arrays(np.float64, (n, n), elements=st.integers(0, 9))))
def test_the_best_order_is_the_best_of_all_orders(distances: np.ndarray) -> None:
    rows = np.arange(len(distances))
    order = label_order._best_order(distances)
    best = min(distances[rows, list(p)].sum() for p in permutations(range(len(distances))))
    assert sorted(order) == list(rows) and distances[rows, order].sum() == best


def test_the_best_order_of_many_classes_is_scipys() -> None:
    distances = np.random.default_rng(0).random((60, 60))
    scipy = pytest.importorskip("scipy.optimize")
    wanted = scipy.linear_sum_assignment(distances)[1]
    np.testing.assert_array_equal(label_order._best_order(distances), wanted)
