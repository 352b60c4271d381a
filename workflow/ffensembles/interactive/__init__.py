"""The library in a notebook or a script of one's own: train on arrays, open what was trained."""
