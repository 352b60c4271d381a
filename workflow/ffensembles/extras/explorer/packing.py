"""Arrays in a page: compressed, as text, and where the eye sees no difference in few steps."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

LOSSY = 60  # quality of the pictures, of 100: in small images nobody sees what is lost


@dataclass(frozen=True)
class Block:
    """An array as text.

    Attributes:
        about: how to read it: `type` and `shape`; where it is in steps, also `low` and `step`, and
            a value is low + step · number. `bits` are bools, eight to a byte; `halves` are numbers
            below 16, two to a byte; in both the first are the highest.
        text: its bytes, row by row and lowest byte first, as base64 of gzip.
    """

    about: dict[str, Any]
    text: str


def exact(values: np.ndarray) -> Block:
    """Pack an array as it is."""
    return _block(values, type=values.dtype.name, shape=list(values.shape))


def bits(values: np.ndarray) -> Block:
    """Pack an array of bools, eight to a byte."""
    return _block(np.packbits(values), type="bits", shape=list(values.shape))


def in_steps(values: np.ndarray, low: float, high: float, steps: int) -> Block:
    """Pack numbers as the nearest of `steps` + 1 that divide the range from `low` to `high`.

    What lies outside the range becomes its nearer end.
    """
    step = (high - low) / steps or 1.0
    numbers = np.rint((np.clip(values, low, high) - low) / step)
    numbers = numbers.astype(np.min_scalar_type(steps))
    about = {"shape": list(values.shape), "low": low, "step": step}
    if steps < 16:
        flat = np.append(numbers, np.zeros(values.size % 2, np.uint8))
        return _block(flat[0::2] << 4 | flat[1::2], type="halves", **about)
    return _block(numbers, type=numbers.dtype.name, **about)


def _block(values: np.ndarray, **about: Any) -> Block:
    data = values.astype(values.dtype.newbyteorder("<")).tobytes()
    return Block(about, base64.b64encode(gzip.compress(data, 9, mtime=0)).decode())


def smallest_index(count: int) -> type[np.unsignedinteger]:
    """Return a type, of 16 or 32 bits, for indices below `count` and for `count` as a marker."""
    return np.uint16 if count < 2**16 else np.uint32


def sheet(images: np.ndarray, longest: int) -> tuple[str, dict[str, int]]:
    """Put images beside and below each other into one picture.

    Args:
        images: (P, C, H, W), uint8, or floats from 0 to 1; C is 1 or 3, else the first is shown.
        longest: pixels; an image with a longer side is scaled down to it.

    Returns:
        the picture, WebP as base64, and its layout: `columns`, `width` and `height` of an image.
    """
    if images.dtype != np.uint8:
        images = np.rint(images * 255).astype(np.uint8)
    if images.shape[1] not in (1, 3):
        images = images[:, :1]
    count, channels, height, width = images.shape
    scale = min(1.0, longest / max(height, width))
    small = max(1, round(width * scale)), max(1, round(height * scale))
    columns = int(np.ceil(np.sqrt(count)))
    picture = Image.new("RGB", (columns * small[0], -(-count // columns) * small[1]))
    for place, image in enumerate(images):
        tile = Image.fromarray(image[0] if channels == 1 else image.transpose(1, 2, 0))
        if scale < 1:
            tile = tile.resize(small)
        picture.paste(tile, (place % columns * small[0], place // columns * small[1]))
    file = BytesIO()
    picture.save(file, "WEBP", quality=LOSSY, method=4)
    layout = {"columns": columns, "width": small[0], "height": small[1]}
    return base64.b64encode(file.getvalue()).decode(), layout
