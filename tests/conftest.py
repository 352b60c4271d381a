"""Processes that tests start run the checkout that the tests lie in, as the tests do."""

import os

from helpers import ROOT

os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "workflow"), str(ROOT / "tests")])
