"""A user's mistakes: one clear line, and nothing submitted."""

import pytest

from helpers.study import SMALL


@pytest.mark.parametrize(
    ("settings", "options", "words"),
    [
        ({}, ["train:slurm_partition=gpus"], ["partition 'gpus'", "gpu_partition", "cpu, gpu"]),
        ({}, ["train:gpu=3", "train:slurm_partition=gpu"], ["train", "gpus=3", "gpu_type"]),
        (
            {},
            ["train:gpu_model=a100", "train:slurm_partition=gpu"],
            ["train", "gpus=a100:1", "gpu_type"],
        ),
        (
            {},
            ["train:constraint=a100", "train:slurm_partition=gpu"],
            ["train", "-C a100", "constraint"],
        ),
        (
            {},
            ["train:mem_mb=999999", "train:slurm_partition=gpu"],
            ["train", "--mem 999999", "mem_mb"],
        ),
        ({}, ["train:runtime=9999", "train:slurm_partition=gpu"], ["max_runtime", "1440"]),
        (
            {"pathvars": {"results": "/proc/x", "resources": "resources", "logs": "logs"}},
            [],
            ["/proc/x", "cannot be written", "pathvars"],
        ),
    ],
)
def test_mistake_ends_in_one_line(slurm, study, settings, options, words):
    mistaken = study("mistaken", **SMALL, **settings)
    options = ["--set-resources", *options] if options else []
    result = mistaken.run("tables", slurm=slurm, check=False, options=options)

    assert result.returncode == 1
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("error: ")]
    for word in words:
        assert word in line
    assert "Traceback" not in result.stdout
    assert result.stdout.rstrip().endswith(line)
    assert not slurm.jobs()
