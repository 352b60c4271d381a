"""Datasets of the user's own: how they are read, and each mistake told in one line."""

import gzip
import io
import os
import struct

import numpy as np
import pytest
from PIL import Image

from ffensembles.data import downloads
from ffensembles.data.datasets import fetch, make_dataset
from ffensembles.data.definitions import (
    Definition,
    category_names,
    deciding,
    local_files,
    own_files_state,
    printed_names,
)
from ffensembles.data.splits import hold_out
from helpers.mistakes import refused


def arrays(shape=(12, 1, 4, 5), categories=3, dtype=np.uint8):
    rng = np.random.default_rng(0)
    draw = rng.integers(0, 256, (2, *shape)).astype(dtype)
    labels = np.arange(shape[0]) % categories
    return {
        "train_images": draw[0],
        "train_labels": labels,
        "test_images": draw[1],
        "test_labels": labels,
    }


def own(entry, folder=None):
    return fetch("own", Definition.read("own", entry), resources=folder or "nowhere")


# Checks


WRONG = {
    "wide integers": ({"train_images": np.int64}, {}, ["train_images", "int64", "uint8"]),
    "floats without a range": ({"test_images": np.float32}, {}, ["test_images", "range: [0, 1]"]),
    "floats outside their range": (
        {"train_images": np.float64, "test_images": np.float64},
        {"limits": [0, 1]},
        ["train_images", "values from 0 to 25", "outside its range 0 to 1"],
    ),
}


@pytest.mark.parametrize("types, settings, parts", WRONG.values(), ids=WRONG)
def test_wrong_types_and_ranges_are_one_line(types, settings, parts):
    wrong = {name: array.astype(types.get(name, array.dtype)) for name, array in arrays().items()}
    refused(lambda: make_dataset("own", wrong, 3, **settings), "own: ", *parts)


def test_nan_is_outside_every_range():
    wrong = arrays(dtype=np.float32)
    wrong["train_images"][0, 0, 0, 0] = np.nan
    refused(lambda: make_dataset("own", wrong, 3, limits=[0, 255]), "train_images", "outside")


SHAPES = {
    "flat": ((12, 20), ["has shape (12, 20)", "(images, height, width)"]),
    "channels last": ((12, 4, 5, 3), ["4 channels", "np.moveaxis(images, -1, 1)"]),
    "two channels": ((12, 2, 4, 5), ["2 channels", "give 1 or 3"]),
    "no images": ((0, 1, 4, 5), ["none of them 0"]),
}


@pytest.mark.parametrize("shape, parts", SHAPES.values(), ids=SHAPES)
def test_wrong_shapes_are_one_line(shape, parts):
    wrong = arrays() | {"train_images": np.zeros(shape, np.uint8)}
    refused(lambda: make_dataset("own", wrong, 3), "own: train_images", *parts)


def test_splits_of_different_shapes_or_types_are_one_line():
    wrong = arrays() | {"test_images": arrays((12, 1, 5, 4))["test_images"]}
    refused(lambda: make_dataset("own", wrong, 3), "1 x 4 x 5", "1 x 5 x 4", "must agree")


def test_as_many_labels_as_images():
    wrong = arrays() | {"test_labels": np.zeros(11, int)}
    refused(lambda: make_dataset("own", wrong, 3), "12 test_images, but 11 test_labels")


@pytest.mark.parametrize(
    "labels, parts",
    [
        (np.arange(12) % 4, ["holds 3, outside 0 to 2"]),
        (np.arange(12) - 1, ["holds -1, outside 0 to 2"]),
        (np.zeros(12), ["type float64", "one whole number"]),
        (np.zeros((12, 3), int), ["shape (12, 3)", "one whole number"]),
    ],
)
def test_wrong_labels_are_one_line(labels, parts):
    refused(lambda: make_dataset("own", arrays() | {"train_labels": labels}, 3), *parts)


def test_fewer_pixels_than_categories_are_one_line():
    made = make_dataset("own", arrays((40, 1, 4, 5), 20), 20)
    assert made.categories == 20
    refused(lambda: make_dataset("own", arrays((42, 1, 4, 5), 21), 21), "4 x 5 pixels", "21 pixels")


def test_training_images_of_a_single_category_are_one_line():
    single = arrays() | {"train_labels": np.full(len(arrays()["train_labels"]), 2)}
    refused(lambda: make_dataset("own", single, 3), "all training images are of category 2")


def test_images_that_are_all_alike_are_one_line():
    alike = arrays()
    alike["train_images"][:] = alike["train_images"][0]
    refused(lambda: make_dataset("own", alike, 3), "all training images are alike")
    constant = arrays((12, 3, 4, 5))
    constant["train_images"][:, 1] = 7
    refused(lambda: make_dataset("own", constant, 3), "channel 2", "mean and std")


def test_a_split_without_a_category_is_allowed_and_said(caplog):
    some = arrays() | {"test_labels": np.zeros(12, int)}
    assert make_dataset("own", some, 3).categories == 3
    assert "the test split has no image of the categories 1, 2" in caplog.text
    assert "train split" not in caplog.text


def test_constants_are_those_of_the_training_images_by_channel():
    made = make_dataset("own", arrays((12, 3, 4, 5)), 3)
    pixels = made.train.images / 255
    np.testing.assert_allclose(made.mean, pixels.mean((0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(made.std, pixels.std((0, 2, 3)), rtol=1e-12)
    values = made.standardised(made.train.images).reshape(12, 3, 20)
    np.testing.assert_allclose(values.mean((0, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(values.std((0, 2)), 1, rtol=1e-5)


def test_constants_for_another_number_of_channels_are_one_line():
    refused(
        lambda: make_dataset("own", arrays(), 3, mean=[0.1] * 3, std=[1] * 3),
        "have 1 channels",
        "given for 3",
    )


def test_floats_are_kept_in_zero_to_one():
    floats = {k: v if "labels" in k else v / 255 * 2 - 1 for k, v in arrays().items()}
    made = make_dataset("own", floats, 3, limits=[-1, 1])
    bytes_ = make_dataset("own", arrays(), 3)
    np.testing.assert_allclose(made.train.images, bytes_.train.images / 255, atol=1e-6)
    np.testing.assert_allclose(
        made.standardised(made.test.images), bytes_.standardised(bytes_.test.images), atol=1e-4
    )


# Sources


def split_of(made):
    return (made["train_images"], made["train_labels"]), (made["test_images"], made["test_labels"])


def assert_same(dataset, expected):
    for part, (images, labels) in zip(
        (dataset.train, dataset.test), split_of(expected), strict=True
    ):
        np.testing.assert_array_equal(part.images, images)
        np.testing.assert_array_equal(part.labels, labels)


def test_an_npz_with_and_without_a_split(tmp_path):
    path, made = tmp_path / "x.npz", arrays()
    np.savez(path, **made)
    assert_same(own({"npz": str(path), "categories": 3}), made)
    np.savez(path, images=made["train_images"][:, 0], labels=made["train_labels"])
    dataset = own({"npz": str(path), "categories": 3, "test_share": 0.25, "test_seed": 4})
    assert np.bincount(dataset.test.labels).tolist() == [1, 1, 1]
    together = np.concatenate([dataset.train.images, dataset.test.images])
    assert sorted(map(bytes, together)) == sorted(map(bytes, made["train_images"]))
    refused(lambda: own({"npz": str(path), "categories": 3}), "no test images", "test_share: 0.2")


def bytes_of(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\3\4 no archive", b"\x93NUMPY\1\0", b"plain text", bytes_of(np.zeros(3))],
)
def test_what_is_no_npz_is_one_line(tmp_path, content):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    refused(lambda: own({"npz": str(path), "categories": 3}), f"{path}: cannot be read", "np.savez")


def test_an_npz_of_other_arrays_or_of_objects_is_one_line(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, x_train=np.zeros(3))
    refused(lambda: own({"npz": str(path), "categories": 3}), path, "x_train", "train_images")
    np.savez(path, images=np.array([None]), labels=np.zeros(1))
    refused(lambda: own({"npz": str(path), "categories": 3}), path, "Object arrays", "numbers")


@pytest.mark.parametrize("share", [{}, {"test_share": 0.5}])
def test_arrays_without_axes_are_one_line(tmp_path, share):
    path = tmp_path / "x.npz"
    names = ("images", "labels") if share else arrays()
    np.savez(path, **dict.fromkeys(names, np.array(3, np.uint8)))
    refused(lambda: own({"npz": str(path), "categories": 3, **share}), "own: ", "shape ()")


def idx(values, kind=8, dtype="u1"):
    header = bytes([0, 0, kind, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return header + values.astype(dtype).tobytes()


def write_idx(folder, made):
    folder.mkdir(exist_ok=True)
    for split, name in (("train", "train"), ("test", "t10k")):
        images, labels = made[f"{split}_images"][:, 0], made[f"{split}_labels"]
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(idx(labels))
    return {"idx": str(folder), "categories": 3}


def test_a_folder_in_mnists_format(tmp_path):
    made = arrays()
    entry = write_idx(tmp_path / "set", made)
    assert_same(own(entry), made)
    (tmp_path / "set" / "t10k-labels-idx1-ubyte").unlink()
    refused(lambda: own(entry), tmp_path / "set", "lacks files")
    (tmp_path / "set" / "t10k-images-idx3-ubyte.gz").unlink()
    assert len(own(entry | {"test_share": 0.5}).test.labels) == 6
    path = tmp_path / "set" / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    refused(lambda: own(entry), path, "holds 11 bytes")


def test_idx_files_of_wider_types_are_read(tmp_path):
    made = arrays()
    entry = write_idx(tmp_path / "set", made) | {"range": [0, 1]}
    for split, name in (("train", "train"), ("test", "t10k")):
        images, labels = made[f"{split}_images"][:, 0] / 255, made[f"{split}_labels"]
        path = tmp_path / "set" / f"{name}-images-idx3-ubyte.gz"
        path.write_bytes(gzip.compress(idx(images, 13, ">f4")))
        (tmp_path / "set" / f"{name}-labels-idx1-ubyte").write_bytes(idx(labels, 12, ">i4"))
    dataset = own(entry)
    np.testing.assert_allclose(dataset.test.images, made["test_images"] / 255, atol=1e-7)
    np.testing.assert_array_equal(dataset.test.labels, made["test_labels"])
    assert dataset.test.images.dtype.isnative
    path = tmp_path / "set" / "train-labels-idx1-ubyte"  # as QMNIST has them
    path.write_bytes(idx(np.zeros((12, 8)), 12, ">i4"))
    refused(lambda: own(entry), "train_labels", "shape (12, 8)", "one whole number")


def write_images(folder, images, labels, names, mode=None):
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        place = folder / names[label]
        place.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1))
        picture.convert(mode or picture.mode).save(place / f"{i:03}.png")


@pytest.mark.parametrize("channels", [1, 3])
def test_folders_of_images_one_for_each_category(tmp_path, channels):
    made, names = arrays((12, channels, 4, 5)), ["ant", "bee", "cat"]
    for split in ("train", "test"):
        write_images(tmp_path / split, made[f"{split}_images"], made[f"{split}_labels"], names)
    dataset = own({"folder": str(tmp_path)})
    assert dataset.categories == 3
    for part, (images, labels) in zip((dataset.train, dataset.test), split_of(made), strict=True):
        order = np.argsort(labels, kind="stable")
        np.testing.assert_array_equal(part.images, images[order])
        np.testing.assert_array_equal(part.labels, labels[order])
    assert printed_names({"own": {"folder": str(tmp_path)}}) == {
        "own": {"name": "own", "categories": names}
    }


def test_folders_of_images_without_a_split_and_of_mixed_modes(tmp_path):
    made = arrays()
    write_images(tmp_path, made["train_images"][:6], made["train_labels"][:6], "abc")
    write_images(tmp_path / "more", made["test_images"][:1], [0], "a", mode="RGBA")
    (tmp_path / "more" / "a" / "000.png").rename(tmp_path / "a" / "900.png")
    (tmp_path / "more" / "a").rmdir(), (tmp_path / "more").rmdir()
    dataset = own({"folder": str(tmp_path), "test_share": 0.5})
    assert dataset.shape == (3, 4, 5)
    assert np.bincount(dataset.test.labels).tolist() == [2, 1, 1]


def test_images_of_several_sizes_are_one_line_and_can_be_scaled(tmp_path):
    write_images(tmp_path, arrays()["train_images"], arrays()["train_labels"], "abc")
    Image.new("L", (9, 7)).save(tmp_path / "b" / "large.png")
    entry = {"folder": str(tmp_path), "test_share": 0.5}
    refused(lambda: own(entry), "large.png", "7 x 9 pixels", "key size")
    assert own(entry | {"size": [6, 8]}).shape == (1, 6, 8)


def test_a_file_that_is_no_image_is_one_line(tmp_path):
    write_images(tmp_path, arrays()["train_images"], arrays()["train_labels"], "abc")
    (tmp_path / "b" / "notes.txt").write_text("none")
    refused(
        lambda: own({"folder": str(tmp_path), "test_share": 0.5}), "notes.txt", "cannot identify"
    )


def test_a_test_folder_of_an_unknown_category_is_one_line(tmp_path):
    made = arrays()
    write_images(tmp_path / "train", made["train_images"], made["train_labels"], "abc")
    write_images(tmp_path / "test", made["train_images"], made["train_labels"], "abd")
    refused(lambda: own({"folder": str(tmp_path)}), tmp_path / "test", "folder d")


FOLDERS = ["10", "9", "2"]


def three_folders(top, names):
    write_images(top, arrays()["train_images"], np.sort(arrays()["train_labels"]), names)
    return {"folder": str(top), "test_share": 0.25}


def test_folders_that_are_numbers_have_the_order_of_numbers(tmp_path, caplog):
    caplog.set_level("INFO")
    entry = three_folders(tmp_path, FOLDERS)
    assert category_names("own", entry) == ["2", "9", "10"]
    images = own(entry).train.images
    np.testing.assert_array_equal(images[0], arrays()["train_images"][8])  # the first of folder 2
    assert "are the folders 2, 9, 10" in caplog.text


@pytest.mark.parametrize("given", [["c", "a", "b"], {"c": "Cat", "a": "Ant", "b": "Bee"}])
def test_categories_of_a_folder_are_its_folders_in_the_order_given(tmp_path, given):
    entry = three_folders(tmp_path, "abc") | {"categories": given}
    names = ["Cat", "Ant", "Bee"] if isinstance(given, dict) else given
    assert category_names("own", entry) == names
    made = own(deciding("own", entry))  # what the job is given
    assert_same(made, split_of_twelve(arrays()["train_images"], [2, 0, 1]))
    plain = three_folders(tmp_path, "abc")
    assert deciding("own", entry)["categories"] == ["c", "a", "b"]
    assert deciding("own", plain) == deciding("own", plain | {"categories": 3})


def split_of_twelve(images, order):
    """Return the split of 3 x 4 images whose categories come in another order."""
    images = images.reshape(3, 4, *images.shape[1:])[order].reshape(images.shape)
    return hold_out("own", images, np.repeat(np.arange(3), 4), 0.25, 0)


@pytest.mark.parametrize(
    "given, word",
    [(["a", "b", "d"], "on c"), ({"a": "A", "b": "B"}, "on c"), (4, "has 3 folders"), (["b"], "a")],
)
def test_categories_that_are_not_the_folders_are_one_line(tmp_path, given, word):
    entry = three_folders(tmp_path, "abc") | {"categories": given}
    refused(lambda: Definition.read("own", entry), "datasets.own.categories", word)


def test_what_systems_leave_behind_is_no_category(tmp_path):
    entry = three_folders(tmp_path, "abc")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "a" / "Thumbs.db").touch()
    (tmp_path / "a" / "._000.png").touch()
    assert category_names("own", entry) == ["a", "b", "c"]
    assert len(own(entry).train.labels) == 9


def test_categories_and_images_behind_links(tmp_path):
    three_folders(tmp_path / "elsewhere", "abc")
    top = tmp_path / "set"
    top.mkdir()
    for name in "ab":
        (top / name).symlink_to(tmp_path / "elsewhere" / name)
    (top / "c").mkdir()
    (top / "c" / "x.png").symlink_to(tmp_path / "elsewhere" / "c" / "011.png")
    entry = {"folder": str(top), "test_share": 0.25}
    definition = Definition.read("own", entry)
    assert len(own(entry).train.labels) == 7
    states = [own_files_state(definition)]
    for path in ("a/000.png", "c/011.png"):
        Image.new("L", (5, 4), 9).save(tmp_path / "elsewhere" / path)
        states.append(own_files_state(definition))
    assert len(set(states)) == 3
    (tmp_path / "elsewhere" / "c" / "011.png").unlink()
    refused(lambda: own_files_state(definition), "c/x.png: leads to", "which is not there")
    (tmp_path / "elsewhere" / "b").rename(tmp_path / "gone")
    refused(lambda: Definition.read("own", entry), "set/b: leads to", "which is not there")


def test_a_link_to_a_folder_above_is_no_endless_way(tmp_path):
    entry = three_folders(tmp_path, "abc")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    refused(lambda: own_files_state(Definition.read("own", entry)), "a/up: is a folder", "move its")


def test_a_folder_or_a_file_that_may_not_be_read_is_not_to_be_removed(tmp_path, monkeypatch):
    entry = three_folders(tmp_path, "abc")
    access, opens, closed = os.access, Image.open, tmp_path / "b"
    monkeypatch.setattr(os, "access", lambda path, mode: path != closed and access(path, mode))
    refused(
        lambda: own_files_state(Definition.read("own", entry)), "/b: may not be read", "chmod u+rx"
    )
    monkeypatch.setattr(os, "access", access)

    def opened(path):
        if path.name == "003.png":
            raise PermissionError(13, "Permission denied")
        return opens(path)

    monkeypatch.setattr(Image, "open", opened)
    refused(lambda: own(entry), "003.png: cannot be read", "allow it with chmod u+r")


# torchvision


def test_a_torchvision_class_is_read_with_its_arguments(tmp_path):
    entry = {
        "torchvision": "FakeData",
        "categories": 4,
        "arguments": {"image_size": [3, 6, 5], "num_classes": 4},
        "train": {"size": 40},
        "test": {"size": 20, "random_offset": 100},
    }
    dataset = own(entry, tmp_path)
    assert dataset.shape == (3, 6, 5)
    assert (len(dataset.train.labels), len(dataset.test.labels)) == (40, 20)
    assert set(dataset.train.labels) == {0, 1, 2, 3}


def test_torchvision_reads_kmnist_downloaded_before(tmp_path):
    from torchvision.datasets import KMNIST

    made = arrays((12, 1, 28, 28), 10)
    raw = tmp_path / "own" / "KMNIST" / "raw"
    raw.mkdir(parents=True)
    for split, name in (("train", "train"), ("test", "t10k")):
        (raw / f"{name}-images-idx3-ubyte").write_bytes(idx(made[f"{split}_images"][:, 0]))
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(idx(made[f"{split}_labels"]))
    assert len(KMNIST(tmp_path / "own")) == 12
    assert_same(own({"torchvision": "KMNIST", "categories": 10}, tmp_path), made)


def test_names_in_another_order_than_torchvisions_are_refused_and_other_names_are_told(
    tmp_path, caplog, monkeypatch
):
    from torchvision.datasets import FakeData

    monkeypatch.setattr(FakeData, "classes", ["ant", "Bee", "cat"], raising=False)
    caplog.set_level("INFO")
    entry = {"torchvision": "FakeData", "test_share": 0.5}
    entry["arguments"] = {"image_size": [1, 6, 5], "num_classes": 3, "size": 60}

    def named(*names):
        definition = Definition.read("own", entry | {"categories": list(names)})
        return fetch("own", definition, resources=tmp_path, names=names)

    refused(
        lambda: named("ant", "cat", "bee"),
        "config: datasets.own.categories: calls label 1 cat, and torchvision.datasets.FakeData Bee",
        "ant, Bee, cat",
    )
    named("ant", "bee", "Katze")
    assert "as torchvision calls them: ant, Bee as bee, cat as Katze" in caplog.text


def test_labels_that_count_from_one_become_zero_to_k(tmp_path):
    made = arrays((24, 1, 28, 28), 26)
    raw = tmp_path / "own" / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    labels = np.arange(24) % 26 + 1
    for split in ("train", "test"):
        for what, values in (("images-idx3", made["train_images"][:, 0]), ("labels-idx1", labels)):
            (raw / f"emnist-letters-{split}-{what}-ubyte").write_bytes(idx(values))
    entry = {"torchvision": "EMNIST", "arguments": {"split": "letters"}, "categories": 24}
    dataset = own(entry, tmp_path)
    np.testing.assert_array_equal(dataset.train.labels, labels - 1)
    refused(lambda: own(entry | {"categories": 20}, tmp_path), "outside 0 to 19")


def test_torchvision_mistakes_are_one_line(tmp_path):
    entry = {"torchvision": "MNISTT", "categories": 10}
    refused(lambda: own(entry, tmp_path), "no class MNISTT in torchvision.datasets")
    entry = {"torchvision": "FakeData", "categories": 10, "arguments": {"colour": 1}}
    refused(lambda: own(entry, tmp_path), "refuses its arguments", "colour")
    entry = {"torchvision": "FakeData", "categories": 10}
    refused(lambda: own(entry | {"arguments": {"size": 3}}, tmp_path), "test_share")


def test_a_torchvision_download_that_fails_is_one_line(tmp_path, monkeypatch):
    from torchvision.datasets import USPS

    def unreachable(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(USPS, "__init__", unreachable)
    monkeypatch.setattr(downloads.time, "sleep", lambda _: None)
    entry = {"torchvision": "USPS", "categories": 10, "train": {}, "test": {}}
    refused(lambda: own(entry, tmp_path), "failed 4 times", "no route to host")


# Holding out


def test_the_same_share_of_each_category_is_held_out_by_the_seed():
    labels = np.repeat([0, 1, 2], [50, 10, 1])
    images = np.arange(61)
    first = hold_out("x", images, labels, 0.2, 0)
    assert np.bincount(first["test_labels"], minlength=3).tolist() == [10, 2, 0]
    assert sorted([*first["train_images"], *first["test_images"]]) == images.tolist()
    assert (labels[first["test_images"]] == first["test_labels"]).all()
    again, other = hold_out("x", images, labels, 0.2, 0), hold_out("x", images, labels, 0.2, 1)
    np.testing.assert_array_equal(first["test_images"], again["test_images"])
    assert set(first["test_images"]) != set(other["test_images"])
    refused(lambda: hold_out("x", images[:3], labels[:3], 0.1, 0), "leaves one of the splits empty")
    refused(lambda: hold_out("x", images, labels[:9], 0.1, 0), "shape (61,)", "shape (9,)")


# What the configuration says


@pytest.mark.parametrize(
    "entry, parts",
    [
        ({"categories": 3}, ["nothing about where", "published, torchvision, npz, idx, folder"]),
        ({"npz": "x", "idx": "y"}, ["npz and idx"]),
        ({"npz": "x"}, ["categories is missing"]),
        ({"npz": "x", "categories": 1}, ["has 1 categories"]),
        ({"npz": "x", "categories": ["a", "a"]}, ["two have the same name"]),
        ({"npz": "x", "categories": 3, "mean": [0.1]}, ["one of mean and std"]),
        ({"npz": "x", "categories": 3, "mean": [0.1], "std": [1, 1]}, ["for each channel"]),
        ({"npz": "x", "categories": 3, "range": [1, 0]}, ["own.range", "darkest"]),
        ({"npz": "x", "categories": 3, "size": [4, 4]}, ["size does not apply to npz"]),
        ({"published": "mnist", "categories": 10, "test_share": 0.5}, ["test_share does not"]),
        ({"published": "imagenet", "categories": 10}, ["'imagenet' is unknown", "mnist, fashion"]),
        ({"npz": "x", "categories": {"a": "b"}}, ["renames folders"]),
        ({"npz": "x", "categories": 3, "ground": "white"}, ["ground does not apply to npz"]),
        ({"folder": "/nowhere/at/all"}, ["/nowhere/at/all", "is not a folder"]),
    ],
)
def test_a_wrong_entry_is_one_line(entry, parts):
    refused(lambda: Definition.read("own", entry), *parts)


def test_names_decide_nothing_but_their_number_does():
    entry = {"npz": "x", "categories": ["a", "b"], "name": "Own"}
    assert deciding("own", entry) == deciding("own", {"npz": "x", "categories": 2})
    assert deciding("own", entry) != deciding("own", {"npz": "x", "categories": 3})
    assert printed_names({"own": {"npz": "x", "categories": 2}}) == {
        "own": {"name": "own", "categories": ["0", "1"]}
    }


def test_own_files_are_known_and_missing_ones_are_one_line(tmp_path):
    def files(entry):
        return local_files(Definition.read("own", entry | {"categories": 3}))

    refused(lambda: files({"npz": str(tmp_path / "x.npz")}), "x.npz", "no such file")
    refused(lambda: files({"idx": str(tmp_path / "x")}), "is not a folder")
    (tmp_path / "x.npz").write_bytes(b"")
    assert files({"npz": str(tmp_path / "x.npz")}) == [str(tmp_path / "x.npz")]
    entry = write_idx(tmp_path / "set", arrays())
    assert len(files(entry)) == 4
    assert files({"published": "mnist"}) == []


def test_a_replaced_image_changes_the_state_of_its_folder(tmp_path):
    write_images(tmp_path, arrays()["train_images"], arrays()["train_labels"], "abc")
    definition = Definition.read("own", {"folder": str(tmp_path), "test_share": 0.5})
    before = own_files_state(definition)
    assert own_files_state(definition) == before
    Image.new("L", (5, 4), 9).save(tmp_path / "a" / "000.png")
    assert own_files_state(definition) != before
