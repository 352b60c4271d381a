"""Tables 1-13, the permutation test and the ablation: ours beside the paper's."""
