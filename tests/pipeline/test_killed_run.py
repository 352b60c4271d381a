"""A run that is killed outright, or has company: what its trainings have done is lost to nobody."""

import time

import psutil
import pytest
from safetensors import safe_open

from ffensembles.files import read_frame
from ffensembles.learning.snapshots import epochs_kept
from helpers.forks import start_snakemake
from helpers.pipeline import copy_pipeline

EPOCHS = 30
BLOCK = "digits/ff/main/seeds-0-1"
RESULTS = "results/demo"


@pytest.fixture
def pipeline(tmp_path):
    """Return a copy of the pipeline with one experiment, which trains for some seconds."""
    folder = copy_pipeline(tmp_path / "pipeline")
    header, *rows = (folder / "config/demo.tsv").read_text("utf-8").splitlines()[1:]
    row = next(row for row in rows if row.startswith("main\tdigits\tff\t")).split("\t")
    row[4] = str(EPOCHS)
    (folder / "one.tsv").write_text(f"{header}\n" + "\t".join(row) + "\n", "utf-8")
    return folder


@pytest.fixture
def start(pipeline, tmp_path):
    """Return a function that starts a run, which does not outlive the test."""
    runs = []

    def started(*arguments):
        (printed := tmp_path / f"run{len(runs)}").mkdir()
        options = ["--configfile", "config/demo.yaml", "--cores", "1", *arguments]
        options += ["--config", "experiments=one.tsv", "checkpoint_interval=0.1"]
        wanted = f"{RESULTS}/models/{BLOCK}.safetensors"
        runs.append(start_snakemake(pipeline, *options, "--", wanted, printed=printed))
        return runs[-1]

    yield started
    for run in runs:
        run.kill()
        run.join()


def checkpoints(folder):
    return folder / RESULTS / "checkpoints/digits-ff-main-seeds-0-1"


def until(condition):
    deadline = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def training(run, folder):
    """Return the processes of a run's training, once it has saved its state."""
    until((checkpoints(folder) / "0-1.checkpoint").exists)
    found = psutil.Process(run.pid).children(recursive=True)
    assert found
    return found


def killed(run):
    """Kill a run, and nothing that it started."""
    run.kill()
    run.join()


def status(run):
    """Wait for the end of a run, and return its status."""
    run.join(240)
    return run.exitcode


def held_until(said, processes, folder):
    """Let processes go on only once the log of the training says something."""
    for process in processes:
        process.suspend()
    try:
        until(lambda: said in text_log(folder))
    finally:
        for process in processes:
            process.resume()


def assert_whole(folder):
    """Check that everything is there, each epoch once, and nothing is left of the training."""
    made = folder / RESULTS / "models" / BLOCK
    with safe_open(made.with_suffix(".snapshots.safetensors"), framework="numpy") as file:
        names = {name.partition(".")[0] for name in file.keys()}  # noqa: SIM118
    assert names == {f"epoch{epoch}" for epoch in epochs_kept(EPOCHS)}
    log = read_frame(made.with_suffix(".log.parquet"))
    assert len(log) == 2 * 3 * EPOCHS
    assert not log.duplicated(["seed", "layer", "epoch"]).any()
    assert made.with_suffix(".safetensors").exists()
    assert list(checkpoints(folder).parent.iterdir()) == []


def text_log(folder):
    path = folder / RESULTS / "logs/train" / f"{BLOCK}.log"
    return path.read_text("utf-8") if path.exists() else ""


WAITS = "trains it already; waiting until that ends"


def test_the_next_run_waits_for_the_training_that_goes_on_and_takes_it(pipeline, start):
    orphans = training(run := start(), pipeline)
    killed(run)
    following = start()
    held_until(WAITS, orphans, pipeline)
    assert status(following) == 0
    assert f"digits / ff / main seeds 0-1: process {orphans[-1].pid} on" in text_log(pipeline)
    assert text_log(pipeline).count(WAITS) == 1
    assert_whole(pipeline)


def test_the_next_run_finds_what_has_been_trained_since(pipeline, start):
    orphans = training(run := start(), pipeline)
    killed(run)
    psutil.wait_procs(orphans, timeout=240)
    log = pipeline / RESULTS / "models" / f"{BLOCK}.log.parquet"
    seconds = read_frame(log)["seconds"].tolist()
    assert status(start()) == 0
    assert read_frame(log)["seconds"].tolist() == seconds  # not trained again
    assert_whole(pipeline)


def test_two_runs_at_once_train_once(pipeline, start):
    one = start("--nolock")
    processes = training(one, pipeline)
    other = start("--nolock")
    held_until(WAITS, processes, pipeline)
    assert (status(one), status(other)) == (0, 0)
    assert_whole(pipeline)
