"""Bugs in reading people's pictures, and the checkpoints of other programs."""

from tests.mutants.mutant import Mutant

JPEG, PNG, DECODE = (f"tinyalex/data/{name}.py" for name in ("jpeg", "png", "decode"))
ORIENTATION = "tinyalex/data/orientation.py"
NAMES, TENSORS, CAFFE = (
    f"tinyalex/weights/{name}.py" for name in ("state_dict", "tensors", "caffe")
)
OF_JPEG, OF_PNG, OF_GREY = (f"tests/data/test_{name}.py" for name in ("jpeg", "png", "decode_grey"))
OF_DECODE = "tests/data/test_decode.py"
OF_ORIENTATION = "tests/data/test_orientation.py"
OF_NAMES, OF_CAFFE = "tests/weights/test_state_dict.py", "tests/weights/test_caffe.py"
OF_IMPORT, OF_INIT = "tests/weights/test_imported.py", "tests/training/test_init_from.py"

PICTURE_MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "orientation: read by Pillow, which stops at an odd tag before it",
        ORIENTATION,
        'number = _in_exif(image.info.get("exif") or b"")',
        "number = None",
        (f"{OF_ORIENTATION}::test_a_wrong_tag_does_not_hide_the_orientation",),
    ),
    Mutant(
        "orientation: a file that Pillow does not open is opened without it",
        JPEG,
        '    image.info["exif"] = exif\n',
        "",
        (f"{OF_ORIENTATION}::test_a_wrong_tag_does_not_hide_the_orientation",),
    ),
    Mutant(
        "jpeg: a whole scan that lacks is not missed",
        JPEG,
        "    if not layout.complete:\n",
        "    if False:\n",
        (f"{OF_JPEG}::test_a_missing_scan_is_noticed",),
    ),
    Mutant(
        "jpeg: a file without an end marker is taken as whole",
        JPEG,
        "if (_doubtful(image, layout) or not layout.marked) and",
        "if _doubtful(image, layout) and",
        (f"{OF_JPEG}::test_a_file_is_read_to_the_right_pixels_or_refused",),
    ),
    Mutant(
        "jpeg: zeros that fill a file up count as data",
        JPEG,
        '    bare = content.rstrip(b"\\0")\n',
        "    bare = content\n",
        (f"{OF_JPEG}::test_a_file_is_read_to_the_right_pixels_or_refused",),
    ),
    Mutant(
        "jpeg: the second picture's end passes for the first one's",
        JPEG,
        "(last := content.find(_END, at)) >= 0",
        "(last := content.rfind(_END, at)) >= 0",
        (f"{OF_JPEG}::test_of_two_images_the_end_of_the_first_counts",),
    ),
    Mutant(
        "jpeg: a kept file still lacks its end marker",
        "tinyalex/data/prepare/convert.py",
        "return jpeg.with_end(content), np.asarray(rgb)",
        "return content, np.asarray(rgb)",
        (f"{OF_JPEG}::test_a_file_is_read_to_the_right_pixels_or_refused",),
    ),
    Mutant(
        "png: a text is inflated whole before it is left out",
        PNG,
        "content[start + 8 : end - 4], LARGEST_TEXT + 1)",
        "content[start + 8 : end - 4], 0)",
        (f"{OF_PNG}::test_a_long_text_before_or_after_the_pixels_is_ignored",),
    ),
    Mutant(
        "png: many texts that are just short enough are kept",
        PNG,
        "if size > LARGEST_TEXT or room < 0:",
        "if size > LARGEST_TEXT:",
        (f"{OF_PNG}::test_a_long_text_before_or_after_the_pixels_is_ignored",),
    ),
    Mutant(
        "png: a transparent grey of 4 bits is sought among 8",
        PNG,
        '        image.info["transparency"] = colour * _STEPS[raw]\n',
        '        image.info["transparency"] = colour\n',
        (f"{OF_PNG}::test_a_transparent_grey_between_black_and_white_is_found",),
    ),
    Mutant(
        "png: the upper half of a transparent colour is enough",
        PNG,
        "(low == colour & 255)",
        "(low == low)",
        (f"{OF_PNG}::test_all_16_bits_of_a_transparent_colour_count",),
    ),
    Mutant(
        "deep grey: what is transparent stays as it is",
        DECODE,
        "        grey[transparent] = 255\n",
        "        pass\n",
        (f"{OF_PNG}::test_a_transparent_grey_of_16_bits_becomes_white",),
    ),
    Mutant(
        "deep grey: a TIFF file whose 0 is white comes out negative",
        DECODE,
        "    if negative:\n",
        "    if negative and image.mode == 'F':\n",
        (f"{OF_GREY}::test_grey_is_never_inverted",),
    ),
    Mutant(
        "deep grey: twelve bits are taken for sixteen",
        DECODE,
        "(4 if twelve else 8)",
        "8",
        (f"{OF_GREY}::test_twelve_bits_reach_black_and_white",),
    ),
    Mutant(
        "pictures: an object's address stands in the reason",
        "tinyalex/data/decode.py",
        "not a readable image (none of {known})",
        "not a readable image ({error})",
        (f"{OF_DECODE}::test_the_reason_is_the_same_each_time",),
    ),
    Mutant(
        "names: a wrapper within the names stays",
        NAMES,
        '[part for part in name.split(".") if part not in WRAPPERS]',
        'name.removeprefix("module.").split(".")',
        (f"{OF_NAMES}::test_a_wrapper_within_the_names_is_removed",),
    ),
    Mutant(
        "names: averaged weights are as good as the trained ones",
        NAMES,
        "    plain = [place for place in places if not _is_average(place)] or list(places)\n",
        "    plain = list(places)\n",
        (f"{OF_NAMES}::test_of_several_state_dicts_the_usual_one_is_read",),
    ),
    Mutant(
        "names: two tensors become one, without a word",
        NAMES,
        "        if bare in network:\n",
        "        if False:\n",
        (f"{OF_NAMES}::test_two_networks_are_refused_by_their_prefixes",),
    ),
    Mutant(
        "import: bfloat16 loses a bit of its exponent",
        TENSORS,
        ".astype(np.uint32) << 16)",
        ".astype(np.uint32) << 15)",
        (f"{OF_NAMES}::test_bfloat16_becomes_the_same_numbers_in_float32",),
    ),
    Mutant(
        "import: PyTorch's colours and advice reach the terminal",
        TENSORS,
        'text = re.sub(r"\\x1b\\[[0-9;]*[A-Za-z]", "", str(error))',
        "return str(error)",
        (f"{OF_NAMES}::test_pytorchs_refusal_becomes_one_plain_line",),
    ),
    Mutant(
        "caffe: the height stands for the width",
        CAFFE,
        "file.integer(separate[1], width)",
        "file.integer(separate[0], width)",
        (f"{OF_CAFFE}::test_a_width_other_than_the_height_is_refused",),
    ),
    Mutant(
        "caffe: stride_h and stride_w are not looked for",
        CAFFE,
        "    if separate:\n",
        "    if False:\n",
        (f"{OF_CAFFE}::test_every_file_format_gives_the_same_weights",),
    ),
    Mutant(
        "caffe: filters with holes pass",
        CAFFE,
        '"dilation": ((1, 1), _pair(file, 18, (), 1)),',
        '"dilation": ((1, 1), (1, 1)),',
        (f"{OF_CAFFE}::test_dilated_filters_are_refused",),
    ),
    Mutant(
        "import: a mean in Caffe's order is told of and taken as it is",
        "tinyalex/weights/means.py",
        "return np.ascontiguousarray(mean[::-1]), note",
        "return mean, note",
        (
            f"{OF_CAFFE}::test_caffes_mean_in_a_npy_file_is_reversed_to_rgb",
            f"{OF_IMPORT}::"
            "test_imagenets_mean_in_caffes_order_is_turned_for_caffe_and_told_of_for_others",
        ),
    ),
    Mutant(
        "import: a network of one channel gets three factors",
        "tinyalex/weights/read.py",
        "scale=_scale(recipe, channels, path)",
        "scale=recipe.scale",
        (f"{OF_IMPORT}::test_a_network_of_one_channel_predicts_and_says_how_it_scales",),
    ),
    Mutant(
        "init-from: another scale of the pixels is not told",
        "tinyalex/training/init_from.py",
        "    if np.abs(ratio - 1).max() > _SAME:\n",
        "    if False:\n",
        (f"{OF_INIT}::test_pictures_that_are_prepared_in_another_way_are_told",),
    ),
    Mutant(
        "init-from: another crop of the pictures is not told",
        "tinyalex/training/init_from.py",
        "    if _sides(theirs) != _sides(ours):\n",
        "    if False:\n",
        (f"{OF_INIT}::test_pictures_that_are_prepared_in_another_way_are_told",),
    ),
)
