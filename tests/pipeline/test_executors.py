"""The pipeline on executors: on SLURM, of which stand-ins are asked here, and on others."""

import os
import re
from pathlib import Path

import pytest
import yaml

from helpers import ROOT
from helpers.forks import run_snakemake
from helpers.pipeline import copy_pipeline, snakemake

DEMO = ["--configfile", "config/demo.yaml"]
DATASET = "results/demo/datasets/digits.npz"
MODEL = "results/demo/models/digits/bp/main/seeds-0-1.safetensors"
PROFILE = Path("profiles/slurm/config.yaml")


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    return copy_pipeline(tmp_path_factory.mktemp("pipeline"))


def test_an_executor_that_is_not_slurm_is_asked_nothing_about_slurm(copied):
    generic = ["--executor", "cluster-generic", "--cluster-generic-submit-cmd", "bash"]
    quick = ["--seconds-between-status-checks", "1", "--latency-wait", "20"]
    snakemake(copied, *DEMO, "--jobs", "2", *generic, *quick, "--", DATASET)
    assert (copied / DATASET).exists()


def test_every_rule_that_a_profile_names_is_there(copied):
    listed = snakemake(copied, *DEMO, "--list-rules", "--quiet")
    rules = {line.split(" ")[0] for line in listed.splitlines()}
    for name in ("demo", "slurm"):
        profile = yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text())
        parts = (profile.get(key, {}) for key in ("set-threads", "set-resources", "groups"))
        named = {rule.split("=")[0] for part in parts for rule in part}
        assert named and named <= rules


def test_only_trainings_ask_the_cluster_for_a_gpu():
    plan = snakemake(ROOT, "--configfile", "config/demo.yaml", "--profile", PROFILE.parent, "-nF")
    jobs = re.findall(r"^rule (\w+):$.*?^    resources: (.*?)$", plan, re.MULTILINE | re.DOTALL)
    assert {"explore", "measure_pruning", "fit_probes"} < {rule for rule, _ in jobs}
    assert {rule for rule, asked in jobs if "gpu=1" in asked} == {"train"}


@pytest.fixture
def asked(copied, tmp_path):
    """Return a function that starts a run on a stand-in for SLURM, which then refuses.

    It takes what stands in the profile's first lines, and options of Snakemake, and returns the
    words with which sbatch was asked about the training, and the last line of the run.
    """
    profile = copied / PROFILE
    shipped = profile.read_text()
    for name, answer in {
        "sbatch": f'echo "$@" >>{tmp_path}/asked; echo "sbatch: error: never" >&2; exit 1',
        "sinfo": 'case "$*" in *%l*) echo infinite;; *) echo "standard*";; esac',
        "squeue": f'echo "$@" >>{tmp_path}/queue',
        "scontrol": "exit 0",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{answer}\n")
        (tmp_path / name).chmod(0o755)

    def start(*options, **settings):
        text = shipped
        for key, value in settings.items():
            (line,) = (x for x in text.splitlines() if x.startswith(f"  {key}: "))
            text = text.replace(line, f'  {key}: "{value}"')
        profile.write_text(text)
        path = f"{tmp_path}:{os.environ['PATH']}"
        given = [*DEMO, "--profile", PROFILE.parent, *options, "--", MODEL]
        done = run_snakemake(copied, *given, PATH=path)
        assert done.status == 1
        file = tmp_path / "asked"
        words = file.read_text().splitlines()[0].split() if file.exists() else []
        return words, (done.out + done.err).splitlines()[-1]

    yield start
    profile.write_text(shipped)


def holds(words, *wanted):
    """Say whether words stand there, those of one option one after the other."""
    return f" {' '.join(wanted)} " in f" {' '.join(words)} "


def test_slurm_judges_all_that_a_site_may_want(asked):
    words, line = asked(
        **{"account": "lab", "gpu_type": "a100", "gpu_qos": "long", "reservation": "course"},
        **{"gpu_constraint": "a100|h100", "clusters": "c2"},
    )
    assert [word for word in words if word.startswith(("--gpus", "--gres"))] == ["--gpus=a100:1"]
    for option in (
        *("-A lab", "-p gpu", "--clusters c2", "-t 720", "-C a100|h100"),
        *("--qos=long", "--reservation=course", "--signal=TERM@120"),
    ):
        assert holds(words, *option.split()), option
    assert line.startswith("error: train: ") and "profiles/slurm/config.yaml" in line


def test_gpus_by_gres_and_partitions_chosen_by_a_file(asked, tmp_path):
    file = tmp_path / "partitions.yaml"
    file.write_text(
        "partitions:\n  small: {max_runtime: 60}\n"
        "  large: {max_runtime: 2880, max_gpu: 2, max_mem_mb: 99999, max_threads: 64}\n"
    )
    words, _ = asked(
        **{"gpus_by": "gres", "partition_file": str(file), "cpu_partition": "", "gpu_partition": ""}
    )
    assert [word for word in words if word.startswith(("--gpus", "--gres"))] == ["--gres=gpu:1"]
    assert holds(words, "-p", "large")


def test_a_mistake_in_a_resource_is_one_line(asked):
    words, line = asked("--set-resources", "train:gres='gpu;1'")
    assert not words
    assert line.startswith("error: train: Invalid GRES format")
