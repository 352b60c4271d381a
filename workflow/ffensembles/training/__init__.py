"""Training: objectives, data, and the loop around them (sections 3.2-3.4, App. C)."""
