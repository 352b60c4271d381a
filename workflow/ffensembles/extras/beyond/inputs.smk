"""What the jobs of the questions are given."""

from ffensembles.extras.beyond.measurements import MEASUREMENTS
from ffensembles.extras.beyond.questions import QUESTIONS
from ffensembles.paper.claims.evidence import PAPER


def keys_of(question):
    """Return the names of the experiments that a question is put to."""
    return [e.key for e in shown_by([question])]
