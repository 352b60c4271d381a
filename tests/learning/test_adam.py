"""Adam's steps; tests/test_environment.py sees that they load no compiler."""

import pytest
import torch

from ffensembles.learning.adam import Adam


def walk(optimiser, parameters, steps, draws):
    for _ in range(steps):
        for p in parameters:
            p.grad = torch.empty_like(p).normal_(generator=draws)
        optimiser.step()


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_it_steps_as_torch_s_own_class(decay):
    ours, theirs = ([torch.ones(2, 3, 4).mT, torch.ones(2, 4)] for _ in range(2))
    reference = torch.optim.Adam(
        theirs, lr=0.01, weight_decay=decay, decoupled_weight_decay=True, fused=True
    )
    walk(Adam(ours, 0.01, decay), ours, 5, torch.Generator().manual_seed(0))
    walk(reference, theirs, 5, torch.Generator().manual_seed(0))
    assert all(map(torch.equal, ours, theirs))


def test_it_goes_on_from_a_saved_state():
    unbroken, broken = [torch.ones(3)], [torch.ones(3)]
    walk(Adam(unbroken, 0.01, 0), unbroken, 5, torch.Generator().manual_seed(0))
    draws = torch.Generator().manual_seed(0)
    first, second = Adam(broken, 0.01, 0), Adam(broken, 0.01, 0)
    walk(first, broken, 2, draws)
    second.restore(first.state)
    walk(second, broken, 3, draws)
    assert torch.equal(*unbroken, *broken)
