"""The page: contents, scripts, style and libraries in one file that needs no other."""

import json
from collections.abc import Iterable
from pathlib import Path

from markupsafe import Markup
from matplotlib.colors import to_hex

from ffensembles.analysis.ensembles import FACTOR
from ffensembles.extras.explorer.contents import Contents
from ffensembles.paper.figures.parts.style import (
    ACTIVE,
    BLUES,
    HIGHLIGHT,
    INACTIVE,
    LAYER_COLOURS,
    MODEL_COLOURS,
)
from ffensembles.printing.pages import render

PAGE = Path(__file__).with_name("page")
LIBRARIES = ("vendor/d3.min.js", "vendor/plot.umd.min.js")
# In this order: each uses what those before it define.
SCRIPTS = (
    "data.js",
    "science.js",
    "state.js",
    "drawing.js",
    "ensembles.js",
    "unit.js",
    "image.js",
    "time.js",
    "main.js",
)
COLOURS = {
    "blues": [to_hex(BLUES(step / 8)) for step in range(9)],
    "active": ACTIVE,
    "inactive": INACTIVE,
    "highlight": HIGHLIGHT,
    "models": dict(MODEL_COLOURS),
    "layers": LAYER_COLOURS[1:],
}


def explorer_page(contents: Contents) -> str:
    """Return the page as HTML."""
    about = contents.about | {"colours": COLOURS, "factor": FACTOR}
    return render(
        "extras/explorer/page/explorer.html.j2",
        dataset=about["dataset"],
        style=_source(["explorer.css"]),
        about=_in_script(json.dumps(about, allow_nan=False, ensure_ascii=False)),
        blocks={name: block.text for name, block in contents.blocks.items()},
        sheet=contents.sheet,
        libraries=_source(LIBRARIES),
        scripts=_source(SCRIPTS),
    )


def _source(names: Iterable[str]) -> Markup:
    return Markup("\n".join((PAGE / name).read_text("utf-8") for name in names))


def _in_script(text: str) -> Markup:
    """Write JSON so that no name in it can end the script element that it stands in."""
    return Markup(text.replace("<", "\\u003c"))
