"""What tests share."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
REPORTED = ROOT / "config" / "reported"
SHARED = ROOT.parent / "shared"  # the paper and real data, where a checkout has them beside it

# The datasets of the configuration, by name.
DATASETS = yaml.safe_load((ROOT / "config/datasets.yaml").read_text("utf-8"))["datasets"]
