"""Names of people's categories in figures: text whatever they hold, with room, in some font."""

import numpy as np
import pytest
from matplotlib.font_manager import FontEntry, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.image import imread
from matplotlib.text import Text

from ffensembles.paper.figures.parts import words
from ffensembles.paper.figures.parts.style import label_categories, new_figure, save, styled
from ffensembles.paper.figures.parts.words import names_in_figures, shortened
from ffensembles.printing.names import CATEGORIES

pytestmark = pytest.mark.filterwarnings("error")

CHINESE = "中文"


@styled
def named(*names):
    """Return a figure whose ticks and title have these names."""
    figure = new_figure(height=3)
    axes = figure.subplots()
    label_categories(axes, names)
    axes.set(xlim=(-0.5, len(names) - 0.5), title=", ".join(names))
    return figure


def drawn(path, *names):
    save(named(*names), path)
    return imread(path)


@pytest.mark.parametrize(
    "name", ["$5 to $6", "$x_1$", r"\frac{", "$\\alpha", "$$", "a_b^c", "100 %"]
)
def test_whatever_a_name_holds_is_text(tmp_path, name):
    figure = named(name, "plain")
    save(figure, tmp_path / "x.png", tmp_path / "x.pdf")
    texts = [text for text in figure.findobj(Text) if name in text.get_text()]
    assert texts and not any(text.get_parse_math() for text in texts)


def test_long_names_keep_both_ends(monkeypatch, tmp_path):
    long = "Leptinotarsa decemlineata, larvae of the third day"
    assert shortened(long) == "Leptinot…d day"
    assert shortened(CHINESE * 9) == "中文中文…中文"
    assert shortened("T-shirt/top") == "T-shirt/top"
    monkeypatch.setitem(CATEGORIES, "own", [long, "b"])
    assert names_in_figures("own") == [shortened(long), "b"]
    figure = named(shortened(long), "b")
    save(figure, tmp_path / "x.png")
    (axes,) = figure.axes
    assert axes.get_position().height > 0.4


def test_letters_that_no_font_has_are_a_word_in_the_log(tmp_path, caplog, monkeypatch):
    fonts = [font for font in fontManager.ttflist if not has(font, CHINESE)]
    monkeypatch.setattr(fontManager, "ttflist", fonts)
    words._lenders.cache_clear()
    drawn(tmp_path / "x.png", CHINESE, "a")
    assert caplog.text.count("no font of this machine has 中 文; install one") == 1


def has(font: FontEntry, letters):
    return {ord(x) for x in letters} <= FT2Font(font.fname).get_charmap().keys()


def test_another_font_lends_its_letters(tmp_path, caplog):
    letter = "\N{MATHEMATICAL SCRIPT CAPITAL A}"
    pixels = drawn(tmp_path / "x.png", letter, "a")
    assert "no font" not in caplog.text
    assert not np.array_equal(
        pixels, drawn(tmp_path / "y.png", "\N{CJK UNIFIED IDEOGRAPH-4E2D}", "a")
    )
