"""What tests share."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
REPORTED = ROOT / "config" / "reported"
SHARED = ROOT.parent / "shared"  # the paper and real data, where a checkout has them beside it
