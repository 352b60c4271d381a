"""Studies of the user's own: tables and figures of each."""
