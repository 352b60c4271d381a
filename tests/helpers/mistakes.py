"""Mistakes of a user, which are told in one line."""

import pytest

from ffensembles.errors import UserError


def refused(call, *parts):
    """Call what must end in one line that holds all parts, and return the line."""
    with pytest.raises(UserError) as error:
        call()
    message = str(error.value)
    assert message and "\n" not in message
    for part in parts:
        assert str(part) in message, message
    return message
