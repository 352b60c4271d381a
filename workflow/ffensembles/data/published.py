"""The datasets as they are published: where, in which files, and how these are decoded.

Every file is known by the digest of its uncompressed content, so that it does not matter how or
by whom it was compressed. The Snakefile imports this module, so it stays light.
"""

from __future__ import annotations

import hashlib
import io
import math
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

MOST_AXES = 4  # of an array of images; a header that announces more is none
IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}

Arrays = tuple[np.ndarray, np.ndarray]  # images (N, C, H, W) uint8, labels (N,) int64


def parse_idx(content: bytes) -> np.ndarray:
    """Return the array in an IDX file, whose header is: 0, 0, type, rank, sizes.

    Raises:
        ValueError: saying what is wrong, as a predicate to the file's name.
    """
    kind, rank = content[2:4] if len(content) > 3 else (0, 0)
    start = 4 + 4 * rank
    if content[:2] != b"\0\0" or kind not in IDX_TYPES or len(content) < start or rank > MOST_AXES:
        raise ValueError("is not an IDX file")
    shape = [int(size) for size in np.frombuffer(content[4:start], ">u4")]
    dtype = np.dtype(IDX_TYPES[kind])
    expected, there = dtype.itemsize * math.prod(shape), len(content) - start
    if there != expected:
        raise ValueError(f"holds {there} bytes of data, but its header announces {expected}")
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def _decode_idx(contents: list[bytes]) -> Arrays:
    images, labels = map(parse_idx, contents)
    return images[:, None], labels.astype(np.int64)


def _decode_svhn(contents: list[bytes]) -> Arrays:
    from scipy.io import loadmat

    matrices = loadmat(io.BytesIO(contents[0]))
    labels = matrices["y"].astype(np.int64).ravel()
    labels[labels == 10] = 0  # SVHN calls the digit 0 "10"
    return np.ascontiguousarray(matrices["X"].transpose(3, 2, 0, 1)), labels  # from (H, W, C, N)


def _decode_cifar10(contents: list[bytes]) -> Arrays:
    batches = [pickle.loads(content, encoding="latin1") for content in contents]
    images = np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, 32, 32)
    return images, np.concatenate([batch["labels"] for batch in batches]).astype(np.int64)


@dataclass(frozen=True)
class Source:
    """A dataset as it is published.

    Attributes:
        folder: its name in the folder `prestaged` and in the resources folder.
        url: where its files are published.
        train: the files of the training split in order, and the digest of each one's content.
        test: those of the test split.
        decode: makes images and labels from the contents of the files of a split.
        layouts: subfolders in which the files may lie; torchvision's own is among them.
        torchvision: the torchvision class that downloads it.
        parts: that class's arguments; it is called once with each of them.
        archive: pattern of an archive that may stand for the files.
    """

    folder: str
    url: str
    train: Mapping[str, str]
    test: Mapping[str, str]
    decode: Callable[[list[bytes]], Arrays]
    layouts: tuple[str, ...]
    torchvision: str
    parts: tuple[Mapping[str, object], ...] = ({"train": True}, {"train": False})
    archive: str | None = None

    @property
    def files(self) -> dict[str, str]:
        """All files and their digests."""
        return {**self.train, **self.test}


def _idx(split: str, images: str, labels: str) -> dict[str, str]:
    return {
        f"{split}-images-idx3-ubyte": f"sha256:{images}",
        f"{split}-labels-idx1-ubyte": f"sha256:{labels}",
    }


SOURCES = {
    "mnist": Source(
        folder="mnist",
        url="https://ossci-datasets.s3.amazonaws.com/mnist/",
        train=_idx(
            "train",
            images="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            labels="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        test=_idx(
            "t10k",
            images="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            labels="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        decode=_decode_idx,
        layouts=(".", "MNIST/raw"),
        torchvision="MNIST",
    ),
    "fashionmnist": Source(
        folder="fashion-mnist",
        url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        train=_idx(
            "train",
            images="c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            labels="bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
        test=_idx(
            "t10k",
            images="5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            labels="0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
        decode=_decode_idx,
        layouts=(".", "FashionMNIST/raw"),
        torchvision="FashionMNIST",
    ),
    "svhn": Source(
        folder="svhn",
        url="http://ufldl.stanford.edu/housenumbers/",
        train={"train_32x32.mat": "md5:e26dedcc434d2e4c54c9b2d4a06d8373"},
        test={"test_32x32.mat": "md5:eb5a983be6a315427106f1b164d9cef3"},
        decode=_decode_svhn,
        layouts=(".",),
        torchvision="SVHN",
        parts=({"split": "train"}, {"split": "test"}),
    ),
    "cifar10": Source(
        folder="cifar10",
        url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        train={
            "data_batch_1": "md5:c99cafc152244af753f735de768cd75f",
            "data_batch_2": "md5:d4bba439e000b95fd0a9bffe97cbabec",
            "data_batch_3": "md5:54ebc095f3ab1f0389bbae665268c751",
            "data_batch_4": "md5:634d18415352ddfa80567beed471001a",
            "data_batch_5": "md5:482c414d41f54cd18b22e5b47cb7c3cb",
        },
        test={"test_batch": "md5:40351d587109b95175f43aff81a1287e"},
        decode=_decode_cifar10,
        layouts=("cifar-10-batches-py", "."),
        torchvision="CIFAR10",
        archive="cifar-10-python.tar*",
    ),
}


def is_published(content: bytes, digest: str) -> bool:
    """Return whether a content has the digest, written as algorithm:hexadecimal."""
    algorithm, _, expected = digest.partition(":")
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest() == expected
