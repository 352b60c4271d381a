"""A real SLURM cluster of one node with pretend GPUs, in a folder of its own.

munge, slurmctld and slurmd run on unused ports with their own configuration, key, state and logs;
whatever SLURM the machine has besides is neither used nor touched.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
INSTALL = "apt-get install slurmctld slurmd slurm-client munge"

SLURM_CONF = """\
ClusterName=pretend
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none

MinJobAge=7200
ReturnToService=2
SlurmctldParameters=enable_configless
SlurmdParameters=config_overrides
SlurmdTimeout=10
KillWait=5
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
PropagateResourceLimits=NONE
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=256000 Gres=gpu:{gpus} State=UNKNOWN
PartitionName=gpu Nodes={host} MaxTime=1440 State=UP
PartitionName=cpu Nodes={host} MaxTime=1440 State=UP Default=YES
"""

STAND_INS = {
    # The executor takes SLURM_CONF away from the srun inside a job.
    "srun": '#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {srun} "$@"\n',
    # When squeue is late, the executor asks sacct, which has no database here: squeue knows.
    "sacct": "#!/bin/sh\nfor name; do :; done\n"
    "exec squeue --noheader --states=all --format='%i|%T' --name=\"$name\"\n",
}


def missing() -> str | None:
    """Say why no cluster can be started here, or None where one can."""
    absent = [program for program in PROGRAMS if _find(program) is None]
    if absent:
        return f"no {', '.join(absent)} here; on Debian: {INSTALL}"
    if os.geteuid() != 0:
        return "slurmd runs jobs only as root; run these tests as root, or in a container"
    return None


def _find(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _unused_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def wait_until(condition, what: str, timeout: float = 30, every: float = 0.2):
    """Return the first true value of `condition()`; fail, naming `what`, after `timeout` s."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(every)
    raise TimeoutError(f"waited {timeout:.0f} s for {what}")


@dataclass
class Cluster:
    """A running cluster: how to speak to it, what it did, and how to hurt it."""

    folder: Path
    gpus: int
    daemons: dict[str, subprocess.Popen] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which every SLURM command means this cluster."""
        path = f"{self.folder}/bin:{os.environ['PATH']}:/usr/sbin:/sbin"
        return {**os.environ, "PATH": path, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def run(self, *command: str) -> str:
        """Run a SLURM command and return what it prints."""
        return subprocess.run(
            command, env=self.environment, check=True, text=True, capture_output=True, timeout=60
        ).stdout

    def queue(self, rule: str = "", state: str = "") -> list[str]:
        """Return the ids of the jobs in the queue, of one rule and in one state if given."""
        lines = self.run("squeue", "--noheader", "--format=%i|%T|%k").splitlines()
        jobs = [line.split("|", 2) for line in lines]
        return [
            number
            for number, job_state, comment in jobs
            if state in ("", job_state) and (not rule or comment.startswith(f"rule_{rule}_"))
        ]

    def jobs(self, rule: str = "") -> list[dict[str, str]]:
        """Return SLURM's own record of each job, whatever became of it, of one rule if given."""
        lines = self.run("scontrol", "show", "job", "--oneliner").splitlines()
        records = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in lines if "JobId=" in line]
        return [job for job in records if job["Comment"].startswith(f"rule_{rule}")]

    def note(self, command: str) -> Path:
        """Have the arguments of a SLURM command written down from now on; return the file."""
        file, stand_in = self.folder / f"{command}.asked", self.folder / "bin" / command
        stand_in.write_text(f'#!/bin/sh\necho "$@" >>{file}\nexec {_find(command)} "$@"\n')
        stand_in.chmod(0o755)
        return file

    def start(self, daemon: str, *arguments: str) -> None:
        """Start one of the daemons; it does not outlive this process."""
        with (self.folder / f"{daemon}.out").open("ab") as out:
            self.daemons[daemon] = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", _find(daemon), *arguments],
                env=self.environment,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def start_controller(self) -> None:
        """Start slurmctld and wait until it answers."""
        self.start("slurmctld", "-D")
        wait_until(lambda: _answers(self), "slurmctld to answer")

    def start_node(self) -> None:
        """Start slurmd and wait until the node takes jobs."""
        self.start("slurmd", "-D")
        wait_until(
            lambda: {"idle", "mixed", "allocated"} & set(self.run("sinfo", "-hNo", "%T").split()),
            "the node to take jobs",
        )

    def kill(self, daemon: str) -> None:
        """Kill a daemon as a crash would."""
        self.daemons[daemon].kill()
        self.daemons[daemon].wait()

    def processes(self, script: str = "") -> list[int]:
        """Return the ids of the processes that jobs have, or left behind; of a script if given."""
        mark = f"{self.folder}/bin:".encode()  # on the PATH of every job
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                environment = (process / "environ").read_bytes()
                command = (process / "cmdline").read_bytes()
            except OSError:  # it ended meanwhile
                continue
            ours = mark in environment and b"SLURM_JOB_ID=" in environment
            if ours and command.rstrip(b"\0").endswith(script.encode()):
                found.append(int(process.name))
        return found


@contextmanager
def cluster(folder: Path, *, gpus: int = 2, cpus: int = 4) -> Iterator[Cluster]:
    """Start a cluster in `folder`; tear it down, jobs included, however the body ends."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir(exist_ok=True)
    controller_port, node_port = _unused_ports(2)
    (folder / "slurm.conf").write_text(
        SLURM_CONF.format(
            host=socket.gethostname().split(".")[0],
            folder=folder,
            controller_port=controller_port,
            node_port=node_port,
            cpus=cpus,
            gpus=gpus,
        )
    )
    # Any device file can stand for a GPU: SLURM counts them and hands out their numbers.
    devices = [f"/dev/tty{i}" for i in range(gpus)]
    (folder / "gres.conf").write_text("".join(f"Name=gpu File={path}\n" for path in devices))
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)

    for name, script in STAND_INS.items():
        program = folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(script.format(folder=folder, srun=_find("srun")))
        program.chmod(0o755)

    running = Cluster(folder, gpus)
    try:
        files = (
            f"--{option}={folder}/munge.{option.removesuffix('-file')}"
            for option in ("socket", "key-file", "pid-file", "log-file", "seed-file")
        )
        running.start("munged", "--foreground", "--force", *files)
        wait_until((folder / "munge.socket").exists, "munge's socket")
        running.start_controller()
        running.start_node()
        yield running
    finally:
        _tear_down(running)


def _answers(running: Cluster) -> bool:
    try:
        return "UP" in running.run("scontrol", "ping")
    except subprocess.SubprocessError:
        return False


def _tear_down(running: Cluster) -> None:
    try:
        if queued := running.queue():
            running.run("scancel", *queued)
            wait_until(lambda: not running.queue(), "the cancelled jobs to end", timeout=20)
    except (subprocess.SubprocessError, TimeoutError):
        pass  # the processes are killed below in any case
    for daemon in reversed(running.daemons.values()):
        daemon.terminate()
    for daemon in running.daemons.values():
        try:
            daemon.wait(timeout=10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
    for process in running.processes():
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
