"""A run as a whole, here or on a cluster: what would fail later is told before the first job
starts, and what failed after the last.
"""

import atexit
import re
import shlex

from ffensembles.pipeline import cluster, ending
from ffensembles.pipeline.folders import check_folder, check_outputs

# A second run, such as the one that builds the report, leaves the first one's lock alone.
ALONE = not IN_JOB and or_stop(cluster.is_alone, ".snakemake")

# A cluster terminates every process of a job at once. The shell must outlive the training, which
# saves its state first; bash before 5.1 stands between it and Snakemake, and would die. A terminal
# sends Ctrl-C to every process as well; jobs leave it to `ending`, which terminates them.
shell.prefix("set -euo pipefail; trap : TERM; trap '' INT; ")


def requests(jobs):
    """Return what jobs ask of SLURM, groups of jobs as one."""
    kinds = {}  # most jobs ask for what others ask for as well
    for job in {workflow.dag.get_job_group(job) or job for job in jobs}:
        if not job.is_local:
            name = job.groupid if job.is_group() else job.name
            resources = sorted(map(str, job.resources.items()))
            kinds[name, job.threads, *resources] = name, job
    return {
        cluster.Request(name, sbatch_options(name, job)) for name, job in kinds.values()
    }


def sbatch_options(name, job):
    """Return the options that the executor will give sbatch for a job."""
    # Its own functions, so that whatever it knows is checked.
    from snakemake_executor_plugin_slurm.submit_string import get_submit_command
    from snakemake_executor_plugin_slurm.utils import set_gres_string
    from snakemake_interface_common.exceptions import WorkflowError

    executor = workflow.scheduler._executor
    account = re.split(r"[,\s]+", str(job.resources.get("slurm_account", "")))[0]
    params = {
        "run_uuid": "check",
        "slurm_logfile": os.devnull,
        "comment_str": "check",
        "account": f"-A {shlex.quote(account)}" if account else "",
        "workdir": "",
    }
    try:
        params["partition"] = executor.get_partition_arg(job)
        call = get_submit_command(job, params, settings=executor.executor_settings)
        words = shlex.split(call + set_gres_string(job))
        del words[: words.index("--comment") + 2]  # what comes before decides nothing
        return tuple(words)
    except WorkflowError as error:
        stop(f"{name}: {error}")


def check_slurm(jobs):
    """Take away what a killed run left in the queue, and have SLURM judge what this one asks."""
    found = requests(jobs)
    if ALONE:
        for name in {request.value("--clusters") for request in found} or {""}:
            or_stop(cluster.cancel_orphans, workflow.workdir_init, name)
    or_stop(cluster.check_requests, found)


onstart:
    for name in ("results", "logs", "checkpoints"):
        or_stop(check_folder, config["pathvars"][name])
    jobs = list(workflow.dag.needrun_jobs())
    or_stop(check_outputs, [path for job in jobs for path in job.output])
    if workflow.executor_plugin.name == "slurm":
        check_slurm(jobs)
    here = workflow.executor_plugin.common_settings.local_exec
    ending.end_on_signals(here=here)
    rows = [*TABLES.values(), *FIGURES]
    lacking = [row.name for row in rows if row not in available(rows)]
    if lacking and "report" in {job.rule.name for job in jobs}:
        names = ", ".join(lacking)
        print(
            f"Left out, for want of experiments or layers: {names}", file=sys.stderr
        )


def failed_jobs():
    """Return the jobs that failed, those of a group one by one."""
    groups = workflow.scheduler.failed
    jobs = (job for group in groups for job in (group if group.is_group() else [group]))
    return [(" ".join([job.rule.name, *job.wildcards]), job.log) for job in jobs]


onerror:
    # Snakemake still has words of its own to say.
    results = config["pathvars"]["results"]
    words = ending.last_words(failed_jobs(), log, results)
    atexit.register(print, words, file=sys.stderr)
