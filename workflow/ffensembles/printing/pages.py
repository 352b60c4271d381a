"""Small HTML pages that need no other file, fit for the report that Snakemake makes."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

# A value that a page prints is text: what is HTML in it shows as it is written.
ENVIRONMENT = Environment(
    loader=FileSystemLoader([Path(__file__).with_name("templates"), Path(__file__).parents[1]]),
    autoescape=lambda name: name is None or name.endswith(".html.j2"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, **values: object) -> str:
    """Return a whole document from a template and the values that it prints."""
    return ENVIRONMENT.get_template(template).render(values)


def page(title: str, body: str) -> str:
    """Return a whole HTML document; `body` is HTML already."""
    return render("page.html.j2", title=title, body=body)
