"""Trained models on disk: what is damaged or foreign is one line that names the file."""

import pytest
import torch
from safetensors.torch import save_file

from ffensembles.errors import UserError
from ffensembles.learning import weights
from ffensembles.randomness import generator
from helpers.small_training import kind

FF = kind("ff", (1, 2, 2), layers=1, units=3)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "seeds-3-4.safetensors"
    network = FF.initialise([generator(seed) for seed in (3, 4)])
    weights.save(FF.state(network), FF, [3, 4], {}, path)
    return path


def test_a_seed_comes_back_as_it_was(path):
    network = FF.initialise([generator(4)])
    for name, tensor in weights.load(FF, path, 4).state().items():
        assert torch.equal(tensor, network.state()[name])


@pytest.mark.parametrize("how", ["truncated", "empty", "text", "foreign", "missing", "folder"])
def test_what_is_no_model_is_one_line(how, path):
    content = path.read_bytes()
    path.unlink()
    if how == "folder":
        path.mkdir()
    elif how == "foreign":
        save_file({"layer1.weight": torch.zeros(2, 3, 4)}, path)
    elif how != "missing":
        path.write_bytes({"truncated": content[:-9], "empty": b"", "text": b"<html>" * 9}[how])
    for read in (lambda: weights.load(FF, path, 4), lambda: weights.sound_seeds(path)):
        with pytest.raises(UserError) as error:
            read()
        message = str(error.value)
        assert message.startswith(f"{path}: cannot be read (") and "\n" not in message
        assert message.endswith("remove it and run again")


def test_a_seed_that_a_file_lacks_is_one_line(path):
    with pytest.raises(UserError, match="remove it and run again"):
        weights.load(FF, path, 7)
