"""Print the memory that each experiment's training needs, as the trainer estimates it.

One line per row of the table of experiments: for its block of seeds, and for one seed. The column
of docs/cluster.md is made from it.

    python benchmarks/memory.py
"""

from training import IMAGES, SHAPES, TABLE

from ffensembles.experiments import read_experiments
from ffensembles.learning.kinds import find_kind


def main() -> None:
    """Print the table."""
    print(f"{'study':28}{'dataset':14}{'model':6}{'seeds':>6}{'GiB':>7}{'one seed':>10}")
    for e in read_experiments(TABLE):
        shared, per_seed = find_kind(e, SHAPES[e.dataset], 10).memory(IMAGES[e.dataset])
        block, one = ((shared + seeds * per_seed) / 2**30 for seeds in (len(e.runs), 1))
        print(f"{e.study:28}{e.dataset:14}{e.model:6}{e.seeds:6}{block:7.1f}{one:10.1f}")


if __name__ == "__main__":
    main()
