"""Written-out gradients: faster than autograd, and never needed."""
