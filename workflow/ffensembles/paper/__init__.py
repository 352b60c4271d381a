"""Does the paper hold? Every number and every claim, tested."""
