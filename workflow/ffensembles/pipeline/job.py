"""What every job of the pipeline does around its work: log, and fail in one line."""

import gc
import logging
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ffensembles.errors import UserError
from ffensembles.files import FULL, Paths, unwritable

FORM = "%(asctime)s %(levelname)s %(message)s"
RECORD = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ", re.MULTILINE)  # its first words
CARDS = ("CUDA_VISIBLE_DEVICES", "SLURM_STEP_GPUS", "SLURM_JOB_GPUS")  # names of those of a job
UNEXPECTED = "this job failed unexpectedly"
RUN = "FFENSEMBLES_RUN"  # the process of the run that started a job

# Objects that are made while modules are imported are not garbage. Looking for garbage as often as
# Python does by default takes a tenth of torch's import time; so scripts import this module first.
USUAL = gc.get_threshold()
gc.set_threshold(100_000)


def _log_before_job(kind: type[BaseException], error: BaseException, *rest: object) -> None:
    """Write to its log why a script ended before its job began: something could not be imported."""
    snakemake = vars(sys.modules["__main__"]).get("snakemake")
    if snakemake is None or not isinstance(error, Exception):
        sys.__excepthook__(kind, error, error.__traceback__)
        return
    with job(snakemake.log[0]):
        raise error


sys.excepthook = _log_before_job


@contextmanager
def job(log: str) -> Iterator[logging.Logger]:
    """Log the body to the file `log` and, from warnings on, to stderr.

    In a job of SLURM stderr is SLURM's own log, and has all lines, those of progress among them.

    A `UserError` ends the process with status 1 and its one line, and so does a full disk. Any
    other error keeps its traceback, which goes to the log as well; Ctrl-C leaves none. Where the
    log cannot be written, stderr has what there is to say.
    """
    # What was imported stays to the end, which frees its memory anyway. To look through it before,
    # object by object, takes 0.4 s of processor time with torch among it.
    gc.freeze()
    gc.set_threshold(*USUAL)
    logging.raiseExceptions = False  # a line that a full disk does not take is no error of its own
    to_stderr = logging.StreamHandler()
    to_stderr.setFormatter(logging.Formatter("%(message)s"))
    to_stderr.setLevel(logging.INFO if _logged_by_slurm() else logging.WARNING)
    logging.basicConfig(level=logging.INFO, handlers=[to_stderr])
    logging.captureWarnings(True)
    try:
        to_file = logging.FileHandler(log, mode="a", encoding="utf-8")
        to_file.setFormatter(logging.Formatter(FORM))
        logging.getLogger().addHandler(to_file)
        logging.info("starts")  # what earlier attempts left in the log is not this one's cause
    except OSError as error:
        logging.warning("%s", unwritable(log, error))
    try:
        yield logging.getLogger("ffensembles")
    except UserError as error:
        logging.error("error: %s", error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            logging.error("error: %s", unwritable(error.filename or "a temporary file", error))
        else:
            logging.exception(UNEXPECTED)
        sys.exit(1)


def _logged_by_slurm() -> bool:
    return "SLURM_JOB_ID" in os.environ and not sys.stderr.isatty()


def cause(log: str | Path) -> str | None:
    """Return why a job failed by its log, which ends with it; None where it does not say.

    A log may have been begun by an earlier attempt, so only its end counts.
    """
    try:
        text = Path(log).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    *_, last = re.split(RECORD, text)
    if not (found := re.match(r"ERROR (?:error: )?(.*)", last)):
        return None
    if found[1] != UNEXPECTED:
        return found[1]
    return f"{UNEXPECTED} ({last.strip().splitlines()[-1]})"


def run_is_gone() -> bool:
    """Say whether the run that started this job has ended before it: somebody killed it outright.

    Its process is then no longer an ancestor of this one, since orphans get another parent.
    """
    import psutil

    run = os.environ.get(RUN)
    return run is not None and int(run) not in {p.pid for p in psutil.Process().parents()}


def as_list(paths: str | Paths | None) -> list[str | Path]:
    """Return paths as a list: Snakemake gives one file as a string, and an absent one as None."""
    if paths is None:
        return []
    return [paths] if isinstance(paths, str) else list(paths)


def device_given(
    asked: str, resources: Mapping[str, object], environment: Mapping[str, str] = os.environ
) -> str:
    """Return the device that a job computes on: a CPU where it was given no GPU.

    A GPU is given by the resource `gpu`, by `gres`, or by SLURM in whatever other way.
    """
    gres = str(resources.get("gres", ""))
    by_gres = re.search(r"(^|,)gpu\b(?!\S*:0(,|$))", gres)
    return asked if resources.get("gpu") or by_gres or _given_by_slurm(environment) else "cpu"


def _given_by_slurm(environment: Mapping[str, str]) -> bool:
    """Say whether this is a job of SLURM with a GPU.

    Elsewhere CUDA_VISIBLE_DEVICES says which cards there are, and not to which job they belong.
    """
    if "SLURM_JOB_ID" not in environment:
        return False
    cards = (environment.get(name, "") for name in CARDS)
    return any(value not in ("", "-1", "NoDevFiles") for value in cards)
