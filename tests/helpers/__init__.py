"""What tests share."""

import signal
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
REPORTED = ROOT / "config" / "reported"
SHARED = ROOT.parent / "shared"  # the paper and real data, where a checkout has them beside it

# The datasets of the configuration, by name.
DATASETS = yaml.safe_load((ROOT / "config/datasets.yaml").read_text("utf-8"))["datasets"]


def heed_signals():
    """Ignore no signal, as a process from a terminal; tests may run in the background."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
