"""The explorer as a person meets it: opened from its file, in a browser, without a network."""

import csv
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import expect

from ffensembles.analysis.ensembles import active_units, leave_one_out
from ffensembles.data.datasets import make_dataset
from ffensembles.extras.beyond.definition import sweep
from ffensembles.extras.explorer.contents import score_labels
from ffensembles.files import read_frame
from ffensembles.printing.names import name_datasets
from ffensembles.representations import stored
from ffensembles.representations.extraction import prepare
from helpers.browser import find_chromium
from helpers.explored import explored_run, write_page
from helpers.runs import few_digits

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="no Chromium here: apt-get install chromium"
)
# Enough for FF and BP to know all categories; BP/FF never learns two of them.
SETTINGS = {
    "ff": {"epochs": 60, "learning_rate": 0.03},
    "bpff": {"epochs": 25, "learning_rate": 0.01},
    "bp": {"epochs": 10, "learning_rate": 0.01},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return a dataset, a run of each model on it, and the address of their page."""
    folder = tmp_path_factory.mktemp("explorer")
    dataset = few_digits()
    runs = {
        model: explored_run(folder, model, dataset, batch_size=64, **settings)
        for model, settings in SETTINGS.items()
    }
    page = write_page(folder / "digits.html", dataset, "digits", list(runs.values()))
    return dataset, runs, page.as_uri()


def show(page, address, state=""):
    """Open an address in a certain state."""
    page.goto("about:blank")
    page.goto(f"{address}#{state}")
    expect(page.locator("#view h2").first).to_be_visible()


def table_of(run, layer):
    table = read_frame(run.ensembles)
    return table[table["layer"] == layer]


def means_of(run, layer):
    return table_of(run, layer).pivot(index="category", columns="unit", values="mean")


def test_the_units_listed_are_the_ensemble(page, world):
    _, runs, address = world
    show(page, address)
    page.locator("#view [name=model]").select_option("BP/FF")
    page.locator("#controls").get_by_label("Layer").select_option("2")
    page.locator("#controls").get_by_label("Category").select_option("5")
    rows = table_of(runs["bpff"], 2).query("category == 5 and active")
    listed = page.locator("#view table").first.locator("tbody tr td:first-child")
    expect(listed).to_have_text(
        [str(unit) for unit in rows.sort_values("mean", ascending=False, kind="stable")["unit"]]
    )
    assert len(rows) > 0


def test_a_factor_of_3_gives_the_sizes_of_the_definition(page, world):
    _, runs, address = world
    show(page, address, "layer=2")
    page.locator("#controls").get_by_label("Factor").fill("3")
    table = page.locator("#view table").last
    expect(page.locator("#definition")).to_contain_text("3 · LOO")
    for column, run in enumerate(runs.values(), 1):
        means = means_of(run, 2).to_numpy()
        loo = leave_one_out(means)
        counts = dict(
            zip(means_of(run, 2).index, active_units(means, loo, 3).sum(1).tolist(), strict=True)
        )
        expected = [str(counts.get(k, "–")) for k in range(10)]
        swept = sweep(means, loo, [3]).set_index("measure")["value"]
        expect(table.locator(f"tbody td:nth-child({column + 1})")).to_have_text(
            [*expected, f"{100 * swept['size']:.1f}%"]
        )


def test_a_click_on_a_unit_leads_to_its_means_and_images(page, world):
    _, runs, address = world
    show(page, address, "model=ff&layer=1&category=3")
    page.locator(".grid").first.click(position={"x": 4 + 280 / 7 * 2.5, "y": 4 + 280 / 7 * 1.5})
    unit = 9  # third of the second row of seven
    expect(page.locator("h2").first).to_contain_text(f"Unit {unit} of FF, layer 1")
    means = means_of(runs["ff"], 1)
    shown = page.evaluate(f"categories.map((_, k) => ensembles('ff', 1, 2).mean(k, {unit}))")
    for k, value in enumerate(shown):
        assert value == means.loc[k, unit] if k in means.index else value is None or np.isnan(value)
    x = stored.read(runs["ff"].representations, 1, correct_only=False)
    best = np.argsort(-x.activations[:, unit], kind="stable")[:12]
    best = [i for i in best if x.activations[i, unit] > 0]
    labels = page.locator(".image").evaluate_all("all => all.map(e => e.ariaLabel)")
    assert labels == [f"Image {i}: {x.labels[i]}" for i in best]


@pytest.mark.parametrize("model", ["ff", "bp"])
def test_the_scores_of_an_image_are_the_librarys(page, world, model):
    dataset, runs, address = world
    run = runs[model]
    trained = prepare(run.experiment, 0, run.model, dataset, "test", "cpu")
    _, scores = score_labels(trained, trained.images[17:18])
    show(page, address, f"model={model}&image=17")
    expect(page.locator("h2").first).to_contain_text("Image 17")
    place = page.evaluate("block('index').values.indexOf(17)")
    shown = page.evaluate(f"decision('{model}', {place}).map(row => row.scores)")
    step = page.evaluate(f"block('{model}/scores').step")
    assert step < 0.001
    np.testing.assert_allclose(shown, scores[:, 0], atol=step / 2 + 1e-5)
    column = (
        page.locator(".scroll th")
        .all_text_contents()
        .index({"ff": "FF, layer 1: goodness", "bp": "BP, head: output"}[model])
    )
    cells = page.locator(f".scroll td:nth-child({column + 1})").all_text_contents()
    read = [float(cell.replace("−", "-")) for cell in cells]
    np.testing.assert_allclose(read, scores[0, 0], rtol=0.01, atol=step)


def test_the_filter_shows_what_is_taken_for_what(page, world):
    _, runs, address = world
    x = stored.read(runs["ff"].representations, 1, correct_only=False)
    said = read_frame(runs["ff"].representations, ["label", "prediction"])
    wrong = said[said["label"] != said["prediction"]]
    truth, taken = wrong.value_counts().index[0]
    show(page, address, "view=image&model=ff")
    page.get_by_label("that are").select_option(str(truth))
    page.get_by_label("and are taken for").select_option(str(taken))
    expected = wrong.query("label == @truth and prediction == @taken").index
    shown = page.locator(".images .image")
    expect(shown).to_have_count(min(40, len(expected)))
    shown.first.click()
    expect(page.locator("h2").first).to_have_text(f"Image {expected[0]}: {truth}")
    expect(page.locator(".decision")).to_contain_text(f"FF says {taken}, which is wrong")
    assert x.index[expected[0]] == expected[0]


def test_only_what_a_choice_changes_is_drawn_anew(page, world):
    """Of an image and the list that it is chosen from, the other one stays."""
    show(page, world[2], "view=image&which=all")
    choices, image = page.locator(".strip"), page.locator(".decision")
    for part in (choices, image):
        part.evaluate("element => element.dataset.first = true")
    choices.locator(".image").nth(3).click()
    expect(image).not_to_have_attribute("data-first", "true")
    expect(choices).to_have_attribute("data-first", "true")
    expect(choices.locator("[aria-current=true]")).to_have_count(1)
    expect(choices.locator(".image").nth(3)).to_have_attribute("aria-current", "true")
    image.evaluate("element => element.dataset.first = true")
    page.get_by_label("that are").select_option("2")
    expect(choices).not_to_have_attribute("data-first", "true")
    expect(image).to_have_attribute("data-first", "true")


def test_the_unit_that_most_categories_share_is_named(page, world):
    show(page, world[2], "layer=2")
    sentences = page.locator("section").nth(1).locator(".model p")
    for place, run in enumerate(world[1].values()):
        counts = table_of(run, 2).query("active").groupby("unit").size()
        first, others = counts.idxmax(), (counts == counts.max()).sum() - 1
        said = sentences.nth(place)
        expect(said).to_contain_text(f"Unit {first} is shared by the most categories")
        expect(said).to_contain_text(f": {counts.max()} of 10 (")
        expect(said).to_contain_text(f"{others} other unit" if others else ").")


def test_it_says_when_an_ensemble_was_complete(page, world):
    show(page, world[2], "view=time&layer=2&category=3")
    sentences = page.locator("section").first.locator("p")
    for place, run in enumerate(world[1].values(), 1):
        dynamics = read_frame(run.dynamics).query("category == 3")
        if not len(dynamics):
            expect(sentences.nth(place)).to_contain_text("no image is classified correctly")
        for layer, rows in dynamics.groupby("layer"):
            unlike = np.flatnonzero(~(rows["to_end"] >= 0.9))
            if not len(unlike):
                expected = "from the beginning"
            elif unlike[-1] == len(rows) - 1:
                expected = "never"
            else:
                before, at = rows["epoch"].iloc[[unlike[-1], unlike[-1] + 1]]
                end = rows["epoch"].iat[-1]
                at = f"the end ({end})" if at == end else at
                expected = f"between epoch {before} and {at}"
            expect(sentences.nth(place)).to_contain_text(f"layer {layer} {expected}")


def test_a_wrong_decision_is_told_with_both_ensembles(page, world):
    _, runs, address = world
    x = stored.read(runs["ff"].representations, 1, correct_only=False)
    said = read_frame(runs["ff"].representations, ["label", "prediction"])
    image = np.flatnonzero(said["label"] != said["prediction"])[0]
    truth, taken = said.iloc[image]
    show(page, address, f"model=ff&image={image}")
    place = page.evaluate(f"block('index').values.indexOf({image})")
    goodness = np.array(page.evaluate(f"decision('ff', {place}).map(row => row.scores)"))
    sentence = page.locator(".decision p").first
    expect(sentence).to_contain_text(f"FF says {taken}, which is wrong")
    for layer, best in enumerate(goodness.argmax(1), 1):
        if best not in (truth, taken):
            expect(sentence).to_contain_text(f"layer {layer}")
            expect(sentence).to_contain_text(f"it is largest for {best}")
    caption = page.locator(".layers figcaption").first
    for category in (truth, taken):
        members = table_of(runs["ff"], 1).query("category == @category and active")["unit"]
        answering = (x.activations[image, members] > x.activations.max() / 15).sum()
        shown = caption.locator("div", has_text=f"{category}: ").text_content()
        lit, size = map(int, shown.removeprefix(f"{category}: ").split(" of "))
        assert size == len(members)
        assert answering <= lit <= (x.activations[image, members] > 0).sum()


def test_a_view_starts_at_its_top_and_back_leads_to_where_one_was(page, world):
    page.set_viewport_size({"width": 400, "height": 600})
    show(page, world[2], "layer=2&category=5")
    clicked = page.locator("#view table a").first
    clicked.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 600
    clicked.click()
    heading = page.locator("h2", has_text="Unit")
    expect(heading).to_be_in_viewport()
    expect(page.locator("[role=tab]").first).to_be_in_viewport()
    page.go_back()
    page.wait_for_function(f"Math.abs(scrollY - {before}) <= 1")
    expect(clicked).to_be_in_viewport()


def test_the_ensemble_in_time(page, world):
    _, runs, address = world
    rows = read_frame(runs["bp"].dynamics).query("layer == 2 and category == 3")
    show(page, address, "view=time&model=bp&layer=2&category=3")
    cells = page.locator("#view table tbody tr").filter(has=page.locator("td", has_text="BP")).last
    expect(cells).to_contain_text(str(rows["epoch"].iat[-1]))
    sizes = page.evaluate("course(models.get('bp')).map(row => row.size)")
    assert sizes == rows["size"].tolist()


STATES = [
    "model=bpff&layer=2&category=5&factor=1.6&other=8",
    "view=unit&layer=2&unit=17&sort=selectivity",
    "view=image&image=12&which=all&page=1",
    "view=time&layer=3&epoch=4&category=1",
]


@pytest.mark.parametrize("state", STATES)
def test_the_address_restores_the_state(page, world, state):
    show(page, world[2], state)
    assert page.evaluate("toAddress(state).slice(1).split('&').sort()") == sorted(state.split("&"))
    words = page.locator("#view").locator("h2, p, td, figcaption")
    shown = words.all_text_contents()
    page.locator("[role=tab]").nth(3 if "time" not in state else 0).click()
    expect(words.first).not_to_have_text(shown[0])
    page.go_back()
    expect(words).to_have_text(shown)
    page.reload()
    expect(words).to_have_text(shown)


def test_an_address_of_nonsense_shows_the_beginning(page, world):
    show(page, world[2], "view=moon&layer=99&category=-3&factor=x&unit=4e9&model=gpt&other=a")
    expect(page.locator("h2").first).to_have_text("The ensemble of 0, layer 1")
    assert page.evaluate("toAddress(state)") == "#"


def test_all_is_done_with_the_keyboard(page, world):
    show(page, world[2])
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator("h2").first).to_contain_text("Unit")
    page.keyboard.press("ArrowLeft")
    grid = page.locator(".grid").first
    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(grid.locator(".said")).to_contain_text("Unit 8:")
    page.keyboard.press("Enter")
    expect(page.locator("h2").first).to_have_text("Unit 8 of FF, layer 1")


def test_tables_and_pictures_are_saved(page, world, tmp_path):
    show(page, world[2], "layer=2&category=5")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the table").click()
    assert download.value.suggested_filename == "digits-ensembles-ff-layer2-5.csv"
    download.value.save_as(tmp_path / "table.csv")
    rows = list(csv.DictReader((tmp_path / "table.csv").open(encoding="utf-8")))
    expected = table_of(world[1]["ff"], 2).query("category == 5 and active")
    assert {int(row["Unit"]): float(row["x̄"]) for row in rows} == dict(
        zip(expected["unit"], expected["mean"], strict=True)
    )
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the picture").click()
    download.value.save_as(tmp_path / "picture.svg")
    root = ET.parse(tmp_path / "picture.svg").getroot()
    drawn = [part.tag.removeprefix("{http://www.w3.org/2000/svg}") for part in root]
    assert drawn.count("image") == 6  # maps and matrices of three models
    assert drawn.count("svg") == 9  # what lies over them, and graphs
    assert "The ensemble of 5, layer 2" in [part.text for part in root]


@pytest.mark.parametrize("state", STATES)
def test_it_fits_a_telephone(page, world, state):
    page.set_viewport_size({"width": 400, "height": 800})
    page.emulate_media(color_scheme="dark")
    show(page, world[2], state)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    unnamed = page.evaluate(
        """[...document.querySelectorAll("button, select, input, a, [tabindex='0'], img")].filter(
            e => !(e.ariaLabel || e.textContent.trim() || e.labels?.length || e.alt)).length"""
    )
    assert unnamed == 0


@pytest.fixture(scope="module")
def odd_world(tmp_path_factory):
    """Return the page of one model on many categories of colour images, some never right."""
    K, rng = 150, np.random.default_rng(0)
    labels = np.arange(600) % K
    hues = rng.integers(0, 255, (K, 3, 6, 26))
    images = (hues[labels] * 0.7 + rng.integers(0, 75, (600, 3, 6, 26))).astype(np.uint8)
    arrays = {
        **{"train_images": images[:450], "train_labels": labels[:450]},
        **{"test_images": images[450:], "test_labels": labels[450:]},
    }
    arrays["test_labels"] = np.where(arrays["test_labels"] == 7, 8, arrays["test_labels"])
    dataset = make_dataset("flags", arrays, K)
    names = [f"<i>{k}" for k in range(K)]
    name_datasets({"flags": {"name": "</script>Flags & <b>co</b>", "categories": names}})
    folder = tmp_path_factory.mktemp("odd")
    run = explored_run(
        folder, "bp", dataset, followed=False, dataset="flags", study="own", layers=2, epochs=4
    )
    return write_page(folder / "flags.html", dataset, "flags", [run]).as_uri(), run


@pytest.mark.parametrize("view", ["ensembles", "unit", "image", "time"])
def test_many_categories_colours_and_one_model(page, odd_world, view):
    address, run = odd_world
    assert set(range(150)) - set(read_frame(run.ensembles)["category"])  # some are never right
    for category in (7, *sorted(set(read_frame(run.ensembles)["category"]))[:1]):
        show(page, address, f"view={view}&category={category}")
        assert page.title() == "Explorer: </script>Flags & <b>co</b>"
        words = page.locator("#view").text_content()
        assert ("There is no test image of <i>7." in words) == (
            category == 7 and view in ("ensembles", "unit")
        )
        assert ("No snapshots were kept" in words) == (view == "time")
