"""Pictures of any form as pixels: 8-bit grey or RGB, upright, nothing hidden in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ffensembles.errors import UserError
from ffensembles.files import reading

if TYPE_CHECKING:
    from PIL.Image import Image

GREY, COLOURED = ("1", "L"), ("RGB", "P", "YCbCr", "CMYK")  # what Pillow calls the modes


def read_pictures(
    paths: Sequence[Path], size: tuple[int, int] | None = None, ground: str | None = None
) -> np.ndarray:
    """Return the pictures of files, (N, C, H, W) uint8: grey where all of them are, else RGB.

    Args:
        paths: of the files.
        size: (height, width) to scale them to.
        ground: what lies behind transparent ones.

    Raises:
        UserError: naming a file that is no picture, or one that `pixels` or `stack` refuses.
    """
    from PIL import Image

    images = []
    for path in paths:
        with reading(path, "replace it, or move it away"), Image.open(path) as image:
            images.append(pixels(image, str(path), size, ground))
    return stack(images, [str(path) for path in paths])


def pixels(
    image: Image, name: str, size: tuple[int, int] | None = None, ground: str | None = None
) -> np.ndarray:
    """Return a picture as (H, W) uint8 where it is grey, else as (3, H, W).

    It is turned as its EXIF data say. Values of 16 bits are scaled to 8.

    Args:
        image: of Pillow.
        name: what messages call it.
        size: (height, width) to scale it to.
        ground: `white` or `black`, what lies behind it where it is transparent.

    Raises:
        UserError: there are several pictures in it, it is transparent and there is no ground, or
            its values have no lightest one.
    """
    from PIL import Image, ImageOps

    kind = image.format
    # A photograph of a telephone, MPO, has its own previews behind it.
    if (frames := getattr(image, "n_frames", 1)) > 1 and kind != "MPO":
        raise UserError(f"{name}: holds {frames} pictures; give each a file of its own")
    image = ImageOps.exif_transpose(image)
    transparent = image.has_transparency_data
    if image.mode.startswith("I;16") or (image.mode == "I" and kind in ("PNG", "PPM")):
        if transparent:
            raise UserError(f"{name}: is transparent and of 16 bits; save it with 8")
        image = Image.fromarray(np.rint(np.asarray(image) / 257).astype(np.uint8))
    grey = image.mode in (*GREY, "LA")
    if transparent:
        image = _on_ground(image.convert("RGBA"), name, ground)
    if image.mode not in (*GREY, *COLOURED):
        raise UserError(f"{name}: is of the form {image.mode}; save it as 8-bit grey or RGB")
    image = image.convert("L" if grey else "RGB")
    if size is not None:
        image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    values = np.asarray(image)
    return values if grey else np.moveaxis(values, -1, 0)


def _on_ground(image: Image, name: str, ground: str | None) -> Image:
    """Lay an RGBA picture on a ground; one that covers it all needs none."""
    from PIL import Image

    if ground is None and image.getchannel("A").getextrema() != (255, 255):
        raise UserError(
            f"{name}: is transparent; say what lies behind it with the key ground of the dataset, "
            "white or black"
        )
    behind = Image.new("RGBA", image.size, ground or "white")
    return Image.alpha_composite(behind, image).convert("RGB")


def stack(images: Sequence[np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Stack pictures as `pixels` gives them to (N, C, H, W); grey ones beside RGB become RGB.

    Raises:
        UserError: naming one that differs in size from the first.
    """
    first = images[0].shape[-2:]
    for image, name in zip(images, names, strict=True):
        if image.shape[-2:] != first:
            height, width = image.shape[-2:]
            raise UserError(
                f"{name}: has {height} x {width} pixels, but {names[0]} has {first[0]} x "
                f"{first[1]}; scale them with the key size of the dataset"
            )
    channels = max(1 if image.ndim == 2 else 3 for image in images)
    return np.stack([np.broadcast_to(image, (channels, *first)) for image in images])
