"""Files in a storage of Snakemake's: what outlives the node that a job ran on."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch

from helpers import heed_signals
from helpers.pipeline import copy_pipeline, snakemake
from helpers.study import PROGRESS

MODEL = "results/demo/models/digits/bp/main/seeds-0-1"

pytestmark = pytest.mark.skipif(
    shutil.which("rsync") is None, reason="no rsync, which the fs storage copies with"
)


@pytest.fixture
def pipeline(tmp_path):
    """Return a copy of the pipeline whose training takes some seconds."""
    folder = copy_pipeline(tmp_path / "pipeline")
    rows = (folder / "config/demo.tsv").read_text("utf-8").splitlines()[1:]
    row = next(row for row in rows if row.startswith("main\tdigits\tbp\t")).split("\t")
    row[4] = "150"  # epochs
    (folder / "config/long.tsv").write_text(f"{rows[0]}\n" + "\t".join(row) + "\n", "utf-8")
    return folder


def on_node(folder, node):
    """Return the arguments of a training whose files come and go through a disk of the node's."""
    return [
        *("--configfile", "config/demo.yaml"),
        *("--config", "checkpoint_interval=0.2", "experiments=config/long.tsv"),
        *("--cores", "1", "--default-storage-provider", "fs"),
        *("--default-storage-prefix", folder / "store"),
        *("--local-storage-prefix", folder / node, "--", f"{MODEL}.safetensors"),
    ]


def checkpoints(folder):
    return list(folder.rglob("[0-9]*.checkpoint"))


def epochs_done(folder):
    """Wait until epochs are saved, and return how many."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        for path in checkpoints(folder):
            _, epoch, _ = torch.load(path, weights_only=True)["state"]["position"]
            if epoch:
                return epoch
        time.sleep(0.1)
    raise AssertionError("no checkpoint")


def test_a_training_killed_on_one_node_goes_on_at_its_epoch_on_another(pipeline):
    first = subprocess.Popen(
        [sys.executable, "-m", "snakemake", *on_node(pipeline, "one")],
        cwd=pipeline,
        preexec_fn=heed_signals,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    epochs_done(pipeline)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    shutil.rmtree(pipeline / "one")  # another node does not see it
    saved = epochs_done(pipeline)

    snakemake(pipeline, *on_node(pipeline, "other"))
    log = pipeline / f"store/results/demo/logs/train{MODEL.removeprefix('results/demo/models')}.log"
    assert int(PROGRESS.findall(log.read_text())[0]) == saved
    assert not checkpoints(pipeline)
