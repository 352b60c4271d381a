"""Publishing: finished results as a page to read first, docs/reproduction."""
