"""What the jobs of the questions are given."""

from ffensembles.extras.beyond.measurements import MEASUREMENTS
from ffensembles.extras.beyond.questions import QUESTIONS


def asked(question):
    """Return the experiments that a question is put to."""
    return shown_by([question])


def keys_asked(question):
    """Return the names of these experiments."""
    return [e.key for e in asked(question)]
