"""The published files of the datasets: where they lie, and whether they are what they should be.

Every file is known by the digest of its uncompressed content, so that it does not matter how or
by whom it was compressed. Nothing is decoded, and no pickle is opened, before its digest agrees.
The Snakefile imports this module, so it stays light.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import os
import pickle
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ffensembles.errors import UserError
from ffensembles.files import no_folder

BROKEN = (OSError, EOFError, zlib.error, tarfile.TarError)

MOST_AXES = 4  # of an array of images; a header that announces more is none

Arrays = tuple[np.ndarray, np.ndarray]  # images (N, C, H, W) uint8, labels (N,) int64


def parse_idx(content: bytes) -> np.ndarray:
    """Return the array of bytes in an IDX file, whose header is: 0, 0, type, rank, sizes.

    Raises:
        ValueError: saying what is wrong, as a predicate to the file's name.
    """
    rank = content[3] if len(content) > 3 else 0
    start = 4 + 4 * rank
    if content[:3] != b"\0\0\x08" or len(content) < start or rank > MOST_AXES:
        raise ValueError("is not an IDX file of bytes")
    shape = [int(size) for size in np.frombuffer(content[4:start], ">u4")]
    values = np.frombuffer(memoryview(content)[start:], np.uint8)
    if values.size != math.prod(shape):
        raise ValueError(
            f"holds {values.size} bytes of data, but its header announces {math.prod(shape)}"
        )
    return values.reshape(shape)


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


def check_prestaged(prestaged: str | Path | None, datasets: Iterable[str]) -> None:
    """Check that the files of `datasets` are in the folder `prestaged`; cheap, reads no content.

    Raises:
        UserError: naming the folder or file, what is wrong and the cure.
    """
    if not prestaged:
        return
    for dataset in datasets:
        if dataset in SOURCES:
            for paths in locate(dataset, prestaged_folder(prestaged, dataset)).values():
                problems = [_problem_at_once(path, dataset) for path in paths]
                if all(problems):
                    raise UserError(f"{paths[0]}: {problems[0]}")


def _problem_at_once(path: Path, dataset: str) -> str | None:
    """Say what is wrong with a file as far as it shows without reading it."""
    if not os.access(path, os.R_OK):
        return "cannot be read; allow it with chmod u+r"
    return f"is empty; {_cure(dataset)}" if path.stat().st_size == 0 else None


def prestaged_folder(prestaged: str | Path, dataset: str) -> Path:
    """Return the folder of one dataset in the folder that the key `prestaged` names.

    Raises:
        UserError: either of them is not there, or may not be read.
    """
    whole = Path(prestaged).expanduser()
    folder = whole / SOURCES[dataset].folder
    for path in (whole, folder):
        if problem := no_folder(path):
            raise UserError(
                f"{path}: {problem}; with the key prestaged the files of {dataset} are "
                f"expected in {folder}; set the key to null to download them"
            )
    return folder


def locate(dataset: str, folder: Path) -> dict[str, list[Path]]:
    """Return what may hold each published file: files, compressed or not, then archives.

    Raises:
        UserError: naming the folder and the files it lacks.
    """
    source = SOURCES[dataset]
    archives = sorted(folder.glob(source.archive)) if source.archive else []
    found = {
        name: [path for layout in source.layouts for path in _find(folder / layout, name)]
        for name in source.files
    }
    paths = {name: [p for p in [*found[name], *archives] if p.is_file()] for name in found}
    lacking = [name for name in paths if not paths[name]]
    for name in lacking:
        if found[name]:
            raise UserError(f"{found[name][0]}: is a folder, not the file; {_cure(dataset)}")
    if lacking:
        raise UserError(f"{folder}: lacks {', '.join(lacking)}; {_cure(dataset)}")
    return paths


def _find(folder: Path, name: str) -> list[Path]:
    """Return what has the name of a file, whatever its ending, the plainest name first.

    Some copies have a dot for the hyphen.
    """
    paths = folder.glob(name.replace("-idx", "?idx") + "*")
    return sorted(paths, key=lambda path: (len(path.name), path.name))


def _cure(dataset: str) -> str:
    return (
        f"place what is published for {dataset} at {SOURCES[dataset].url} there, or set the key "
        "prestaged to null to download it"
    )


def read(dataset: str, folder: Path) -> dict[str, np.ndarray]:
    """Read and verify the published files of a dataset, in place.

    Returns:
        train_images, test_images: (N, C, H, W) uint8; train_labels, test_labels: (N,) int64.

    Raises:
        UserError: a file is missing, unreadable, damaged or not the published one.
    """
    source, paths = SOURCES[dataset], locate(dataset, folder)
    arrays: dict[str, np.ndarray] = {}
    for split, files in (("train", source.train), ("test", source.test)):
        contents = _Contents(source, files)
        whole = [_whole(name, paths[name], contents, dataset) for name in files]
        images, labels = source.decode(whole)
        arrays |= {f"{split}_images": images, f"{split}_labels": labels}
    return arrays


def _whole(name: str, paths: list[Path], contents: _Contents, dataset: str) -> bytes:
    """Return the content of a file from the first place that has it as it was published.

    Raises:
        UserError: none has; tells what is wrong with the first.
    """
    digest, problems = SOURCES[dataset].files[name], []
    for path in paths:
        try:
            content = contents.of(path).get(name)
        except BROKEN as error:
            reason = getattr(error, "strerror", None) or " ".join(str(error).split())
            problems.append(
                f"is damaged, cut short or unreadable ({reason}); replace it with a whole copy"
            )
            continue
        if content is None:
            problems.append(f"lacks {name}; {_cure(dataset)}")
        elif is_published(content, digest):
            return content
        else:
            problems.append(f"{_diagnose(content, name, digest)}; {_cure(dataset)}")
    raise UserError(f"{paths[0]}: {problems[0]}")


class _Contents:
    """What the files of a split hold, uncompressed; the archive that was read last is kept."""

    def __init__(self, source: Source, names: Iterable[str]) -> None:
        self.source, self.names = source, list(names)
        self._archive: tuple[Path | None, dict[str, bytes]] = None, {}

    def of(self, path: Path) -> Mapping[str, bytes]:
        """Return the content of each published file in a file or archive, by name."""
        if not (self.source.archive and path.match(self.source.archive)):
            return dict.fromkeys(self.names, _uncompressed(path))
        if self._archive[0] != path:
            self._archive = path, dict(_members(path, self.names))
        return self._archive[1]


def _uncompressed(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def _members(path: Path, files: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            name = PurePosixPath(member.name).name
            if name in files and (file := archive.extractfile(member)):
                yield name, file.read()


def is_published(content: bytes, digest: str) -> bool:
    """Return whether a content has the digest, written as algorithm:hexadecimal."""
    algorithm, _, expected = digest.partition(":")
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest() == expected


def _diagnose(content: bytes, name: str, digest: str) -> str:
    """Say what is wrong with a content that is not the published one."""
    for dataset, source in SOURCES.items():
        for known, other in source.files.items():
            if is_published(content, other):
                return f"holds {known} of {dataset}"
    if "idx" in name:
        try:
            shape = parse_idx(content).shape
        except ValueError as error:
            return str(error)
        return f"holds {' x '.join(map(str, shape))} values that are not the published ones"
    return f"is not the published file ({digest.replace(':', ' ')} expected)"
