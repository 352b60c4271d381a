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
        words: the options of sbatch, as the executor gives them.
    """

    name: str
    words: tuple[str, ...]

    def options(self) -> dict[str, tuple[str, ...]]:
        """Return each option with its value, by its name such as `--partition`."""
        options: list[list[str]] = []
        for word in self.words:
            if word.startswith("-") or not options:
                options.append([])
            options[-1].append(word)
        named = {words[0].partition("=")[0]: tuple(words) for words in options}
        return {LONG.get(name, name): words for name, words in named.items()}

    def value(self, name: str) -> str:
        """Return the value of an option; empty where it is not given."""
        first, *rest = self.options().get(name, ("",))
        return rest[0] if rest else first.partition("=")[2]

    def without(self, name: str) -> Request:
        """Return the request without an option."""
        kept = (words for option, words in self.options().items() if option != name)
        return Request(self.name, tuple(word for words in kept for word in words))


LONG = {"-A": "--account", "-C": "--constraint", "-p": "--partition", "-t": "--time"}

# Where each option comes from, for a person to change it.
SETTINGS = {
    "--gpus": "gpu_partition, gpus_by and gpu_type",
    "--gres": "gpu_partition, gpus_by and gpu_type",
    "--constraint": "constraint",
    "--qos": "qos",
    "--reservation": "reservation",
    "--clusters": "clusters",
    "--account": "account",
    "--mem": "mem_mb",
    "--cpus-per-task": "set-threads",
    "--time": "runtime",
}


def check_requests(requests: Iterable[Request]) -> None:
    """Let SLURM judge each request, without submitting anything.

    Raises:
        UserError: a request can never be met; names the setting.
    """
    for request in requests:
        partition, minutes = request.value("--partition"), request.value("--time")
        limit = _limit(partition, request.value("--clusters"))
        if limit and minutes.isdecimal() and int(minutes) > limit:
            raise UserError(
                f"{request.name}: runtime is {minutes} minutes, and partition {partition} allows "
                f"{limit}; lower max_runtime in {PROFILE}"
            )
        if refusal := _refusal(request):
            raise UserError(f"{request.name}: {_explain(request, refusal)}")


def _explain(request: Request, refusal: str) -> str:
    """Name the setting without which SLURM would take the request."""
    partition = request.value("--partition")
    if "partition" in refusal.lower():
        return (
            f"there is no partition '{partition}' for you on this cluster; set "
            f"cpu_partition and gpu_partition in {PROFILE} (there are: {_partitions()})"
        )
    options = request.options()
    known = [name for name in SETTINGS if name in options]
    others = [name for name in options if name not in (*SETTINGS, "--partition")]
    for name in (*known, *others):
        if _refusal(request.without(name)):
            continue
        asked = " ".join(options[name])
        if name in ("--gpus", "--gres"):
            return (
                f"no node of partition {partition} can give {asked} ({refusal}); see "
                f"{SETTINGS[name]} in {PROFILE}, and `sinfo -o '%P %G %T'` for what the nodes have"
            )
        setting = SETTINGS.get(name, "slurm_extra")
        return f"SLURM refuses {asked} ({refusal}); change {setting} in {PROFILE}"
    return f"SLURM refuses {' '.join(request.words)} ({refusal}); see {PROFILE}"


def _refusal(request: Request) -> str:
    """Return why SLURM would never run such a job; empty where it would."""
    result = _slurm("sbatch", "--test-only", *request.words, "--wrap=true")
    if result.returncode == 0:
        return ""
    lines = [line.rsplit("error: ", 1)[-1].strip() for line in result.stderr.splitlines()]
    return next((line.removeprefix("allocation failure: ") for line in lines if line), "refused")


def _limit(partition: str, clusters: str) -> int | None:
    """Return the longest run time in minutes of a partition, or of the most patient of several.

    None where there is no limit.
    """
    if not partition:
        return None
    where = [f"--partition={partition}", *_on(clusters)]
    limits = []
    for limit in _slurm("sinfo", "--noheader", *where, "--format=%l").stdout.split():
        match = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", limit)
        if match is None:  # such as infinite
            return None
        days, hours, minutes, _ = (int(part or 0) for part in match.groups())
        limits.append((24 * days + hours) * 60 + minutes)
    return max(limits, default=None)


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


def cancel_orphans(folder: str | Path, cluster: str = "", patience: float = 120) -> int:
    """Cancel the jobs that a killed run left in the queue, and wait until they are gone.

    Nobody waits for them any more, and they would duplicate the work of this run. Trainings among
    them save their state and go on in this run.

    Args:
        folder: where the killed run was started; no other run may be at work there.
        cluster: the name of one of several clusters; empty for that of this machine.
        patience: seconds to wait.

    Returns:
        How many there were.

    Raises:
        UserError: they do not end.
    """
    orphans = _jobs_of(folder, cluster)
    if not orphans:
        return 0
    log.warning("%d jobs of an earlier, killed run are cancelled", len(orphans))
    _slurm("scancel", *_on(cluster), *orphans)
    end = time.monotonic() + patience
    while still := _jobs_of(folder, cluster):
        if time.monotonic() > end:
            raise UserError(
                f"jobs of an earlier run do not end; `scancel {' '.join(still)}`, then run again"
            )
        time.sleep(1)
    return len(orphans)


def _jobs_of(folder: str | Path, cluster: str) -> list[str]:
    """Return the ids of this user's jobs that Snakemake submitted from a folder."""
    who = [f"--user={getpass.getuser()}", *_on(cluster)]
    lines = _slurm("squeue", "--noheader", *who, "--format=%i|%Z|%k").stdout.splitlines()
    # The name of a cluster stands in a line of its own.
    jobs = [line.split("|", 2) for line in lines if "|" in line]
    return [
        number
        for number, directory, comment in jobs
        if Path(directory) == Path(folder).absolute() and comment.startswith("rule_")
    ]


def _on(clusters: str) -> list[str]:
    """Return the option that puts a question to other clusters than this machine's."""
    return [f"--clusters={clusters}"] if clusters else []


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
