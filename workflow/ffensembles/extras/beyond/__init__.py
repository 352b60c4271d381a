"""What the paper leaves open: five questions, a method each."""
