"""What the paper measures on representations and weights (sections 3.5, 4; App. D, H, J)."""
