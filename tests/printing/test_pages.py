import pytest
from jinja2 import UndefinedError

from ffensembles.printing.pages import page, render
from helpers import ROOT

TEMPLATES = ROOT / "workflow/ffensembles/printing/templates"
MARKUP = "<script>1 & 2</script>"


def test_a_page_is_a_whole_document_with_its_own_style():
    text = page("Layers < 4", "<p>Three</p>")
    assert text.startswith("<!doctype html>") and text.endswith("</html>\n")
    assert "<title>Layers &lt; 4</title>" in text and "<h1>Layers &lt; 4</h1>" in text
    assert "<p>Three</p>" in text
    assert "font: 15px" in text and "<link" not in text


def test_values_are_text_and_never_markup():
    text = page(MARKUP, "")
    assert "<script>" not in text
    assert text.count("&lt;script&gt;1 &amp; 2&lt;/script&gt;") == 2


def test_a_value_that_is_not_given_is_an_error_not_a_blank():
    with pytest.raises(UndefinedError, match="title"):
        render("page.html.j2", body="")


def test_no_template_switches_escaping_off_but_for_the_documentation():
    safe = {path.name: path.read_text().count("safe") for path in TEMPLATES.glob("*.j2")}
    assert {name for name, count in safe.items() if count} == {"page.html.j2"}
    assert safe["page.html.j2"] == 1
