"""What the paper says in prose, as checks, one module for each of its themes."""
