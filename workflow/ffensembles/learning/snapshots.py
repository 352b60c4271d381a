"""Snapshots: the weights of one seed at epochs 0, 1, 2, 4, 8, … and the last of its training.

Where layers are trained one after the other, as in FF, each has snapshots on its own clock, and
epoch 0 of a layer is when its training begins. While training goes on each snapshot is a file of
its own beside the checkpoint, so that a killed training finds them again; in the end they become
one file beside the weights.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import load_file
from safetensors.torch import save as safetensors
from torch import Tensor

from ffensembles.errors import UserError
from ffensembles.experiments import check_identity
from ffensembles.files import atomic, reading, what_is_known
from ffensembles.learning.kinds import Kind

log = logging.getLogger(__name__)


def epochs_kept(epochs: int) -> list[int]:
    """Return the epochs of a training at whose end a snapshot is taken; 0 is its beginning."""
    powers = [2**k for k in range(epochs.bit_length())]
    return [0, *(epoch for epoch in powers if epoch < epochs), epochs]


@dataclass(frozen=True)
class Snapshots:
    """Takes the snapshots of one seed.

    Attributes:
        folder: for the snapshots of an unfinished training.
        seed: whose weights are kept; None: nobody's.
        epochs: of the training, or of each layer's.
    """

    folder: Path
    seed: int | None
    epochs: int

    def take(self, epoch: int, state: Mapping[str, Tensor], seeds: list[int]) -> None:
        """Keep the weights where a snapshot is due.

        Args:
            epoch: how many are done.
            state: what is being trained, named as in `Kind.state`, (S, …) each.
            seeds: the S seeds.
        """
        if self.seed not in seeds or epoch not in epochs_kept(self.epochs):
            return
        place = seeds.index(self.seed)
        kept = {
            f"epoch{epoch}.{name}": tensor[place].cpu().contiguous()
            for name, tensor in state.items()
        }
        first = next(iter(state)).partition(".")[0]
        with atomic(self.folder / f"{first}-{epoch}.safetensors") as temporary:
            temporary.write_bytes(safetensors(kept))

    def save(
        self,
        path: str | Path,
        state: Mapping[str, Tensor],
        diverged: Mapping[int, str],
        settings: Mapping[str, object] | None = None,
    ) -> None:
        """Write all snapshots of networks with this state into one file, and log its size.

        The file records the settings of the training.

        It holds no snapshots if the seed was not trained, or was chosen after training had begun.
        """
        epochs = epochs_kept(self.epochs)
        kept: dict[str, Tensor] = {}
        for epoch in epochs:
            for file in sorted(self.folder.glob(f"*-{epoch}.safetensors")):
                kept |= load_file(file)
        if len(kept) < len(epochs) * len(state):
            kept = {}
        about: dict[str, object] = {
            "seed": self.seed,
            "epochs": epochs,
            "diverged": None if self.seed is None else diverged.get(self.seed),
        }
        if settings is not None:
            about["settings"] = settings
        with atomic(path) as temporary:
            temporary.write_bytes(safetensors(kept, {"ffensembles": json.dumps(about)}))
        size = sum(tensor.nbytes for tensor in kept.values()) / 2**20
        log.info("snapshots: %.1f MiB, %d epochs", size, len(epochs) if kept else 0)


def networks(
    kind: Kind, path: str | Path, seed: int | None = None
) -> Iterator[tuple[int, int, Any]]:
    """Yield (layer, epoch, network) for every snapshot in a file, in the order of training.

    Where layers are trained one after the other, the network ends with the layer being trained,
    and those before it are as they are in the end. If not, the layer is the last, and the network
    whole.

    Args:
        kind: of the networks.
        path: as `Snapshots.save` wrote it.
        seed: the run that they should be of; None: any.

    Raises:
        UserError: there are no snapshots, this seed diverged in training, or they are of another
            run.
    """
    with reading(path), safe_open(path, framework="pt") as file:
        about = what_is_known(file)
        names = {name.partition(".")[2] for name in file.keys()}  # noqa: SIM118
        if not names:
            raise UserError(
                f"{path}: holds no snapshots; name its study under beyond.studies in the config, "
                "remove the file and run again"
            )
        check_identity(path, about, kind.experiment, seed)
        if about["diverged"]:
            raise UserError(
                f"{path}: seed {about['seed']} diverged in training ({about['diverged']}); lower "
                "its learning_rate in the table of experiments"
            )
        last, depth = about["epochs"][-1], kind.experiment.layers
        for layer in range(1, depth + 1) if kind.layerwise else [depth]:
            for epoch in about["epochs"]:
                when = dict.fromkeys(names, epoch)
                if kind.layerwise:
                    before, now = _of_layers(names, range(1, layer)), _of_layers(names, [layer])
                    when = dict.fromkeys(before, last) | dict.fromkeys(now, epoch)
                state = {x: file.get_tensor(f"epoch{e}.{x}")[None] for x, e in when.items()}
                yield layer, epoch, kind.from_state(state)


def diverged(path: str | Path, seed: int) -> str | None:
    """Return where a run diverged in training, if snapshots of it say so."""
    with reading(path), safe_open(path, framework="pt") as file:
        about = what_is_known(file)
    return about["diverged"] if about["seed"] == seed else None


def _of_layers(names: Iterable[str], layers: Iterable[int]) -> list[str]:
    starts = tuple(f"layer{layer}." for layer in layers)
    return [name for name in names if name.startswith(starts)]
