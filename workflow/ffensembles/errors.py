"""The one exception for mistakes that a user can mend."""


class UserError(Exception):
    """A mistake in the configuration, a file or the machine, told in one line with its cure."""
