"""The report as a person meets it: opened from its file, in a browser, without a network."""

import base64
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from helpers.browser import find_chromium, offline_page
from helpers.pipeline import EVERYTHING, snakemake

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="no Chromium here: apt-get install chromium"
)


@pytest.fixture(scope="module")
def report(finished, tmp_path_factory):
    """Return the address of a report, by the pipeline's own rule, of next to no computation."""
    folder = tmp_path_factory.mktemp("report") / "pipeline"
    shutil.copytree(finished, folder, symlinks=True)  # keeps the times of files
    elsewhere = ["--rerun-triggers", "mtime"]  # than where it was made; parameters say where
    snakemake(folder, *EVERYTHING[:2], *elsewhere, "--", "results/demo/report.html")
    return (folder / "results/demo/report.html").as_uri()


@pytest.fixture
def page(page, report):
    """Return a page that shows the report."""
    page.goto(report)
    return page


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


def test_a_click_leads_to_a_table_and_to_a_figure_that_is_seen_whole(page):
    section(page, "App. C Training").click()
    row(page, "Table 6").first.click()
    frame = page.frame_locator('iframe[src^="data:text/html"]')
    expect(frame.locator("h1")).to_have_text("Table 6: Hyperparameters")
    expect(frame.locator("table")).to_contain_text("0.001")
    page.get_by_role("link", name="Home").click()
    section(page, "4.4 Unseen categories").click()
    row(page, "Figure 4").first.click()
    expect_whole_figure(page)


@pytest.mark.parametrize("words", ["Figure 4", "figure4", "trained without category 3"])
def test_a_search_finds_figure_4(page, words):
    page.locator("nav input").fill(words)
    page.keyboard.press("Enter")
    row(page, "Figure 4").first.click()
    expect_whole_figure(page)


def test_a_search_finds_first_what_is_called_so(page):
    for words, first in (("figure4", "Figure 4"), ("table 3", "Table 3")):
        page.locator("nav input").fill(words)
        page.keyboard.press("Enter")
        expect(page.locator("nav tbody tr td:first-child").first).to_have_text(first)


def names_missing(page):
    """Return the images, links and frames that a screen reader could not name."""
    return page.evaluate(
        """() => [...document.querySelectorAll("img, a, iframe, canvas")].filter(
            (x) => !(x.alt || x.title || x.ariaLabel || x.textContent.trim())
        ).map((x) => x.outerHTML.slice(0, 200))"""
    )


def test_all_images_links_and_frames_have_names(page):
    expect(page.get_by_role("link", name="Hide the menu")).to_be_visible()
    assert names_missing(page) == []
    for name, of, result in (
        ("4.4 Unseen categories", "Figure 4", "img"),
        ("App. C Training", "Table 6", "iframe"),
    ):
        section(page, name).click()
        eye, about = row(page, of).all()
        expect(eye).to_have_accessible_name(f"Open {of}")
        expect(about).to_have_accessible_name(f"About {of}")
        eye.click()
        expect(page.locator(f".result > {result}")).to_have_accessible_name(re.compile(of))
        assert names_missing(page) == []
        about.click()
        expect(page.get_by_role("link", name=re.compile("^About (plot|tabulate)_"))).to_be_visible()
        assert names_missing(page) == []
        page.get_by_role("link", name="Home").click()


def test_a_figure_is_seen_on_a_narrow_screen_with_and_without_the_menu(page):
    page.set_viewport_size({"width": 400, "height": 800})
    section(page, "4.4 Unseen categories").click()
    row(page, "Figure 4").first.click()
    for menu in ("shown", "hidden"):
        if menu == "hidden":
            page.get_by_role("link", name="Hide the menu").click()
        expect_whole_figure(page)
        box = page.locator(".result > img").bounding_box()
        hit = page.evaluate("([x, y]) => document.elementFromPoint(x, y).tagName",
                            [box["x"] + box["width"] / 2, box["y"] + 20])  # fmt: skip
        assert hit == "IMG" and box["width"] > 150, menu


def test_what_a_result_is_made_of_can_be_downloaded_beside_it(page):
    for place, name, file, starts in (
        ("4.4 Unseen categories", "Figure 4", "figure4.pdf", b""),
        ("4.4 Unseen categories", "Figure 4", "figure4.csv", b"panel,title,series,"),
        ("App. C Training", "Table 6", "table6.csv", b"model,setting,"),
    ):
        section(page, place).click()
        row(page, name).first.click()
        form = file.rsplit(".")[-1].upper()
        with page.expect_download() as download:
            page.get_by_role("link", name=f"Download {name} as {form}").click()
        assert download.value.suggested_filename == file
        assert Path(download.value.path()).read_bytes().startswith(starts)
        page.get_by_role("link", name="Home").click()


def test_a_caption_is_one_click_from_its_result_and_has_its_blanks(page):
    captions = page.evaluate("Object.values(results).map((r) => textOf(r.caption))")
    assert captions and not [c for c in captions if re.search(r"[a-z)][.;:,][A-Z]", c)]
    section(page, "4.4 Unseen categories").click()
    row(page, "Figure 4").nth(1).click()
    expect(page.locator("nav").first).to_contain_text("red lines")
    expect(page.locator("nav").first).not_to_contain_text("{")  # jobs show no dictionaries


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
