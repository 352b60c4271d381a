"""Every random draw comes from a generator named by what it is for."""

import hashlib

import torch


def derive_seed(*name: object) -> int:
    """Return a 63-bit seed from a name such as (config seed, study, dataset, model, seed, use)."""
    digest = hashlib.sha256("/".join(map(str, name)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator(*name: object) -> torch.Generator:
    """Return a torch generator on the CPU, where draws are alike everywhere, seeded by its name."""
    return torch.Generator().manual_seed(derive_seed(*name))
