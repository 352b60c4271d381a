"""The checks before a run; those that need SLURM's answer are tested in tests/slurm."""

import subprocess
import sys
from pathlib import Path

import pytest

from ffensembles.errors import UserError
from ffensembles.pipeline import cluster

HOLD = """
import sys, time
from ffensembles.pipeline.cluster import is_alone
print(is_alone(sys.argv[1]), flush=True)
time.sleep(60)
"""


def stand_in(folder, monkeypatch, name, script):
    """Put a shell script on the PATH in place of a SLURM command."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_stale_lock_goes_only_when_its_run_is_dead(tmp_path):
    lock = tmp_path / "locks" / "0.output.lock"
    lock.parent.mkdir()
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout.readline() == "True\n"
        lock.touch()
        assert not cluster.is_alone(tmp_path)
        assert lock.exists()
    finally:
        first.kill()
        first.wait()
    cluster._held.clear()  # this process's own mark
    assert cluster.is_alone(tmp_path)
    assert not lock.exists()


@pytest.mark.parametrize("put", [Path.touch, lambda path: path.symlink_to("/gone/away/with")])
def test_folder_without_room_for_records_is_one_line_with_its_cure(put, tmp_path):
    put(tmp_path / ".snakemake")
    with pytest.raises(UserError, match=r"\.snakemake: .* written \(.*--directory FOLDER"):
        cluster.is_alone(tmp_path / ".snakemake")


def test_machine_without_slurm_is_told_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="sbatch: SLURM's commands are not on this machine"):
        cluster.check_requests([cluster.Request("train", ())])


@pytest.mark.parametrize(
    ("limit", "minutes", "refused"),
    [
        ("infinite", 10**6, False),
        ("1:00:00", 60, False),
        ("1:00:00", 61, True),
        ("2-00:00:00", 2880, False),
        ("2-00:00:00", 2881, True),
        ("30:00", 31, True),
        ("30:00; echo 1:00:00", 60, False),  # of several partitions
        ("30:00; echo 1:00:00", 61, True),
    ],
)
def test_runtime_beyond_the_partitions_limit(tmp_path, monkeypatch, limit, minutes, refused):
    stand_in(tmp_path, monkeypatch, "sinfo", f"echo {limit}")
    stand_in(tmp_path, monkeypatch, "sbatch", "exit 0")
    request = cluster.Request("train", ("-p", "gpu", "-t", str(minutes)))
    if refused:
        with pytest.raises(UserError, match=r"train: runtime is .* minutes.*max_runtime"):
            cluster.check_requests([request])
    else:
        cluster.check_requests([request])


ASKED = (
    *("-A", "lab", "-p", "gpu", "--clusters", "c2", "-t", "60", "-C", "a100", "--qos=long"),
    *("--mem", "64000", "--reservation=course", "--cpus-per-task=4", "--signal=TERM@120"),
)


@pytest.mark.parametrize(
    ("option", "setting"),
    [
        ("--gpus=a100:2", "gpus_by and gpu_type"),
        ("--gres=gpu:2", "gpus_by and gpu_type"),
        ("-A lab", "account"),
        ("--clusters c2", "clusters"),
        ("-C a100", "constraint"),
        ("--qos=long", "qos"),
        ("--mem 64000", "mem_mb"),
        ("--reservation=course", "reservation"),
        ("--signal=TERM@120", "slurm_extra"),
    ],
)
def test_the_setting_at_fault_is_found(tmp_path, monkeypatch, option, setting):
    refuse = f'case "$*" in *"{option}"*) echo "allocation failure: never" >&2; exit 1;; esac'
    stand_in(tmp_path, monkeypatch, "sbatch", refuse)
    stand_in(tmp_path, monkeypatch, "sinfo", "echo infinite")
    gpu = () if option in " ".join(ASKED) else (option,)
    with pytest.raises(UserError, match=rf"train: .*{option}.*never.*{setting}.*profiles/slurm"):
        cluster.check_requests([cluster.Request("train", (*ASKED, *gpu))])


def test_only_orphans_of_this_folder_are_cancelled(tmp_path, monkeypatch):
    (tmp_path / "queue").write_text(
        f"7|{tmp_path}|rule_train_wildcards_digits\n"
        f"8|{tmp_path}|somebody's own job\n"
        f"9|{tmp_path}/elsewhere|rule_train_wildcards_digits\n"
    )
    stand_in(tmp_path, monkeypatch, "squeue", f"cat {tmp_path}/queue")
    stand_in(
        tmp_path, monkeypatch, "scancel", f'echo "$@" > {tmp_path}/cancelled; : > {tmp_path}/queue'
    )
    assert cluster.cancel_orphans(tmp_path) == 1
    assert (tmp_path / "cancelled").read_text() == "7\n"
    assert cluster.cancel_orphans(tmp_path) == 0


def test_orphans_of_another_cluster_are_cancelled_there(tmp_path, monkeypatch):
    (tmp_path / "queue").write_text(f"CLUSTER: c2\n7|{tmp_path}|rule_train_wildcards_digits\n")
    stand_in(tmp_path, monkeypatch, "squeue", f'case "$*" in *=c2*) cat {tmp_path}/queue;; esac')
    stand_in(
        tmp_path, monkeypatch, "scancel", f'echo "$@" > {tmp_path}/cancelled; : > {tmp_path}/queue'
    )
    assert cluster.cancel_orphans(tmp_path) == 0
    assert cluster.cancel_orphans(tmp_path, "c2") == 1
    assert (tmp_path / "cancelled").read_text() == "--clusters=c2 7\n"
