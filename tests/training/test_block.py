"""A block of seeds, from files to files."""

import pytest
import torch

from ffensembles.data import datasets
from ffensembles.training.block import train_block
from ffensembles.training.checkpoints import Checkpoint
from helpers.small_training import experiment


def test_a_training_goes_on_with_another_number_of_threads(tmp_path, monkeypatch, caplog):
    data = datasets.fetch("digits", None, "nowhere")
    model, log = tmp_path / "seeds-0-1.safetensors", tmp_path / "seeds-0-1.log.parquet"

    def train(threads):
        monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
        train_block(
            experiment("bp", epochs=2),
            [0, 1],
            data,
            model_path=str(model),
            log_path=str(log),
            random_seed=0,
            device="cpu",
            precision="highest",
            checkpoint_interval=1e9,
            code="as it is",
        )

    def save_and_leave(self, state):
        self.save(state())
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "after_step", save_and_leave)
        train(threads=2)
    train(threads=1)
    assert "saved with threads 2 and goes on with 1" in caplog.text
    assert "starts anew" not in caplog.text
    assert model.exists() and log.exists()
    assert not model.with_suffix(".checkpoints").exists()
