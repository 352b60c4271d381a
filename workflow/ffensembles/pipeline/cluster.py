"""Before the first job goes to SLURM: what would fail, or pend for ever, is told at once."""

from __future__ import annotations

import fcntl
import getpass
import logging
import re
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ffensembles.errors import UserError
from ffensembles.files import dangling

log = logging.getLogger(__name__)

PROFILE = "profiles/slurm/config.yaml"
_held: list[IO[str]] = []  # locks last as long as their files are open


@dataclass(frozen=True)
class Request:
    """What the jobs of one rule ask SLURM for.

    Attributes:
        name: of the rule, or group of rules.
        partition, account, gpu_type: names; empty where none is asked for.
        gpus, cpus: how many.
        memory: in MB.
        minutes: of run time.
        extra: further options of sbatch.
    """

    name: str
    partition: str = ""
    account: str = ""
    gpus: int = 0
    gpu_type: str = ""
    cpus: int = 1
    memory: int = 0
    minutes: int = 0
    extra: str = ""

    def options(self) -> dict[str, str]:
        """Return the options of sbatch, by the setting that each comes from."""
        gpus = f"{self.gpu_type}:{self.gpus}" if self.gpu_type else str(self.gpus)
        options = {
            "slurm_account": f"--account={self.account}" if self.account else "",
            "slurm_partition": f"--partition={self.partition}" if self.partition else "",
            "runtime": f"--time={self.minutes}" if self.minutes else "",
            "mem_mb": f"--mem={self.memory}" if self.memory else "",
            "threads": f"--cpus-per-task={self.cpus}",
            "gpu": f"--gpus={gpus}" if self.gpus else "",
            "slurm_extra": self.extra,
        }
        return {setting: option for setting, option in options.items() if option}


def check_requests(requests: Iterable[Request]) -> None:
    """Let SLURM judge each request, without submitting anything.

    Raises:
        UserError: a request can never be met; names the setting.
    """
    for request in requests:
        if (limit := _limit(request.partition)) and request.minutes > limit:
            raise UserError(
                f"{request.name}: runtime is {request.minutes} minutes, and partition "
                f"{request.partition} allows {limit}; lower max_runtime in {PROFILE}"
            )
        if refusal := _refusal(request.options()):
            raise UserError(f"{request.name}: {_explain(request, refusal)}")


def _explain(request: Request, refusal: str) -> str:
    """Name the setting without which SLURM would take the request."""
    options = request.options()
    asked = " ".join(options.values())
    if "partition" in refusal.lower():
        return (
            f"there is no partition '{request.partition}' for you on this cluster; set "
            f"cpu_partition and gpu_partition in {PROFILE} (there are: {_partitions()})"
        )
    for setting in ("gpu", "mem_mb", "threads", "slurm_account", "runtime", "slurm_extra"):
        others = {name: option for name, option in options.items() if name != setting}
        if setting not in options or _refusal(others):
            continue
        if setting == "gpu":
            return (
                f"no node of partition {request.partition} can give {options['gpu'][2:]} "
                f"({refusal}); see gpu_type and gpu_partition in {PROFILE}, "
                "and `sinfo -o '%P %G %T'` for what the nodes have"
            )
        name = "account" if setting == "slurm_account" else setting
        return f"SLURM refuses {options[setting]} ({refusal}); change {name} in {PROFILE}"
    return f"SLURM refuses {asked} ({refusal}); see {PROFILE}"


def _refusal(options: dict[str, str]) -> str:
    """Return why SLURM would never run a job with these options; empty where it would."""
    arguments = [word for option in options.values() for word in option.split()]
    result = _slurm("sbatch", "--test-only", *arguments, "--wrap=true")
    if result.returncode == 0:
        return ""
    lines = [line.rsplit("error: ", 1)[-1].strip() for line in result.stderr.splitlines()]
    return next((line.removeprefix("allocation failure: ") for line in lines if line), "refused")


def _limit(partition: str) -> int | None:
    """Return the longest run time of a partition in minutes; None where there is no limit."""
    if not partition:
        return None
    found = _slurm("sinfo", "--noheader", f"--partition={partition}", "--format=%l").stdout.split()
    match = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", found[0]) if found else None
    if match is None:
        return None
    days, hours, minutes, _ = (int(part or 0) for part in match.groups())
    return (24 * days + hours) * 60 + minutes


def _partitions() -> str:
    names = _slurm("sinfo", "--noheader", "--format=%R").stdout.split()
    return ", ".join(sorted(set(names))) or "none"


def is_alone(folder: str | Path) -> bool:
    """Say whether no other run works in this folder, and let later ones know of this one.

    A lock that another run left behind when it was killed is taken away. This process's own
    mark lasts as long as the process, so none is left behind, however it ends.

    Args:
        folder: Snakemake's own folder, .snakemake.

    Raises:
        UserError: nothing can be written there.
    """
    folder = Path(folder)
    try:
        folder.mkdir(exist_ok=True)
        mark = (folder / "running").open("a")
    except OSError as error:
        target = dangling(folder)
        reason = f"a link leads to {target}, which is not there" if target else error.strerror
        raise UserError(
            f"{folder.absolute()}: Snakemake's records cannot be written ({reason}); start the run "
            "in a folder of yours with --directory FOLDER"
        ) from error
    _held.append(mark)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        alone = True
    except OSError:  # another run has it, or this file system has no locks: be careful
        alone = False
    if alone:
        for lock in folder.glob("locks/*.lock"):
            lock.unlink()
    with suppress(OSError):
        fcntl.flock(mark, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return alone


def cancel_orphans(folder: str | Path, patience: float = 120) -> int:
    """Cancel the jobs that a killed run left in the queue, and wait until they are gone.

    Nobody waits for them any more, and they would do again what this run does. Trainings among
    them save their state and go on in this run.

    Args:
        folder: where the killed run was started; it must be the only one that was.
        patience: seconds to wait.

    Returns:
        How many there were.

    Raises:
        UserError: they do not end.
    """
    orphans = _jobs_of(folder)
    if not orphans:
        return 0
    log.warning("%d jobs of an earlier, killed run are cancelled", len(orphans))
    _slurm("scancel", *orphans)
    end = time.monotonic() + patience
    while still := _jobs_of(folder):
        if time.monotonic() > end:
            raise UserError(
                f"jobs of an earlier run do not end; `scancel {' '.join(still)}`, then run again"
            )
        time.sleep(1)
    return len(orphans)


def _jobs_of(folder: str | Path) -> list[str]:
    """Return the ids of this user's jobs that Snakemake submitted from a folder."""
    user = f"--user={getpass.getuser()}"
    lines = _slurm("squeue", "--noheader", user, "--format=%i|%Z|%k").stdout.splitlines()
    jobs = [line.split("|", 2) for line in lines]
    return [
        number
        for number, directory, comment in jobs
        if Path(directory) == Path(folder).absolute() and comment.startswith("rule_")
    ]


def _slurm(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError as error:
        raise UserError(
            f"{command[0]}: SLURM's commands are not on this machine; log in to a node that has "
            "them, or run without --profile profiles/slurm"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise UserError(
            f"{command[0]}: SLURM does not answer within {error.timeout:.0f} s; try again later"
        ) from error
