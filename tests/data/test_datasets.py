"""Datasets: arrays, standardisation, pre-staged files and downloads."""

import dataclasses
import errno
import functools
import gzip
import hashlib
import http.server
import io
import os
import pickle
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from ffensembles.data import datasets, downloads, prestaged, published
from ffensembles.data.definitions import PUBLISHED, Definition
from ffensembles.data.digits import read_digits
from helpers import DATASETS, SHARED
from helpers.mistakes import refused
from helpers.scripts import run_script_alone

REAL = SHARED / "data"
SHAPES = {
    "mnist": (1, 28, 28),
    "fashionmnist": (1, 28, 28),
    "svhn": (3, 32, 32),
    "cifar10": (3, 32, 32),
}
IDX_NAMES = ("train-images", "train-labels", "t10k-images", "t10k-labels")

needs_real_data = pytest.mark.skipif(
    not REAL.is_dir(), reason=f"the real MNIST and FashionMNIST files are not at {REAL}"
)


def idx(values):
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return header + values.astype(np.uint8).tobytes()


def digest(content, algorithm):
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A folder with small files in the form of all four datasets, known by their digests.

    Returns the folder and the arrays that the files were made from.
    """
    rng = np.random.default_rng(0)
    made = {}

    def draw(dataset, train, test):
        channels, height, width = SHAPES[dataset]
        for split, count in (("train", train), ("test", test)):
            images = rng.integers(0, 256, (count, channels, height, width), np.uint8)
            labels = rng.permutation(np.arange(count) % 10)
            made.setdefault(dataset, {}).update(
                {f"{split}_images": images, f"{split}_labels": labels}
            )

    def publish(dataset, train, test, algorithm):
        known = [
            {name: digest(content, algorithm) for name, content in split.items()}
            for split in (train, test)
        ]
        source = dataclasses.replace(published.SOURCES[dataset], train=known[0], test=known[1])
        monkeypatch.setitem(published.SOURCES, dataset, source)
        return {**train, **test}

    for dataset in ("mnist", "fashionmnist"):
        draw(dataset, 20, 10)
        arrays = made[dataset]
        files = publish(
            dataset,
            {
                "train-images-idx3-ubyte": idx(arrays["train_images"][:, 0]),
                "train-labels-idx1-ubyte": idx(arrays["train_labels"]),
            },
            {
                "t10k-images-idx3-ubyte": idx(arrays["test_images"][:, 0]),
                "t10k-labels-idx1-ubyte": idx(arrays["test_labels"]),
            },
            "sha256",
        )
        folder = tmp_path / published.SOURCES[dataset].folder
        folder.mkdir()
        for name, content in files.items():
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))

    draw("svhn", 20, 10)
    files = {}
    for split in ("train", "test"):
        labels = made["svhn"][f"{split}_labels"]
        matrices = {
            "X": made["svhn"][f"{split}_images"].transpose(2, 3, 1, 0),
            "y": np.where(labels == 0, 10, labels)[:, None].astype(np.uint8),
        }
        savemat(buffer := io.BytesIO(), matrices, do_compression=True)
        files[split] = {f"{split}_32x32.mat": buffer.getvalue()}
    (tmp_path / "svhn").mkdir()
    for name, content in publish("svhn", files["train"], files["test"], "md5").items():
        (tmp_path / "svhn" / name).write_bytes(content)

    draw("cifar10", 20, 10)
    arrays = made["cifar10"]

    def batch(split, rows):
        flat = arrays[f"{split}_images"][rows].reshape(-1, 3072)
        return pickle.dumps(
            {"data": flat, "labels": arrays[f"{split}_labels"][rows].tolist()}, protocol=2
        )

    train = {f"data_batch_{i + 1}": batch("train", slice(4 * i, 4 * i + 4)) for i in range(5)}
    files = publish("cifar10", train, {"test_batch": batch("test", slice(None))}, "md5")
    folder = tmp_path / "cifar10" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": ["any"]}, protocol=2))
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return tmp_path, made


def fetch(dataset, prestaged=None, resources="nowhere"):
    definition = Definition.read(dataset, DATASETS[dataset])
    return datasets.fetch(dataset, definition, prestaged=prestaged, resources=resources)


def fetch_prestaged(folder, dataset):
    return fetch(dataset, folder, folder / "untouched")


def assert_arrays(dataset, expected):
    for name, array in expected.items():
        split, _, part = name.partition("_")
        actual = getattr(getattr(dataset, split), part)
        np.testing.assert_array_equal(actual, array)
        assert actual.dtype == (np.uint8 if part == "images" else np.int64)


# The table, and digits


def test_every_dataset_has_constants_for_its_channels_and_ten_categories():
    assert set(DATASETS) == set(PUBLISHED)
    for dataset, entry in DATASETS.items():
        definition = Definition.read(dataset, entry)
        channels = SHAPES.get(dataset, (1,))[0]
        assert len(definition.mean) == len(definition.std) == channels
        assert definition.categories == 10


def test_digits_are_scaled_padded_and_split_by_category():
    from sklearn.datasets import load_digits

    digits = fetch("digits")
    assert digits.train.images.shape == (1257, 1, 12, 12)
    assert digits.test.images.shape == (540, 1, 12, 12)
    images = np.concatenate([digits.train.images, digits.test.images])
    labels = np.concatenate([digits.train.labels, digits.test.labels])
    inner = images[:, 0, 2:10, 2:10]
    assert images.max() == 255
    assert images.sum() == inner.sum()  # the border is black
    original = load_digits()

    def rows(images, labels):
        return sorted((*image.ravel(), label) for image, label in zip(images, labels, strict=True))

    assert rows(np.round(inner / 255 * 16), labels) == rows(original.images, original.target)
    share = np.bincount(digits.test.labels) / np.bincount(labels)
    np.testing.assert_allclose(share, 0.3, atol=0.005)


def test_digits_constants_are_those_of_the_training_images():
    images = read_digits()["train_images"] / 255
    assert DATASETS["digits"]["mean"] == [round(images.mean(), 4)]
    assert DATASETS["digits"]["std"] == [round(images.std(), 4)]


# The written file


def test_written_twice_is_the_same_bytes_and_reads_back(tmp_path, tiny):
    folder, made = tiny
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    datasets.write(fetch_prestaged(folder, "svhn"), first)
    datasets.write(fetch_prestaged(folder, "svhn"), second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:  # no clock in the file
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    loaded = datasets.load(first)
    assert_arrays(loaded, made["svhn"])
    assert loaded.sha256 == fetch_prestaged(folder, "svhn").sha256
    assert loaded.train.images.flags.writeable  # torch wants that


def test_the_hash_depends_on_values_types_shapes_order_and_constants():
    rng = np.random.default_rng(0)
    arrays = {
        "train_images": rng.integers(0, 256, (4, 1, 2, 3), np.uint8),
        "train_labels": np.array([0, 1, 0, 1]),
        "test_images": rng.integers(0, 256, (2, 1, 2, 3), np.uint8),
        "test_labels": np.array([0, 1]),
    }

    def made(changes=None, categories=2, **settings):
        return datasets.make_dataset("x", arrays | (changes or {}), categories, **settings).sha256

    hashes = [
        made(),
        made({"test_labels": np.array([1, 0])}),
        made({"test_images": arrays["test_images"] + np.uint8(1)}),
        made(categories=3),
        made(mean=[0.5], std=[0.25]),
        made(mean=[0.25], std=[0.5]),
    ]
    assert len(set(hashes)) == len(hashes)
    assert made({name: np.asfortranarray(array) for name, array in arrays.items()}) == made()


@pytest.mark.parametrize("harm", ["missing", "cut", "text", "other"])
def test_loading_what_is_not_a_dataset_is_one_line(tmp_path, tiny, harm):
    path = tmp_path / "x.npz"
    datasets.write(fetch_prestaged(tiny[0], "mnist"), path)
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    elif harm == "text":
        path.write_text("no dataset")
    else:
        np.savez(path, something=np.zeros(3))
    refused(lambda: datasets.load(path), path, "remove it and run again")


# Standardisation


def constants(dataset):
    return DATASETS[dataset]["mean"], DATASETS[dataset]["std"]


@pytest.mark.parametrize("dataset", ["mnist", "fashionmnist", "svhn", "cifar10"])
def test_standardise_is_torchvisions_transform_to_the_bit(dataset):
    from torchvision.transforms import Compose, Normalize, ToTensor

    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (5, *SHAPES[dataset]), np.uint8)
    transform = Compose([ToTensor(), Normalize(*constants(dataset))])
    expected = [transform(image.transpose(1, 2, 0)).numpy().ravel() for image in images]
    values = datasets.standardise(images, *constants(dataset))
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, expected)


def test_standardise_is_channel_first_and_leaves_the_images_alone():
    images = np.zeros((1, 3, 32, 32), np.uint8)
    images[0, 1] = 255
    values = datasets.standardise(images, *constants("cifar10"))
    np.testing.assert_array_equal(values[0], np.repeat([-1, 1, -1], 1024))
    assert images.max() == 255


def test_standardise_needs_no_memory_beyond_its_result():
    images = np.zeros((2000, 1, 28, 28), np.uint8)
    tracemalloc.start()
    values = datasets.standardise(images, *constants("mnist"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * values.nbytes


# Pre-staged files


@pytest.mark.parametrize("dataset", ["mnist", "fashionmnist", "svhn", "cifar10"])
def test_prestaged_files_give_their_arrays_and_stay_as_they_are(tiny, dataset):
    folder, made = tiny

    def state():
        return {path: (s := path.stat()).st_mtime_ns + s.st_size for path in folder.rglob("*")}

    before = state()
    prestaged.check_prestaged(folder, [dataset])
    assert_arrays(fetch_prestaged(folder, dataset), made[dataset])
    assert state() == before


def test_svhn_and_cifar10_are_read_as_torchvision_reads_them(tiny, monkeypatch):
    from torchvision.datasets import CIFAR10, SVHN

    folder, _ = tiny
    for split in ("train", "test"):
        name = f"{split}_32x32.mat"
        md5 = published.SOURCES["svhn"].files[name].removeprefix("md5:")
        monkeypatch.setitem(SVHN.split_list, split, ["", name, md5])
        reference = SVHN(folder / "svhn", split=split)
        ours = fetch_prestaged(folder, "svhn")
        np.testing.assert_array_equal(getattr(ours, split).images, reference.data)
        np.testing.assert_array_equal(getattr(ours, split).labels, reference.labels)

    def listed(files):
        return [[name, known.removeprefix("md5:")] for name, known in files.items()]

    batches = folder / "cifar10" / "cifar-10-batches-py"
    monkeypatch.setattr(CIFAR10, "train_list", listed(published.SOURCES["cifar10"].train))
    monkeypatch.setattr(CIFAR10, "test_list", listed(published.SOURCES["cifar10"].test))
    md5 = hashlib.md5((batches / "batches.meta").read_bytes()).hexdigest()
    monkeypatch.setitem(CIFAR10.meta, "md5", md5)
    ours = fetch_prestaged(folder, "cifar10")
    for split in ("train", "test"):
        reference = CIFAR10(folder / "cifar10", train=split == "train")
        images = getattr(ours, split).images.transpose(0, 2, 3, 1)
        np.testing.assert_array_equal(images, reference.data)
        np.testing.assert_array_equal(getattr(ours, split).labels, reference.targets)


def test_digests_of_svhn_and_cifar10_are_torchvisions():
    from torchvision.datasets import CIFAR10, SVHN

    theirs = {name: md5 for _, name, md5 in (SVHN.split_list["train"], SVHN.split_list["test"])}
    assert published.SOURCES["svhn"].files == {k: f"md5:{v}" for k, v in theirs.items()}
    theirs = dict(CIFAR10.train_list + CIFAR10.test_list)
    assert published.SOURCES["cifar10"].files == {k: f"md5:{v}" for k, v in theirs.items()}


@pytest.mark.parametrize("form", ["raw", "dot", "best", "torchvision"])
def test_the_wrapper_and_ending_of_a_file_do_not_matter(tiny, form):
    folder, made = tiny
    for path in sorted((folder / "mnist").iterdir()):
        content, name = gzip.decompress(path.read_bytes()), path.stem
        path.unlink()
        if form == "raw":
            path.with_name(name).write_bytes(content)
        elif form == "dot":
            path.with_name(name.replace("-idx", ".idx")).write_bytes(content)
        elif form == "best":
            wrapped = gzip.compress(content, 9, mtime=1)
            path.with_name(f"{name}.gzip").write_bytes(wrapped)
        else:
            raw = path.parent / "MNIST" / "raw"
            raw.mkdir(parents=True, exist_ok=True)
            (raw / name).write_bytes(content)
    prestaged.check_prestaged(folder, ["mnist"])
    assert_arrays(fetch_prestaged(folder, "mnist"), made["mnist"])


def pack_cifar10(folder, leave_out=""):
    """Replace the folder of batches by an archive with its members in another order."""
    batches = folder / "cifar10" / "cifar-10-batches-py"
    archive = folder / "cifar10" / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted(batches.iterdir(), reverse=True):
            if path.name != leave_out:
                tar.add(path, f"cifar-10-batches-py/{path.name}")
            path.unlink()
    batches.rmdir()
    return archive


def test_cifar10_is_read_from_its_archive(tiny):
    folder, made = tiny
    archive = pack_cifar10(folder)
    prestaged.check_prestaged(folder, ["cifar10"])
    assert_arrays(fetch_prestaged(folder, "cifar10"), made["cifar10"])
    assert list((folder / "cifar10").iterdir()) == [archive]  # not unpacked


def refuse(folder, dataset, *parts):
    return refused(lambda: fetch_prestaged(folder, dataset), *parts)


@pytest.mark.parametrize("length", [1, 500])
def test_truncated_gzip_is_named(tiny, length):
    path = tiny[0] / "mnist" / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-length])
    refuse(tiny[0], "mnist", path, "cannot be read", "replace it with a whole copy")


def test_truncated_raw_file_is_named_with_its_sizes(tiny):
    path = tiny[0] / "mnist" / "t10k-images-idx3-ubyte"
    archive = path.with_suffix(".gz")
    path.write_bytes(gzip.decompress(archive.read_bytes())[:-40])
    archive.unlink()
    refuse(tiny[0], "mnist", path, "holds 7800 bytes", "announces 7840", "place what is published")


@pytest.mark.parametrize("content", [b"<html>404 Not Found</html>", b"\0\0\x08", b"\0\0\x0d\x01"])
def test_a_file_of_another_form_is_named(tiny, content):
    path = tiny[0] / "mnist" / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(content)
    refuse(tiny[0], "mnist", path, "is not an IDX file", "place what is published")


def test_labels_under_the_name_of_images_are_recognised(tiny):
    folder = tiny[0] / "mnist"
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes((folder / "train-labels-idx1-ubyte.gz").read_bytes())
    refuse(tiny[0], "mnist", path, "holds train-labels-idx1-ubyte of mnist")


def test_fashionmnist_in_the_folder_of_mnist_is_recognised(tiny):
    (tiny[0] / "mnist").rename(tiny[0] / "aside")
    (tiny[0] / "fashion-mnist").rename(tiny[0] / "mnist")
    path = tiny[0] / "mnist" / "train-images-idx3-ubyte.gz"
    refuse(tiny[0], "mnist", path, "holds train-images-idx3-ubyte of fashionmnist")


def test_a_file_of_the_right_form_and_other_content_is_named(tiny):
    path = tiny[0] / "mnist" / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(idx(np.zeros(20))))
    refuse(tiny[0], "mnist", path, "holds 20 values that are not the published ones")


def test_altered_svhn_and_cifar10_are_named_and_no_pickle_is_opened(tiny):
    path = tiny[0] / "svhn" / "test_32x32.mat"
    path.write_bytes(path.read_bytes() + b"x")
    refuse(tiny[0], "svhn", path, "is not the published file (md5 ", "place what is published")

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tiny[0] / "trapped"),)

    path = tiny[0] / "cifar10" / "cifar-10-batches-py" / "data_batch_3"
    path.write_bytes(pickle.dumps(Trap()))
    refuse(tiny[0], "cifar10", path, "is not the published file (md5 ")
    assert not (tiny[0] / "trapped").exists()


def test_damaged_or_incomplete_archive_is_named(tiny):
    archive = pack_cifar10(tiny[0], leave_out="data_batch_2")
    refuse(tiny[0], "cifar10", archive, "lacks data_batch_2", "place what is published")
    whole = archive.read_bytes()
    for content in (whole[: len(whole) // 2], b"<html>"):
        archive.write_bytes(content)
        refuse(tiny[0], "cifar10", archive, "cannot be read", "replace it")


@pytest.mark.parametrize("other", ["{} (1).gz", "{}.bak", "{}", "{}.part"])
def test_a_damaged_copy_beside_a_whole_file_is_passed_over(tiny, other):
    folder, made = tiny
    for name in published.SOURCES["mnist"].files:
        (folder / "mnist" / other.format(name)).write_bytes(b"\x1f\x8bhalf")
    prestaged.check_prestaged(folder, ["mnist"])
    assert_arrays(fetch_prestaged(folder, "mnist"), made["mnist"])


def test_an_empty_copy_is_passed_over_and_a_whole_archive_stands_for_a_damaged_file(tiny):
    folder, made = tiny
    (folder / "svhn" / "train_32x32.mat.bak").touch()
    prestaged.check_prestaged(folder, ["svhn"])
    batches = folder / "cifar10" / "cifar-10-batches-py"
    half = (batches / "data_batch_3").read_bytes()[:-9]
    archive = pack_cifar10(folder)
    archive.with_name("cifar-10-python.tar").write_bytes(archive.read_bytes()[:999])
    batches.mkdir()
    (batches / "data_batch_3").write_bytes(half)
    assert_arrays(fetch_prestaged(folder, "cifar10"), made["cifar10"])


def test_a_folder_in_place_of_a_file_is_told_as_one(tiny):
    path = tiny[0] / "svhn" / "test_32x32.mat"
    path.unlink()
    path.mkdir()
    refused(
        lambda: prestaged.check_prestaged(tiny[0], ["svhn"]),
        path,
        "is a folder, not the file",
        "place what is published",
    )


def test_a_header_of_many_axes_is_no_header(tiny):
    path = tiny[0] / "mnist" / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(b"\0\0\x08\xff" + b"\xff" * 4 * 255)
    assert len(refuse(tiny[0], "mnist", path, "is not an IDX file")) < 300


@pytest.mark.parametrize("place", ["", "svhn"])
def test_a_folder_that_may_not_be_read_is_told_as_that(tiny, monkeypatch, place):
    locked = tiny[0] / place
    # Root may read anything, so the operating system's answer is played here.
    monkeypatch.setattr(os, "access", lambda path, mode: path != locked)
    refused(
        lambda: prestaged.check_prestaged(tiny[0], ["svhn"]), locked, "may not be read", "chmod"
    )


def test_a_prestaged_folder_behind_a_link_to_nowhere(tmp_path):
    (tmp_path / "data").symlink_to("/gone/away")
    refused(
        lambda: prestaged.check_prestaged(tmp_path / "data", ["svhn"]),
        tmp_path / "data",
        "/gone/away, which is not there",
        "key prestaged",
    )


def test_what_is_missing_is_named_before_anything_is_read(tiny, monkeypatch):
    folder, _ = tiny
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))

    def refuse_at_once(whole, dataset, *parts):
        refused(
            lambda: prestaged.check_prestaged(whole, ["digits", dataset]), "key prestaged", *parts
        )

    refuse_at_once(folder / "no", "mnist", folder / "no:", "is not a folder")
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        (folder / "mnist" / name).unlink()
    missing = "lacks t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; place what is published"
    refuse_at_once(folder, "mnist", folder / "mnist", missing)
    (folder / "svhn" / "train_32x32.mat").unlink()
    refuse_at_once(folder, "svhn", folder / "svhn", "lacks train_32x32.mat;", "housenumbers")
    (folder / "cifar10" / "cifar-10-batches-py" / "test_batch").unlink()
    refuse_at_once(folder, "cifar10", folder / "cifar10", "lacks test_batch;")
    (folder / "fashion-mnist").rename(folder / "fashion")
    refuse_at_once(folder, "fashionmnist", folder / "fashion-mnist:", "is not a folder")


def test_empty_and_unreadable_files_are_named_at_once(tiny, monkeypatch):
    def check():
        prestaged.check_prestaged(tiny[0], ["svhn"])

    path = tiny[0] / "svhn" / "train_32x32.mat"
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda file, mode: file != path)
        refused(check, path, "cannot be read", "chmod")
    path.write_bytes(b"")
    refused(check, path, "is empty", "place what is published")


def test_without_the_key_prestaged_or_with_bundled_data_nothing_is_checked():
    prestaged.check_prestaged(None, DATASETS)
    prestaged.check_prestaged("", DATASETS)
    prestaged.check_prestaged("/nowhere", ["digits"])


def test_the_check_imports_no_heavy_library():
    heavy = "{'torch', 'torchvision', 'pandas', 'scipy', 'sklearn'}"
    code = f"import sys, ffensembles.data.definitions; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# Real files


@needs_real_data
@pytest.mark.parametrize("dataset", ["mnist", "fashionmnist"])
def test_real_files_are_the_published_ones(dataset):
    prestaged.check_prestaged(REAL, [dataset])
    real = fetch(dataset, REAL)
    assert real.train.images.shape == (60000, 1, 28, 28)
    assert real.test.images.shape == (10000, 1, 28, 28)
    if dataset == "fashionmnist":  # balanced
        assert (np.bincount(real.train.labels) == 6000).all()
        assert (np.bincount(real.test.labels) == 1000).all()
    else:  # these constants are MNIST's own
        values = real.standardised(real.train.images)
        assert abs(values.mean()) < 1e-3
        assert abs(values.std() - 1) < 1e-3


def upstream_gzip(name):
    """Return FashionMNIST's file with the gzip header it was published with: name and time."""
    stripped = (REAL / "fashion-mnist" / f"{name}.gz").read_bytes()
    seconds = 1504176606 if name.startswith("train") else 1504176627
    header = b"\x1f\x8b\x08\x08" + struct.pack("<I", seconds) + b"\0\x03"
    return header + name.encode() + b"\0" + stripped[10:]


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A web server on this machine that torchvision takes for the mirror of FashionMNIST.

    Yields (folder of the served files, list of requested paths).
    """
    from torchvision.datasets import FashionMNIST

    folder, requests = tmp_path / "mirror", []
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_request(self, *_):
            requests.append(self.path)

        def log_error(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=folder)
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(FashionMNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    yield folder, requests
    server.shutdown()
    thread.join()
    server.server_close()


@needs_real_data
def test_download_is_checked_by_torchvision_and_mends_broken_files(mirror, tmp_path, monkeypatch):
    from torchvision.datasets import FashionMNIST

    folder, requests = mirror
    resources = tmp_path / "resources"
    names = [f"{name}-idx{3 if 'images' in name else 1}-ubyte" for name in IDX_NAMES]
    for name in names:
        (folder / f"{name}.gz").write_bytes(upstream_gzip(name))
    whole = (folder / "t10k-labels-idx1-ubyte.gz").read_bytes()
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(whole[:-9])  # fails the first attempt

    def wait(seconds):
        if seconds:
            (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(whole)

    monkeypatch.setattr(downloads.time, "sleep", wait)
    downloaded = fetch("fashionmnist", None, resources)
    assert downloaded.sha256 == fetch("fashionmnist", REAL).sha256
    for split in ("train", "test"):
        reference = FashionMNIST(resources / "fashion-mnist", train=split == "train")
        images = getattr(downloaded, split).images
        np.testing.assert_array_equal(images[:, 0], reference.data)
        np.testing.assert_array_equal(getattr(downloaded, split).labels, reference.targets)

    requests.clear()
    unpacked = resources / "fashion-mnist" / "FashionMNIST" / "raw" / names[0]
    unpacked.write_bytes(unpacked.read_bytes()[:1000])  # as a killed job leaves it
    again = fetch("fashionmnist", None, resources)
    assert again.sha256 == downloaded.sha256
    assert requests == []  # unpacked anew from what had been downloaded
    prestaged.check_prestaged(resources, ["fashionmnist"])  # a download serves as pre-staged files
    assert fetch("fashionmnist", resources).sha256 == downloaded.sha256


# Failing downloads


@pytest.mark.parametrize("dataset", ["mnist", "fashionmnist", "svhn", "cifar10"])
def test_without_network_the_download_ends_in_one_line(tmp_path, monkeypatch, caplog, dataset):
    def unreachable(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    waited = []
    monkeypatch.setattr(downloads.time, "sleep", waited.append)
    source = published.SOURCES[dataset]
    line = refused(
        lambda: fetch(dataset, None, tmp_path),
        *(f"{dataset}: download from {source.url} failed 4 times", "Name or service not known"),
        *("try again later", "key prestaged", source.folder),
    )
    assert waited == [0, 2, 4, 8]
    # Four attempts at up to three addresses, for one reason.
    assert caplog.text.count("Name or service not known") <= 1
    assert line.count("Name or service not known") == 1
    assert line.count("http") == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert socket.getdefaulttimeout() is None


def test_a_full_disk_is_not_taken_for_a_broken_network(tmp_path, monkeypatch):
    attempts = []

    def full(*_):
        attempts.append(1)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(downloads, "_call_torchvision", full)
    refused(
        lambda: downloads.download("svhn", tmp_path),
        tmp_path / "svhn",
        "No space left on device",
        "free some space",
        "key pathvars",
    )
    assert len(attempts) == 1


# The script


def run(folder, dataset, prestaged):
    """Run fetch_dataset.py in a folder."""
    return run_script_alone(
        *(folder, "fetch_dataset.py", "job.log"),
        output={"dataset": f"{dataset}.npz", "digest": f"{dataset}.sha256"},
        params={"definition": DATASETS[dataset]},
        wildcards={"dataset": dataset},
        config={
            **{"prestaged": prestaged, "datasets": DATASETS},
            "pathvars": {"resources": "resources"},
        },
    )


def test_the_script_writes_the_dataset_and_logs_its_hash(tmp_path):
    ended = run(tmp_path, "digits", None)
    assert (ended.returncode, ended.stderr) == (0, "")
    written = datasets.load(tmp_path / "digits.npz")
    assert written.sha256 == fetch("digits").sha256
    assert written.sha256 in (tmp_path / "job.log").read_text()
    assert (tmp_path / "digits.sha256").read_text() == f"{written.sha256}\n"


def test_the_script_fails_in_one_line_and_leaves_nothing(tmp_path):
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    ended = run(tmp_path, "mnist", "data")
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("error: data/mnist: lacks train-images-idx3-ubyte")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "job.log"]
