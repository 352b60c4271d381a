"""torch.cuda without a GPU: a graph that replays a step's operations into the same memory."""

import contextlib

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter


def tensors(values):
    return [x for x in tree_iter(values) if isinstance(x, torch.Tensor)]


class Recorder(TorchDispatchMode):
    """Records operations with the very tensors that they read and write.

    A capture runs nothing. Here the operations run, so that there are results to record; what they
    changed of what was there before is put back at the end.
    """

    def __init__(self):
        super().__init__()
        self.operations = []
        self.own = set()  # addresses of storages that the recording made
        self.before = {}  # by address: a tensor that was there, and what it held

    def __torch_dispatch__(self, function, types, arguments=(), settings=None):
        settings = settings or {}
        read = {x.untyped_storage()._cdata: x for x in tensors([arguments, settings])}
        for address, tensor in read.items():
            if address not in self.own and address not in self.before:
                self.before[address] = tensor, tensor.untyped_storage().clone()
        result = function(*arguments, **settings)
        # What is not new is a view of what was read, or was changed in place.
        new = {
            place: x
            for place, x in enumerate(tensors(result))
            if x.untyped_storage()._cdata not in read
        }
        self.own |= {x.untyped_storage()._cdata for x in new.values()}
        self.operations.append((function, arguments, settings, result, new))
        return result

    def put_back(self):
        for tensor, saved in self.before.values():
            tensor.untyped_storage().copy_(saved)
        self.before = {}


class Graph:
    """In the place of torch.cuda.CUDAGraph."""

    recorder = None
    replays = 0

    def replay(self):
        Graph.replays += 1
        for function, arguments, settings, _, new in self.recorder.operations:
            results = tensors(function(*arguments, **settings))
            for place, tensor in new.items():
                tensor.copy_(results[place])


@contextlib.contextmanager
def capture(graph, stream=None):
    """In the place of torch.cuda.graph."""
    graph.recorder = Recorder()
    with graph.recorder:
        yield
    graph.recorder.put_back()


class Stream:
    """In the place of torch.cuda.Stream: everything happens in order anyway."""

    def __init__(self, device=None):
        self.waits = 0

    def wait_stream(self, other):
        self.waits += 1


def pretend(monkeypatch):
    """Put all of it in place; return the stream that is current outside of any other."""
    outside = Stream()
    Graph.replays = 0
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", capture)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: outside)
    return outside
