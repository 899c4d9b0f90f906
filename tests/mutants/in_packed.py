"""Bugs in packed data and in reading ahead."""

from tests.mutants.mutant import Mutant

RECORDS = "tinyalex/data/packed/records.py"
ENTRIES = "tinyalex/data/packed/entries.py"
INDEX = "tinyalex/data/packed/index.py"
WRITER = "tinyalex/data/packed/writer.py"
JOINING = "tinyalex/data/packed/joining.py"
READING = "tinyalex/data/read_ahead.py"
ORDER = "tinyalex/data/loader.py"
LOADER = "tinyalex/data/loader.py"
SETUP = "tinyalex/training/setup.py"

DECODERS = "tinyalex/data/packed/decoders.py"

OF_DECODERS = "tests/data/packed/test_decoders.py"
OF_READER = "tests/data/packed/test_reader.py"
OF_DAMAGE = "tests/data/packed/test_damage.py"
OF_WRITER = "tests/data/packed/test_writer.py"
OF_VERIFY = "tests/data/packed/test_verify.py"
OF_LOADER = "tests/data/packed/test_loader.py"
OF_READING = "tests/data/test_read_ahead.py"
OF_ORDER = "tests/data/test_loader_order.py"

PACKED_MUTANTS = (
    Mutant(
        "packed: crops of raw records start at the left edge",
        RECORDS,
        "payload.reshape(self.shape)[top : top + CH, left : left + CW]",
        "payload.reshape(self.shape)[top : top + CH, 0:CW]",
        (f"{OF_READER}::test_a_crop_is_a_part_of_the_image",),
    ),
    Mutant(
        "packed: the checksum of a JPEG is not looked at",
        RECORDS,
        "            self._check_sum(row, payload)\n            yield payload",
        "            yield payload",
        (f"{OF_READER}::test_reading_a_damaged_jpeg_names_its_record",),
    ),
    Mutant(
        "turbo: red and blue change places",
        DECODERS,
        'simplejpeg.decode_jpeg(payload, "RGB", buffer=room)',
        'simplejpeg.decode_jpeg(payload, "BGR", buffer=room)',
        (f"{OF_DECODERS}::test_turbo_sees_what_pillow_sees",),
    ),
    Mutant(
        "turbo: a faster and coarser transform",
        DECODERS,
        'simplejpeg.decode_jpeg(payload, "RGB", buffer=room)',
        'simplejpeg.decode_jpeg(payload, "RGB", fastdct=True, fastupsample=True, buffer=room)',
        (f"{OF_DECODERS}::test_turbo_sees_what_pillow_sees",),
    ),
    Mutant(
        "turbo: what it cannot decode is not given to Pillow",
        DECODERS,
        "            (pixels,) = pillow([payload])\n",
        "            raise\n",
        (f"{OF_DECODERS}::test_turbo_sees_what_pillow_sees",),
    ),
    Mutant(
        "turbo: sizes are not checked",
        DECODERS,
        "            _check_size(width, height)\n",
        "",
        (f"{OF_DECODERS}::test_a_large_file_is_refused_by_the_projects_own_limit",),
    ),
    Mutant(
        "verify: checksums are not looked at",
        RECORDS,
        "if got != wanted:",
        "if False:",
        (f"{OF_VERIFY}::test_each_damaged_record_is_named_up_to_a_limit",),
    ),
    Mutant(
        "packed: a record may lie anywhere",
        ENTRIES,
        '(records["offset"] != offsets) | (offsets + sizes > limit)',
        "offsets + sizes > limit",
        (f"{OF_DAMAGE}::test_a_wrong_table_with_a_right_checksum_is_refused",),
    ),
    Mutant(
        "packed: a shard may have any size",
        ENTRIES,
        "if (size := path.stat().st_size) != wanted:",
        "if (size := path.stat().st_size) < 0:",
        (f"{OF_DAMAGE}::test_a_shard_of_another_size_is_named",),
    ),
    Mutant(
        "packed: the table's checksum is not looked at",
        ENTRIES,
        "if (got := hashlib.sha256(content).hexdigest()) != sha256:",
        "if not (got := hashlib.sha256(content).hexdigest()):",
        (f"{OF_DAMAGE}::test_a_damaged_index_file_is_named",),
    ),
    Mutant(
        "packed: class names may change unseen",
        INDEX,
        "if index.fingerprint != fingerprint(index):",
        "if not index.fingerprint:",
        (f"{OF_DAMAGE}::test_a_wrong_index_is_refused",),
    ),
    Mutant(
        "packing: a shard cut short counts as finished",
        JOINING,
        'or path.stat().st_size != about["bytes"]',
        'or path.stat().st_size > about["bytes"]',
        (f"{OF_WRITER}::test_only_whole_shards_count_as_finished",),
    ),
    Mutant(
        "packing: colour products wrap at 8 bits",
        WRITER,
        "pixels.reshape(-1, 3).astype(np.float64)",
        "pixels.reshape(-1, 3)",
        (f"{OF_WRITER}::test_statistics_are_those_of_the_pixels",),
    ),
    Mutant(
        "reading ahead: batches come as soon as they are begun",
        READING,
        "                    piece.result()\n",
        "                    pass\n",
        (f"{OF_READING}::test_a_damaged_image_is_an_error_after_the_batches_before_it",),
    ),
    Mutant(
        "reading ahead: no end to what is in memory",
        READING,
        "if (wanted := next(to_come, None)) is None:\n                    return",
        "if (wanted := next(to_come, None)) is None:\n                    return\n"
        "                waiting.extend(_begin(split, w, workers, pool) for w in to_come)",
        (f"{OF_READING}::test_few_batches_are_read_ahead",),
    ),
    Mutant(
        "shuffling by shards: each shard by itself",
        ORDER,
        "[which] // WINDOW",
        "[which]",
        (f"{OF_ORDER}::test_a_window_of_files_is_shuffled_at_a_time",),
    ),
    Mutant(
        "loader: a resumed epoch begins at its first batch",
        LOADER,
        "self.images_of(start_batch + i)",
        "self.images_of(i)",
        (f"{OF_LOADER}::test_starting_at_any_batch_resumes_exactly",),
    ),
    Mutant(
        "training: the mean image of packed data is not cut to the crop",
        SETUP,
        "statistics = dataset.statistics.cropped(recipe.crop)",
        "statistics = dataset.statistics",
        ("tests/cli/test_data_packed.py::test_a_run_keeps_the_mean_image_of_its_crop",),
    ),
)
