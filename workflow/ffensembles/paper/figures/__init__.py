"""The paper's figures: each function takes arrays or tidy frames and returns a matplotlib figure.

A figure knows nothing of files; `style.save` writes it.
"""
