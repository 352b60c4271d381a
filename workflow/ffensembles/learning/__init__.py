"""The networks, the labels drawn into their inputs, their weights on disk (sections 3.2-3.4)."""
