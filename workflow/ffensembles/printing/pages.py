"""Small HTML pages that need no other file, fit for the report that Snakemake makes."""

from collections.abc import Sequence
from html import escape

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff;
       margin: 1.5rem auto; padding: 0 1rem; max-width: 72rem; }
h1 { font-size: 1.25rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
p, li { max-width: 48rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .6rem 0; }
th, td { padding: .3rem .5rem; text-align: right; border-bottom: 1px solid #ddd;
         vertical-align: top; }
thead th { border-bottom: 2px solid #555; text-align: center; }
tbody th, td.text { text-align: left; }
td p, th p { margin: 0; }
dt { font-weight: 600; margin-top: .8rem; } dd { margin-left: 1.5rem; } dd p { margin: 0; }
.literal { font-family: ui-monospace, monospace; font-size: .92em; }
pre.literal { overflow-x: auto; }
.reported { color: #595959; }
.legend { color: #444; font-size: .92em; }
.verdict { white-space: nowrap; font-weight: 600; padding: .05rem .4rem; border-radius: .3rem; }
.good { background: #d6e9f8; color: #08345c; }
.near { background: #f3f0d7; color: #4d4400; }
.bad { background: #fbdccb; color: #6b2100; }
.none { background: #eee; color: #444; }
"""


def page(title: str, body: str) -> str:
    """Return a whole HTML document; `body` is HTML already."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]], text: int = 1) -> str:
    """Return a table; the first `text` columns hold text, the others numbers. Cells are HTML."""
    titles = "".join(f'<th scope="col">{name}</th>' for name in head)
    lines = [
        "".join(
            f'<td class="text">{cell}</td>' if place < text else f"<td>{cell}</td>"
            for place, cell in enumerate(row)
        )
        for row in rows
    ]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f'<div class="scroll"><table>\n<thead><tr>{titles}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table></div>"
    )


def verdict(kind: str, word: str) -> str:
    """Return a verdict as a coloured word with a sign: no meaning rests on the colour alone.

    `kind` is good, near, bad or none.
    """
    sign = {"good": "✓", "near": "≈", "bad": "✗", "none": "–"}[kind]
    return f'<span class="verdict {kind}">{sign}&nbsp;{escape(word)}</span>'
