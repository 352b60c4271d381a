"""Steps replayed from a CUDA graph are the eager ones; here without a GPU."""

from functools import partial

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ffensembles.learning import cuda_graph, loop
from ffensembles.learning.kinds import find_kind
from ffensembles.learning.loop import train
from ffensembles.randomness import generator
from helpers.pretend_cuda import Graph, pretend
from helpers.small_training import TRAININGS, Fatal, Killed, digits, experiment

CPU = torch.device("cpu")


def test_captured_steps_are_the_eager_steps(monkeypatch):
    """What is replayed, on which memory, and that recording itself does nothing."""
    outside = pretend(monkeypatch)
    total = torch.zeros(())
    captured = cuda_graph.Captured(lambda index: total.add_(index.sum()), 2, 4, CPU)
    wanted = 0
    for i in range(20):
        index = torch.randint(9, (2, 3 if i % 5 == 4 else 4))
        wanted += index.sum()
        captured(index)
        assert total == wanted
    assert Graph.replays == 20 - 4 - cuda_graph.WARM_UP
    assert outside.waits == captured.stream.waits == 20


def trained(e, folder, kill_after=0):
    """Return the weights and losses of a training on 400 images, whose last batch is smaller."""
    checkpoint = Fatal(folder / "checkpoint", {}, kill_after=kill_after)
    result = train(e, [0, 1], digits(400), checkpoint, random_seed=0, device=CPU)
    return [*result.state.values(), torch.tensor(result.log.loss.to_numpy())]


@pytest.mark.parametrize("model, settings", TRAININGS)
def test_training_from_a_graph_has_the_same_bits_and_so_has_going_on(
    model, settings, tmp_path, monkeypatch
):
    e = experiment(model, epochs=3, **settings)
    eager = trained(e, tmp_path / "eager")
    pretend(monkeypatch)
    monkeypatch.setattr(cuda_graph, "has_graphs", lambda device: True)
    replayed = trained(e, tmp_path / "whole")
    assert Graph.replays > 5
    with pytest.raises(Killed):
        trained(e, tmp_path / "broken", kill_after=10)
    broken = trained(e, tmp_path / "broken")
    for ours in (replayed, broken):
        assert all(torch.equal(a, b) for a, b in zip(ours, eager, strict=True))


def test_a_step_asks_nothing_of_the_host():
    """What a CUDA graph records must not read values back: no .item(), no copy to the host."""

    class Watch(TorchDispatchMode):
        seen: set = set()  # noqa: RUF012

        def __torch_dispatch__(self, function, types, arguments=(), settings=None):
            self.seen.add(str(function))
            return function(*arguments, **(settings or {}))

    for model in ("ff", "bpff", "bp"):
        e = experiment(model, activation_l1=0.1 if model == "bp" else 0.0)
        of = find_kind(e, (1, 12, 12), 10)
        network = of.initialise([torch.Generator()] * 2)
        with torch.no_grad():
            draw = partial(generator, 0)
            objective = next(of.objectives(network, digits(400), [0, 1], draw, CPU))
            training = loop.Training(of, network, [0, 1], [torch.Generator()] * 2, CPU)
            step = cuda_graph.make_step(
                objective, training._make_optimiser(objective), training.totals, 5
            )
            with Watch() as watch:
                step(torch.zeros(2, 5, dtype=torch.long))
    assert "aten.bmm.default" in watch.seen
    synchronising = ("_local_scalar_dense", "nonzero", "is_nonzero", "equal.default", "unique")
    synchronising += ("lift_fresh",)  # a tensor made of numbers of the host
    assert not [name for name in watch.seen if any(word in name for word in synchronising)]
