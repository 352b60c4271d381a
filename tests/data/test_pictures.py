"""Pictures of every form become the pixels that one sees, or are refused by name."""

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from ffensembles.data.pictures import read_pictures
from ffensembles.errors import UserError

RAMP = np.arange(0, 240, 20, dtype=np.uint8).reshape(3, 4)
COLOURS = np.stack([RAMP, 255 - RAMP, np.full_like(RAMP, 7)])  # (3, H, W)


def read(path, **settings):
    return read_pictures([path], **settings)[0]


def saved(tmp_path, image, name="x.png", **settings):
    path = tmp_path / name
    image.save(path, **settings)
    return path


def rgb():
    return Image.fromarray(np.moveaxis(COLOURS, 0, -1))


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_sixteen_bits_are_scaled_to_eight(tmp_path, name):
    wide = Image.fromarray(RAMP.astype(np.uint16) * 257 + 100)
    np.testing.assert_array_equal(read(saved(tmp_path, wide, name))[0], RAMP)
    white = Image.fromarray(np.full((3, 4), 65535, np.uint16))
    assert (read(saved(tmp_path, white, name)) == 255).all()


def test_sixteen_bits_of_a_portable_graymap(tmp_path):
    path = tmp_path / "x.pgm"
    path.write_bytes(b"P5 4 3 65535\n" + (RAMP.astype(">u2") * 257).tobytes())
    np.testing.assert_array_equal(read(path)[0], RAMP)


@pytest.mark.parametrize("kind", ["RGBA", "LA", "P", "L"])
@pytest.mark.parametrize("ground, light", [("white", 255), ("black", 0)])
def test_what_is_transparent_shows_the_ground(tmp_path, kind, ground, light):
    opaque = np.full((3, 4), 255, np.uint8)
    opaque[0] = 0
    drawing = rgb() if kind in ("RGBA", "P") else Image.fromarray(RAMP)
    settings = {}
    if kind in ("RGBA", "LA"):
        drawing.putalpha(Image.fromarray(opaque))
    else:  # one colour, or one grey, is the transparent one
        drawing = Image.fromarray(np.where(opaque == 0, 5, 90).astype(np.uint8))
        if kind == "P":
            drawing = drawing.convert("P")
        settings = {"transparency": 5}
    path = saved(tmp_path, drawing, **settings)
    pixels = read(path, ground=ground)
    assert len(pixels) == (1 if kind in ("LA", "L") else 3)
    assert (pixels[:, 0] == light).all()
    expected = np.asarray(drawing.convert("RGB"))[1:, :, 0]
    np.testing.assert_array_equal(pixels[0, 1:], expected)
    with pytest.raises(UserError, match=r"x\.png: is transparent; .* key ground"):
        read(path)


def test_half_transparent_pixels_are_mixed_with_the_ground(tmp_path):
    image = Image.new("RGBA", (4, 3), (200, 0, 100, 51))  # a fifth
    assert read(saved(tmp_path, image), ground="white")[:, 0, 0].tolist() == [244, 204, 224]


def test_a_picture_that_covers_its_ground_needs_none(tmp_path):
    np.testing.assert_array_equal(read(saved(tmp_path, rgb().convert("RGBA"))), COLOURS)


@pytest.mark.parametrize("orientation, turned", [(3, np.rot90(RAMP, 2)), (6, np.rot90(RAMP, 3))])
def test_pictures_are_turned_as_their_camera_was(tmp_path, orientation, turned):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, Image.fromarray(RAMP), exif=exif)
    np.testing.assert_array_equal(read(path)[0], turned)


@pytest.mark.parametrize("mode, grey", [("1", True), ("P", False), ("CMYK", False)])
def test_other_forms_become_grey_or_rgb(tmp_path, mode, grey):
    image = rgb().convert(mode)
    path = saved(tmp_path, image, "x.tif")
    expected = np.asarray(image.convert("L" if grey else "RGB"))
    expected = expected[None] if grey else np.moveaxis(expected, -1, 0)
    np.testing.assert_array_equal(read(path), expected)


@pytest.mark.parametrize("name", ["x.gif", "x.tif", "x.webp", "x.png"])
def test_several_pictures_in_one_file_are_refused(tmp_path, name):
    more = [Image.fromarray(255 - COLOURS[0])]
    path = saved(tmp_path, Image.fromarray(RAMP), name, save_all=True, append_images=more)
    with pytest.raises(UserError, match=r"holds 2 pictures; give each a file of its own"):
        read(path)


@pytest.mark.parametrize(
    "image, name",
    [
        (Image.fromarray(RAMP.astype(np.float32)), "x.tif"),
        (Image.fromarray(RAMP.astype(np.int32)), "x.tif"),
        (Image.new("LAB", (4, 3)), "x.tif"),
    ],
)
def test_values_without_a_lightest_one_are_refused(tmp_path, image, name):
    with pytest.raises(UserError, match=r"x\.tif: is of the form .*; save it as 8-bit grey or RGB"):
        read(saved(tmp_path, image, name))


def test_sixteen_bits_with_a_transparent_value_are_refused(tmp_path):
    about = PngImagePlugin.PngInfo()
    wide = Image.fromarray(RAMP.astype(np.uint16))
    path = saved(tmp_path, wide, pnginfo=about, transparency=40)
    with pytest.raises(UserError, match=r"x\.png: is transparent and of 16 bits"):
        read(path, ground="white")


def test_an_oversized_picture_is_one_line(tmp_path, monkeypatch):
    path = saved(tmp_path, rgb())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    with pytest.raises(UserError, match=r"x\.png: cannot be read \(Image size \(12 pixels\)"):
        read(path)
