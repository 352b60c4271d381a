"""A run as a whole, here or on a cluster: what would fail later is told before the first job
starts, and what failed after the last.
"""

import atexit

from ffensembles.pipeline import cluster, ending
from ffensembles.pipeline.folders import check_folder

# A second run, such as the one that builds the report, leaves the first one's lock alone.
ALONE = workflow.is_main_process and or_exit(cluster.is_alone, ".snakemake")

# What is done in seconds or needs a network is not worth a job of a cluster.
workflow.localrules(
    *(
        name
        for name in (r.name for r in workflow.rules)
        if name.startswith(("fetch_", "tabulate_", "plot_"))
    ),
    "score",
    "evaluate_claims",
)

# A cluster terminates every process of a job at once. The shell must outlive the training, which
# saves its state first; bash before 5.1 stands between it and Snakemake, and would die. A terminal
# sends Ctrl-C to every process as well; jobs leave it to `ending`, which terminates them.
shell.prefix("set -euo pipefail; trap : TERM; trap '' INT; ")


def requests():
    """Return what the jobs of this run ask of SLURM, groups of jobs as one."""
    dag = workflow.dag
    jobs = {dag.get_job_group(job) or job for job in dag.needrun_jobs()}
    return {
        cluster.Request(
            name=job.groupid if job.is_group() else job.name,
            partition=job.resources.get("slurm_partition", ""),
            account=job.resources.get("slurm_account", ""),
            gpus=job.resources.get("gpu", 0),
            gpu_type=job.resources.get("gpu_model", ""),
            cpus=job.threads,
            memory=job.resources.get("mem_mb", 0),
            minutes=job.resources.get("runtime", 0),
            extra=job.resources.get("slurm_extra", ""),
        )
        for job in jobs
        if not job.is_local
    }


onstart:
    for name in ("results", "logs"):
        or_exit(check_folder, config["pathvars"][name])
    if not workflow.local_exec:
        if ALONE:
            or_exit(cluster.cancel_orphans, workflow.workdir_init)
        or_exit(cluster.check_requests, requests())
    ending.end_on_signals(here=workflow.local_exec)
    rows = [*TABLES.values(), *FIGURES]
    lacking = [row.name for row in rows if row not in wanted(rows)]
    if lacking and "report" in {
        job.rule.name for job in workflow.dag.needrun_jobs()
    }:
        names = ", ".join(lacking)
        print(
            f"Left out, for want of experiments or layers: {names}", file=sys.stderr
        )


def failed_jobs():
    """Return the jobs that failed, those of a group one by one."""
    groups = workflow.scheduler.failed
    jobs = (job for group in groups for job in (group if group.is_group() else [group]))
    return [
        ending.Failed(" ".join([job.rule.name, *job.wildcards]), job.log)
        for job in jobs
    ]


onerror:
    # Snakemake still has words of its own to say.
    results = config["pathvars"]["results"]
    words = ending.last_words(failed_jobs(), log, results)
    atexit.register(print, words, file=sys.stderr)
