"""Trained networks handed on: what comes out is what was trained, or one line says why not."""

import json
import shutil
import zipfile
from dataclasses import replace

import pytest
import torch

from ffensembles.errors import UserError
from ffensembles.files import read_frame, read_metadata
from ffensembles.learning import weights
from ffensembles.learning.block import train_block
from ffensembles.learning.handed_on import CONTENTS, HandedOn, pack
from helpers.small_training import ON_CPU, digits_dataset, experiment, kind

FF = experiment("ff", epochs=1, units=8)
OF_FF = kind("ff", epochs=1, units=8)


def places(folder, first, last, **more):
    stem = folder / f"seeds-{first}-{last}"
    names = {"model": ".safetensors", "log": ".log.parquet", "snapshots": ".snapshots.safetensors"}
    return {f"{name}_path": f"{stem}{suffix}" for name, suffix in names.items()} | {
        "random_seed": 0,
        "snapshots_of": 0,
        **more,
    }


@pytest.fixture(scope="module")
def data():
    return digits_dataset()


@pytest.fixture(scope="module")
def trained(tmp_path_factory, data):
    """Seeds 0, 1 and 2 in two blocks."""
    folder = tmp_path_factory.mktemp("trained")
    for seeds in ([0, 1], [2]):
        how = ON_CPU | places(folder, seeds[0], seeds[-1])
        train_block(FF, seeds, data, **how, commit="abc")
    return folder


@pytest.fixture(scope="module")
def packed(trained):
    path = trained / "networks.zip"
    pack(sorted(trained.glob("*.log.parquet")), path)
    return path


def take(packed, folder, data, seeds=(0, 1), e=FF, **changes):
    files = places(folder, seeds[0], seeds[-1], dataset=data.sha256) | changes
    return HandedOn.open(packed).take(e, list(seeds), **files)


@pytest.mark.parametrize("seeds", [(0, 1), (1, 2), (0, 1, 2)])
def test_networks_come_back_bit_by_bit_whatever_the_blocks(seeds, packed, trained, data, tmp_path):
    assert take(packed, tmp_path, data, seeds, snapshots_of=0)
    path = tmp_path / f"seeds-{seeds[0]}-{seeds[-1]}.safetensors"
    for seed in seeds:
        home = trained / ("seeds-2-2.safetensors" if seed == 2 else "seeds-0-1.safetensors")
        expected, found = (OF_FF.state(weights.load(OF_FF, p, seed)) for p in (home, path))
        assert all(torch.equal(tensor, expected[name]) for name, tensor in found.items())
    log = path.with_suffix(".log.parquet")
    assert read_frame(log)["seed"].unique().tolist() == list(seeds)
    about = read_metadata(log)
    assert (about["commit"], about["taken_from"]) == ("abc", "networks.zip")


def test_whole_blocks_are_the_same_files(packed, trained, data, tmp_path):
    assert take(packed, tmp_path, data)
    for suffix in ("safetensors", "snapshots.safetensors"):
        name = f"seeds-0-1.{suffix}"
        assert (tmp_path / name).read_bytes() == (trained / name).read_bytes()


def test_without_snapshots_they_are_handed_on_as_well(trained, data, tmp_path):
    for path in trained.glob("seeds-0-1.*"):
        if "snapshots" not in path.name:
            shutil.copy(path, tmp_path)
    pack([tmp_path / "seeds-0-1.log.parquet"], tmp_path / "networks.zip")
    assert take(tmp_path / "networks.zip", tmp_path / "taken", data, snapshots_of=None)
    assert (tmp_path / "taken/seeds-0-1.snapshots.safetensors").exists()
    with pytest.raises(UserError, match="no snapshots of seed 0"):
        take(tmp_path / "networks.zip", tmp_path / "again", data)


def test_the_same_networks_pack_into_the_same_bytes(packed, trained):
    again = trained / "again.zip"
    pack(sorted(trained.glob("seeds*.log.parquet")), again)
    assert again.read_bytes() == packed.read_bytes()


def test_what_the_file_lacks_is_left_to_training(packed, data, tmp_path):
    assert not take(packed, tmp_path, data, (2, 3))
    assert not take(packed, tmp_path, data, e=replace(FF, study="other"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"e": replace(FF, epochs=2)}, "epochs 1, and here it is 2"),
        ({"e": replace(FF, units=(8, 8, 9))}, r"units 8, and here it is \[8, 8, 9\]"),
        ({"random_seed": 5}, "random_seed 0, and here it is 5"),
        ({"dataset": "0" * 64}, "data"),
        ({"snapshots_of": 1}, "no snapshots of seed 1"),
    ],
)
def test_other_settings_and_data_are_one_line(changes, words, packed, data, tmp_path):
    with pytest.raises(UserError, match=f"^config: networks: .*{words}") as error:
        take(packed, tmp_path, data, **changes)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_settings_are_compared_before_anything_runs(packed):
    handed_on = HandedOn.open(packed)
    handed_on.check([FF, replace(FF, study="other", epochs=7)], 0)
    with pytest.raises(UserError, match="epochs"):
        handed_on.check([replace(FF, epochs=7)], 0)


@pytest.mark.parametrize("how", ["missing", "text", "no contents", "other contents", "truncated"])
def test_what_is_no_such_file_is_one_line(how, packed, tmp_path):
    path = tmp_path / "bad.zip"
    if how == "text":
        path.write_text("<html>")
    elif how == "truncated":
        path.write_bytes(packed.read_bytes()[:-200])
    elif how != "missing":
        with zipfile.ZipFile(path, "w") as archive:
            name = CONTENTS if how == "other contents" else "readme.txt"
            archive.writestr(name, json.dumps([{"settings": {"a": 1}}]))
    with pytest.raises(UserError, match=r"bad\.zip: cannot be read") as error:
        HandedOn.open(path)
    assert "\n" not in str(error.value) and "networks" in str(error.value)


def test_damaged_weights_are_one_line(packed, data, tmp_path):
    path = tmp_path / "bad.zip"
    content = bytearray(packed.read_bytes())
    place = content.index(b"layer1.weight") + 2000
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"bad\.zip: cannot be read"):
        take(path, tmp_path / "out", data)
