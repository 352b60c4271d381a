"""What goes beyond reproducing the paper: each part is a folder that the core knows nothing of."""
