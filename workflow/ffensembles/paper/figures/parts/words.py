"""Names of people's categories in figures: with room, and in a font that has their letters."""

import logging
from collections.abc import Iterable
from functools import cache
from unicodedata import east_asian_width

from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, fontManager, get_font
from matplotlib.text import Text

from ffensembles.printing.names import CATEGORIES

log = logging.getLogger(__name__)

WIDEST = 14  # letters that a name may take; Chinese ones count twice


def names_in_figures(dataset: str) -> list[str]:
    """Return the names of a dataset's categories, in short where they are long."""
    return [shortened(name) for name in CATEGORIES[dataset]]


def shortened(name: str) -> str:
    """Return a name that has room in a figure: both its ends where it has more letters."""
    if _width(name) <= WIDEST:
        return name
    start, end = name, name
    while _width(start) > 0.6 * WIDEST:
        start = start[:-1]
    while _width(start + end) > WIDEST - 1:
        end = end[1:]
    return f"{start}…{end}"


def _width(text: str) -> int:
    return sum(1 + (east_asian_width(letter) in "WF") for letter in text)


def lend_fonts(figure: Figure) -> None:
    """Let other fonts of this machine draw the letters that a figure's own lacks.

    What none has is drawn as boxes, and named in the log.
    """
    lacking: set[str] = set()
    for text in figure.findobj(Text):
        if missing := _without(text.get_text(), findfont(text.get_fontproperties())):
            lenders, boxes = _lenders(missing)
            text.set_fontfamily([*text.get_fontfamily(), *lenders])
            lacking |= boxes
    if lacking:
        log.warning(
            "figures: no font of this machine has %s; install one, such as Noto Sans",
            " ".join(sorted(lacking)),
        )


def _without(letters: Iterable[str], font: str) -> frozenset[str]:
    known = _letters(font)
    return frozenset(x for x in letters if ord(x) not in known and x.isprintable())


@cache
def _letters(font: str) -> frozenset[int]:
    return frozenset(get_font(font).get_charmap())


@cache
def _lenders(letters: frozenset[str]) -> tuple[list[str], frozenset[str]]:
    """Return families that have some letters, as few as do, and the letters that none has."""
    # Matplotlib's last resort has a box for every letter there is.
    fonts = sorted(
        (font.name, font.fname)
        for font in fontManager.ttflist
        if font.style == "normal" and not font.name.startswith("Last Resort")
    )
    lenders, left = [], letters
    while left and fonts:
        name, file = min(fonts, key=lambda font: len(_without(left, font[1])))
        if (rest := _without(left, file)) == left:
            break
        lenders.append(name)
        left = rest
    return lenders, left
