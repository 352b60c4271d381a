"""The report as a person meets it: opened from its file, in a browser, without a network."""

import base64
import re
import shutil

import pytest
from playwright.sync_api import expect

from helpers.browser import find_chromium, offline_page, open_browser
from helpers.pipeline import EVERYTHING, snakemake

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="no Chromium here: apt-get install chromium"
)


@pytest.fixture(scope="module")
def report(finished, tmp_path_factory):
    """Return the address of a report, by the pipeline's own rule, of next to no computation."""
    folder = tmp_path_factory.mktemp("report") / "pipeline"
    shutil.copytree(finished, folder, symlinks=True)  # keeps the times of files
    snakemake(folder, *EVERYTHING[:2], "--", "results/demo/report.html")
    return (folder / "results/demo/report.html").as_uri()


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture
def page(browser, report):
    """Return a page that shows the report; whatever a test does there must stay offline."""
    with offline_page(browser) as (page, wrong):
        page.goto(report)
        yield page
        assert wrong == []


def section(page, name):
    """Return the entry of a section in the menu."""
    return page.locator("nav li a").filter(has_text=re.compile(f"^{re.escape(name)}$"))


def row(page, name):
    """Return the links beside the name of a result: the eye that opens it, then its caption."""
    cell = page.get_by_role("cell", name=name, exact=True)
    return page.locator("nav tbody tr").filter(has=cell).locator("a")


def expect_whole_figure(page):
    figure = page.locator('#app img[src^="data:image/png"]')
    expect(figure).to_have_js_property("naturalHeight", 2000)
    expect(figure).to_be_in_viewport(ratio=1)


def test_results_are_in_the_order_of_reading(page):
    expect(section(page, "Provenance")).to_be_visible()
    items = [text for text in page.locator("nav li a").all_text_contents() if text]
    results = items[items.index("About") + 1 :]
    assert results[:3] == ["0 Does the paper hold?", "1 Explorer", "4.1 Accuracy"]
    assert results[-1] == "Provenance"
    section(page, results[0]).click()
    names = page.locator("nav tbody tr td:first-child")
    expect(names).to_have_text(["1 Scorecard", "2 Claims", "3 Deviations"])


def test_it_begins_with_what_came_out_and_the_way_into_the_explorer(page):
    expect(page.locator(".prose h2").first).to_have_text("At a glance")
    expect(page.locator(".prose h2").first).to_be_in_viewport()
    page.get_by_role("link", name="Explore digits").click()
    frame = page.frame_locator('iframe[src^="data:text/html"]')
    expect(frame.locator("h1")).to_have_text("digits")


def test_a_click_leads_to_a_table(page):
    section(page, "App. C Training").click()
    row(page, "Table 6").first.click()
    frame = page.frame_locator('iframe[src^="data:text/html"]')
    expect(frame.locator("h1")).to_have_text("Table 6: Hyperparameters")
    expect(frame.locator("table")).to_contain_text("0.001")


def test_a_click_leads_to_a_figure_that_is_seen_whole(page):
    section(page, "4.4 Unseen categories").click()
    row(page, "Figure 4").first.click()
    expect_whole_figure(page)


@pytest.mark.parametrize("words", ["Figure 4", "figure4", "trained without category 3"])
def test_a_search_finds_figure_4(page, words):
    page.locator("nav input").fill(words)
    page.keyboard.press("Enter")
    row(page, "Figure 4").first.click()
    expect_whole_figure(page)


def test_a_caption_is_one_click_from_its_result(page):
    section(page, "4.4 Unseen categories").click()
    row(page, "Figure 4").nth(1).click()
    expect(page.locator("nav").first).to_contain_text("red lines")


def test_requests_and_errors_are_noticed_in_frames_too(browser, tmp_path):
    """Or the checks above could not fail."""
    bad = '<img src="http://192.0.2.1/{0}.png"><script>throw "{0}"</script>'
    inner = base64.b64encode(bad.format("inner").encode()).decode()
    (tmp_path / "bad.html").write_text(
        f'<iframe src="data:text/html;base64,{inner}"></iframe>{bad.format("outer")}'
        "<script>console.error('said')</script>"
    )
    with offline_page(browser) as (page, wrong):
        page.goto((tmp_path / "bad.html").as_uri())
        for name in ("inner", "outer"):
            assert {f"http://192.0.2.1/{name}.png", name} <= set(wrong)
        assert "said" in wrong
