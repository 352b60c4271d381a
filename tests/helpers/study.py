"""A copy of the workflow in a folder of its own, and what can be read off its results."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch

from helpers import heed_signals

PROGRESS = re.compile(r"\s(\d+)/\d+ \[")  # epochs done, of all

# Profiles, for a run on the cluster and on this machine.
SLURM = ("profiles/slurm", "profiles/test")
LOCAL = ("profiles/demo",)

# The settings and targets of a study with few trainings.
SMALL = {"experiments": "config/experiments.tsv", "seeds_per_job": 1, "checkpoint_interval": 1}
SHORT_MODEL = "results/demo/models/digits/bp/main/seeds-0-0.safetensors"
TABLES = tuple(f"results/demo/tables/table{number}.csv" for number in (1, 2, 3, 4, 5))


@dataclass
class Study:
    """The workflow in `folder`, with settings that differ from the demo's."""

    folder: Path
    settings: dict = field(default_factory=dict)

    def command(self, *targets: str, profile=SLURM, options=()) -> list[str]:
        """Return the command line that makes the targets."""
        settings = [f"{key}={json.dumps(value)}" for key, value in self.settings.items()]
        command = ["snakemake", *targets, "--configfile=config/demo.yaml", *options]
        command += ["--config", *settings] if settings else []
        return command + [f"--profile={name}" for name in profile]

    def run(self, *targets: str, slurm=None, timeout=3000, check=True, **options):
        """Make the targets, on a cluster if one is given; return the finished process."""
        result = subprocess.run(
            self.command(*targets, **options),
            cwd=self.folder,
            env=slurm and slurm.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert not check or result.returncode == 0, result.stdout[-5000:]
        return result

    @contextmanager
    def running(self, *targets: str, slurm, **options):
        """Start making the targets; yield the driver, which does not outlive the body."""
        with (self.folder / "driver.log").open("ab") as out:
            driver = subprocess.Popen(
                self.command(*targets, **options),
                cwd=self.folder,
                env=slurm.environment,
                preexec_fn=heed_signals,
                stdout=out,
                stderr=out,
            )
        try:
            yield driver
        finally:
            driver.kill()
            driver.wait()

    def driver_log(self) -> str:
        """Return what the drivers of this study have printed."""
        return (self.folder / "driver.log").read_text()

    def tables(self) -> dict[str, bytes]:
        """Return every table made, by name."""
        return {
            path.name: path.read_bytes()
            for path in sorted((self.folder / "results/demo/tables").glob("*.*"))
        }

    def checkpoints(self) -> list[Path]:
        """Return the checkpoints of trainings that have not finished."""
        return list((self.folder / "results/demo/checkpoints").rglob("[0-9]*.checkpoint"))

    def in_mid_run(self, since: float) -> list[Path]:
        """Return the checkpoints saved after a moment that hold at least one epoch."""
        return [path for path in self.checkpoints() if _holds_an_epoch(path, since)]

    def trainings(self) -> dict[str, tuple[int, int]]:
        """Return the epochs that lay behind each training when its last job began and ended.

        Read off its log, which holds that job alone: Snakemake begins a log anew with each job.
        """
        folder = self.folder / "results/demo/logs/train"
        found = {}
        for log in sorted(folder.rglob("*.log")):
            epochs = [int(done) for done in PROGRESS.findall(log.read_text())]
            found[str(log.relative_to(folder).with_suffix(""))] = (epochs[0], epochs[-1])
        return found


def _holds_an_epoch(path: Path, since: float) -> bool:
    try:
        if path.stat().st_mtime <= since:
            return False
        phase, epoch, _ = torch.load(path, weights_only=True)["state"]["position"]
    except FileNotFoundError:  # its training has finished meanwhile
        return False
    return phase > 1 or epoch > 0
