"""What the jobs of sweeps are given."""

from ffensembles.extras.sweeps import table as sweep_table

SWEEPS = sweep_table.sweeps(EXPERIMENTS)


def swept_by(wildcards):
    """Return the experiments of the sweep that a path names."""
    return required(SWEEPS.get(wildcards.study), f"the sweep {wildcards.study}")
