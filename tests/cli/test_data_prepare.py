"""`tinyalex data prepare`, and the way from the official archives to an error rate."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest

from tests.data.pictures import class_folders
from tests.data.prepare.archives import flat, official, small
from tests.data.prepare.test_convert import reference
from tests.processes import environment
from tinyalex import data
from tinyalex.data.packed import format as layout_of


@pytest.mark.slow
def test_the_documented_commands_go_from_archives_to_an_error_rate(call, tmp_path):
    small(tmp_path / "ilsvrc2012", each=150, val_each=4)
    result = call("data", "prepare", "ilsvrc2012", "packed", "--size", "32")
    assert result.exit_code == 0, result.output
    assert "600 train, 16 val images of 4 classes" in result.stdout
    assert "tinyalex data verify packed" in result.stdout
    assert call("data", "verify", "packed", "--quiet").stdout == "616\n"
    words = ["--model", "cifar-80sec", "--batch-size", "8", "--epochs", "1", "--out", "run"]
    result = call("train", "--data", "packed", *words, "--quiet")
    assert result.exit_code == 0, result.output
    result = call("evaluate", "run", "--json")
    assert result.exit_code == 0, result.output
    # Four plain colours: a wrong order of labels would be no better than chance, 75 %.
    assert json.loads(result.stdout)["top1_error"] < 0.1


def test_the_result_is_one_line_or_one_document(call, tmp_path):
    small(tmp_path / "src")
    result = call("data", "prepare", "src", "a", "--size", "16", "--quiet", "--workers", "1")
    assert result.stdout == "a\n" and result.stderr == ""
    words = ["--size", "16", "--json", "--format", "jpeg", "--workers", "1"]
    document = json.loads(call("data", "prepare", "src", "b", *words).stdout)
    assert document["train"] == 20 and document["val"] == 8 and document["rejected"] == 0
    assert document["kind"] == "jpeg" and document["classes"] == 4


def test_unusable_images_are_reported(call, tmp_path):
    class_folders(tmp_path / "pets", {"cats": 4, "dogs": 4})
    (tmp_path / "pets" / "cats" / "broken.jpg").write_bytes(flat((0, 0, 0), (200, 150))[:-99])
    result = call("data", "prepare", "pets", "packed", "--size", "16", "--workers", "1")
    assert result.exit_code == 0
    assert "warning: unusable images: 1, see" in result.stdout and "rejected.tsv" in result.stdout


def test_keep_packs_jpeg_in_the_original_size(call, tmp_path):
    small(tmp_path / "src")
    document = json.loads(
        call("data", "prepare", "src", "packed", "--keep", "--json", "--workers", 1).stdout
    )
    assert document["kind"] == "jpeg"
    records = np.load(tmp_path / "packed" / "val.records.npy", allow_pickle=False)
    assert set(records["width"].tolist()) == {40} and set(records["height"].tolist()) == {30}


def test_bad_input_is_refused_without_a_traceback(refused, tmp_path):
    small(tmp_path / "src")
    assert "no such file or folder" in refused("data", "prepare", "gone", "packed")
    assert "'raw'" in refused("data", "prepare", "src", "packed", "--format", "row")
    assert "--format jpeg" in refused("data", "prepare", "src", "packed", "--quality", "80")
    assert "--keep" in refused("data", "prepare", "src", "packed", "--resize", "keep")
    archive = tmp_path / "src" / "ILSVRC2012_img_train.tar"
    archive.write_bytes(archive.read_bytes()[:20_000])
    assert "cut off" in refused("data", "prepare", "src", "packed")


def test_other_options_are_refused_by_name(call, refused, tmp_path):
    small(tmp_path / "src")
    words = ("data", "prepare", "src", "packed", "--workers", 1, "--size")
    assert call(*words, 16).exit_code == 0
    said = refused(*words, 17)
    assert "--size: 16 then, 17 now" in said


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_stops_it_and_the_same_command_resumes(tmp_path):
    words = ["data", "prepare", "src", "packed", "--shard-mb", "2", "--workers", "2"]
    command = [sys.executable, "-m", "tinyalex", *words]
    options = {"cwd": tmp_path, "env": environment(), "text": True}
    for attempt in range(5):
        # On a busy machine it may be done before this process gets to look: then with more to do.
        for folder in ("src", "packed"):
            shutil.rmtree(tmp_path / folder, ignore_errors=True)
        each = 80 << attempt
        small(tmp_path / "src", each=each, val_each=2, size=(600, 500))
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            **options,
        )
        parts = tmp_path / "packed" / "parts"
        while process.poll() is None and not list(parts.glob("*.safetensors")):
            time.sleep(0.005)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers as well
        said = "".join(process.communicate(timeout=30))
        if process.returncode != 0:
            break
    assert process.returncode == 130 and "the same command resumes" in said
    assert "Traceback" not in said
    assert not list((tmp_path / "packed").glob(".*.tmp"))
    again = subprocess.run(command, capture_output=True, **options)
    assert again.returncode == 0, again.stderr
    assert re.search(rf"resuming: [\d,]+ of {4 * each + 8:,} are done", again.stdout)


@pytest.fixture(scope="module")
def real_archives(real_data, tmp_path_factory):
    """The 500 real samples and the odd files as official archives, with the kit's own ids."""
    sample, odd = real_data / "imagenet-sample", real_data / "odd-jpeg"
    if not sample.is_dir() or not odd.is_dir():
        pytest.skip(f"no real samples in {real_data}")
    train: dict[str, dict[str, bytes]] = {}
    for path in sorted(sample.glob("*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                synset, name = member.name.split("/")
                train.setdefault(synset, {})[name] = archive.extractfile(member).read()
    val = [(synset, content) for synset in sorted(train)[::5] for content in train[synset].values()]
    for i, path in enumerate(sorted(p for p in odd.iterdir() if p.suffix not in (".md", ".txt"))):
        synset = sorted(train)[40 * i]
        content = path.read_bytes()
        if path.name == "truncated_jpeg.jpg":  # it lacks half of its end marker alone
            content = content[:-100]
        train[synset][f"{synset}_odd_{path.name}"] = content
    with (real_data / "imagenet_classes.tsv").open(newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ids = {row["synset"]: int(row["ilsvrc2012_id"]) for row in rows if row["synset"] in train}
    return official(tmp_path_factory.mktemp("real") / "src", train, val, ids), train


@pytest.mark.slow
def test_real_archives_are_packed(call, real_archives, tmp_path):
    src, train = real_archives
    files = {f"{s}/{name}": c for s, group in train.items() for name, c in group.items()}
    result = call("data", "prepare", src, "packed", "--size", "32")
    assert result.exit_code == 0, result.output
    rows = [line.split("\t") for line in Path("packed/rejected.tsv").read_text().splitlines()[1:]]
    assert [name.split("_odd_")[1] for _, _, name, _ in rows] == ["truncated_jpeg.jpg"]
    assert "data end before the image does" in rows[0][3]
    dataset = data.load("packed")
    names = Path("packed", layout_of.names_name("train")).read_text().splitlines()
    assert sorted([*names, rows[0][2]]) == sorted(files)
    images = dataset.train.images(np.arange(len(names)))
    for name, image, label in zip(names, images, dataset.train.labels, strict=True):
        np.testing.assert_array_equal(image, reference(files[name], 32), err_msg=name)
        assert dataset.classes[label] == name.split("/")[0]
    assert [dataset.classes[label] for label in dataset.test.labels] == sorted(train)[::5]
    assert call("data", "verify", "packed", "--quiet").exit_code == 0
    words = ["--model", "cifar-80sec", "--epochs", "1", "--out", "run", "--quiet"]
    result = call("train", "--data", "packed", *words)
    assert result.exit_code == 0, result.output
    assert call("evaluate", "run", "--quiet").exit_code == 0
