"""Processes that tests start run the checkout that the tests lie in, as the tests do."""

import os

from ffensembles.data.definitions import printed_names
from ffensembles.printing.names import know
from helpers import DATASETS, ROOT

os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "workflow"), str(ROOT / "tests")])

# As every job that draws or prints does.
know(printed_names(DATASETS))
