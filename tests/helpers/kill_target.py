"""Trains on demand in a forked process that a test may kill; see tests/learning/test_kills.py.

Reads lines `model folder interval` and answers each with the process's id when it starts and its
exit status when it has ended. Forking spares each training the import of torch.
"""

import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from threading import RLock

import torch
from tqdm import tqdm

from ffensembles.learning import checkpoints
from ffensembles.learning.snapshots import Snapshots
from helpers.small_training import digits, experiment, trained


def train(model, folder, interval, split):
    e = experiment(model, epochs=10 if model == "ff" else 25, batch_size=40, units=20)
    taken = Snapshots(Path(folder) / "snapshots", 1, e.epochs)
    observe = partial(taken.take, seeds=[0, 1])
    trained(e, [0, 1], split, Path(folder), interval=float(interval), observe=observe)


def main():
    # No thread must be there when the process forks, neither torch's nor tqdm's.
    torch.set_num_threads(1)
    tqdm.monitor_interval = 0
    # Forked processes share tqdm's own lock: one that is killed while holding it blocks all others.
    tqdm.set_lock(RLock())
    checkpoints.PATIENCE = 0  # save all the time
    os.fsync = lambda file: None  # slow on a busy disk; a kill, unlike a power cut, spares caches
    split = digits(300)
    with tempfile.TemporaryDirectory() as folder:
        train("bp", folder, 1, split)  # imports what torch imports late
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                train(*line.split(), split)
            except SystemExit as exit:
                os._exit(exit.code)
            os._exit(0)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
