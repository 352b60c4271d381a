"""The report as a person meets it: opened from its file, in a browser, without a network."""

import base64

import matplotlib.image
import numpy as np
import pytest

from ffensembles.printing.pages import page
from helpers.browser import Browser, find_chromium
from helpers.pipeline import EVERYTHING, copy_pipeline, finish, snakemake, two_studies

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="no Chromium here: apt-get install chromium"
)

MADE = ["tables/table6.html", "deviations.html", "config.yaml"]  # the rest are stand-ins


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Return the address of a report, by the pipeline's own rule, of next to no computation."""
    folder = two_studies(copy_pipeline(tmp_path_factory.mktemp("report")))
    snakemake(folder, "--profile", "profiles/demo", *(f"results/demo/{name}" for name in MADE))
    finish(folder, stand_in)
    snakemake(folder, *EVERYTHING[:2], "--", "results/demo/report.html")
    return (folder / "results/demo/report.html").as_uri()


def stand_in(path):
    """Put something to look at where a result is missing."""
    if path.suffix == ".html" and not path.exists():
        path.write_text(page(path.stem, "<p>A stand-in.</p>"), "utf-8")
    elif path.suffix == ".png":  # higher than the window
        matplotlib.image.imsave(path, np.zeros((2000, 1000)))
    else:
        path.touch()


@pytest.fixture
def browser(tmp_path):
    with Browser(find_chromium(), tmp_path / "profile") as browser:
        yield browser


@pytest.fixture
def opened(browser, report):
    """Return a browser that shows the report; whatever a test does there must stay offline."""
    browser.open(report)
    yield browser
    assert [r for r in browser.requests if not r.startswith(("file:", "data:"))] == []
    assert browser.errors == []


def menu(name):
    return f"[...document.querySelectorAll('nav li a')].find(a => a.textContent == {name!r})"


def row(name):
    """The eye that opens the result of this name."""
    rows = "[...document.querySelectorAll('nav tbody tr')]"
    return f"{rows}.find(r => r.cells[0].textContent == {name!r})?.querySelector('a')"


NAMES = "[...document.querySelectorAll('nav tbody tr')].map(r => r.cells[0].textContent).join()"
FIGURE = "document.querySelector('#app img[src^=\"data:image/png\"]')"
SEARCH = "document.querySelector('nav input')"


def test_results_are_in_the_order_of_reading(opened):
    opened.wait_for(f"{menu('Provenance')} != null")
    items = opened.evaluate(
        "[...document.querySelectorAll('nav li a')].map(a => a.textContent).filter(Boolean)"
    )
    results = items[items.index("About") + 1 :]
    assert results[:3] == ["0 Does the paper hold?", "4.1 Accuracy", "4.2 Sparse ensembles"]
    assert results[-1] == "Provenance"
    opened.click(menu("0 Does the paper hold?"))
    opened.wait_for(f"{NAMES} == '1 Scorecard,2 Claims,3 Deviations'")


def test_a_click_leads_to_a_table(opened):
    opened.click(menu("App. C Training"))
    opened.click(row("Table 6"))
    opened.wait_for("document.querySelector('iframe')?.src.startsWith('data:text/html')")
    opened.wait_for("document.querySelector('h1')?.textContent == 'Table 6: Hyperparameters'", 1)
    assert "0.001" in opened.evaluate("document.querySelector('table').textContent", 1)


def test_a_click_leads_to_a_figure_that_is_seen_whole(opened):
    opened.click(menu("4.4 Unseen categories"))
    opened.click(row("Figure 4"))
    opened.wait_for(f"{FIGURE}?.naturalHeight == 2000")
    top, bottom = opened.evaluate(f"(r => [r.top, r.bottom])({FIGURE}.getBoundingClientRect())")
    assert 0 <= top < bottom <= opened.evaluate("innerHeight")


@pytest.mark.parametrize("words", ["Figure 4", "figure4", "trained without category 3"])
def test_a_search_finds_figure_4(opened, words):
    opened.click(SEARCH)
    opened.type(words)
    opened.click(row("Figure 4"))
    opened.wait_for(f"{FIGURE}?.naturalHeight == 2000")


def test_a_caption_is_one_click_from_its_result(opened):
    opened.click(menu("4.4 Unseen categories"))
    opened.click(row("Figure 4").replace("('a')", "('a + a')"))
    opened.wait_for("document.querySelector('nav').textContent.includes('red lines')")


def test_requests_and_errors_are_noticed_in_frames_too(browser, tmp_path):
    """Or the checks above could not fail."""
    bad = '<img src="http://192.0.2.1/{0}.png"><script>throw "{0}"</script>'
    inner = base64.b64encode(bad.format("inner").encode()).decode()
    (tmp_path / "bad.html").write_text(
        f'<iframe src="data:text/html;base64,{inner}"></iframe>{bad.format("outer")}'
        "<script>console.error('said')</script>"
    )
    browser.call("Network.emulateNetworkConditions", offline=True, latency=0,
                 downloadThroughput=-1, uploadThroughput=-1)  # fmt: skip
    browser.open((tmp_path / "bad.html").as_uri())
    for name in ("inner", "outer"):
        assert f"http://192.0.2.1/{name}.png" in browser.requests
        assert f'"value": "{name}"' in str(browser.errors).replace("'", '"')
    assert "said" in str(browser.errors)
