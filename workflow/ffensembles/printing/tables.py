"""Printed tables as Markdown, LaTeX and HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

import pandas as pd
from pandas.io.formats.style import Styler

from ffensembles.files import write_text
from ffensembles.printing.pages import page


@dataclass(frozen=True)
class Printed:
    """A table ready to print. Each cell is a text, or two with a line break between them."""

    name: str  # of its file, and of its label in LaTeX
    title: str
    grid: pd.DataFrame
    legend: str


def write_printed(table: Printed, paths: Mapping[str, str]) -> None:
    """Write a printed table in each form that `paths` names by its ending: md, tex, html."""
    for form, write in {"md": markdown, "tex": latex, "html": html}.items():
        if path := paths.get(form):
            write_text(write(table), path)


def markdown(table: Printed) -> str:
    """Return a GitHub-style Markdown table under its title, the legend below."""
    flat = table.grid.replace("\n", " ", regex=True).map(escape_markdown)
    names = [str(name) for name in flat.index.names]
    flat.index = relabelled(flat.index, lambda _, value: escape_markdown(str(value)), names)
    flat.columns = pd.Index([escape_markdown(_flat(column)) for column in flat.columns])
    align = ["left"] * flat.index.nlevels + ["right"] * flat.shape[1]
    body = flat.reset_index().to_markdown(index=False, disable_numparse=True, colalign=align)
    return f"{escape_markdown(table.title)}.\n\n{body}\n\n{escape_markdown(table.legend)}\n"


def escape_markdown(text: str) -> str:
    """Escape what Markdown would take for markup, within a table or beside it."""
    return re.sub(r"([\\`$|\[]|<(?=[A-Za-z/!])|\*(?=\w)|(?<!\w)_(?=\w))", r"\\\1", text)


def html(table: Printed) -> str:
    """Return a small HTML page that needs no other file."""
    grid = table.grid.rename_axis(index=_escaped, columns=_escaped)
    style = Styler(grid, uuid=table.name, cell_ids=False).format(_ours_and_reported)
    for axis in (0, 1):
        style = style.format_index(_escaped, axis=axis)
    legend = f'<p class="legend">{escape(table.legend)}</p>'
    return page(table.title, f'<div class="scroll">{style.to_html()}</div>\n{legend}')


def latex(table: Printed) -> str:
    """Return a LaTeX float; its preamble needs booktabs and graphicx."""
    grid = table.grid.map(escape_latex)
    grid.index = _latex_labels(grid.index)
    grid.columns = _latex_labels(grid.columns)
    body = grid.to_latex(
        escape=False,
        multicolumn_format="c",
        multirow=False,
        column_format="l" * grid.index.nlevels + "c" * grid.shape[1],
    )
    # LaTeX numbers the table itself.
    title = escape_latex(re.sub(r"^Table \d+: ", "", table.title))
    legend = escape_latex(table.legend)
    latin = all(ord(letter) <= LAST_LATIN for letter in f"{body}{title}{legend}")
    also = "" if latin else "% Needs XeLaTeX or LuaLaTeX, with a font that has all letters\n"
    return (
        "% Needs \\usepackage{booktabs,graphicx}\n"
        f"{also}\\begin{{table}}\n\\centering\n"
        f"\\caption{{{title}. {legend}}}\n\\label{{tab:{table.name}}}\n"
        # Wide tables shrink to the line, others keep their size.
        "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n"
        f"{body.strip()}}}\n\\end{{table}}\n"
    )


def relabelled(index: pd.Index, label: Callable[[str, object], str], names: list[str]) -> pd.Index:
    """Rename an index and replace its values by `label(old name, value)`, level by level."""
    keys = [str(name) for name in index.names]
    if isinstance(index, pd.MultiIndex):
        labels = [tuple(map(label, keys, values)) for values in index]
        return pd.MultiIndex.from_tuples(labels, names=names)
    return pd.Index([label(keys[0], value) for value in index], name=names[0])


LAST_LATIN = 0x24F  # pdfLaTeX has no letters of later scripts by itself
LATEX = {
    "±": r"$\pm$",
    "ρ⁺": r"$\rho^+$",
    "β": r"$\beta$",
    "ℓ1": r"$\ell_1$",
    "†": r"\textdagger{}",
    "–": "--",
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": "$<$",
    ">": "$>$",
    "%": r"\%",
    "_": r"\_",
    "&": r"\&",
    "#": r"\#",
}


def escape_latex(text: str) -> str:
    """Escape a text for LaTeX; a line break becomes a second line in the cell."""
    text = re.sub("|".join(map(re.escape, LATEX)), lambda match: LATEX[match[0]], text)
    text = re.sub(r"(?<![\w.-])-(\d)", r"$-$\1", text)  # a minus sign, not a hyphen
    first, _, second = text.partition("\n")
    return rf"\shortstack{{{first}\\{second}}}" if second else first


def _latex_labels(index: pd.Index) -> pd.Index:
    names = ["" if name is None else escape_latex(str(name)) for name in index.names]
    return relabelled(index, lambda _, value: escape_latex(str(value)), names)


def _flat(column: object) -> str:
    return ", layer ".join(map(str, column)) if isinstance(column, tuple) else str(column)


def _escaped(label: object) -> str:
    return "" if label is None else escape(str(label))


def _ours_and_reported(cell: object) -> str:
    """Break a cell where it says; a narrow column breaks "mean ± std" before the sign only."""
    ours, _, reported = escape(str(cell)).replace("± ", "±\N{NO-BREAK SPACE}").partition("\n")
    return f'{ours}<br><span class="reported">{reported}</span>' if reported else ours
