from collections import defaultdict
from contextlib import contextmanager
from functools import cache
from itertools import pairwise, permutations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import EllipseCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.text import Text

from ffensembles.paper.figures import drawing
from ffensembles.paper.figures.activation_maps import (
    activation_map,
    average_neighbours,
    end_of_scale,
)
from ffensembles.paper.figures.activation_patterns import Example, activation_patterns
from ffensembles.paper.figures.balance import BIN, bin_edges, positive_fractions
from ffensembles.paper.figures.catalogue import FIGURES, forms_of
from ffensembles.paper.figures.layer_similarity import similarity_matrices
from ffensembles.paper.figures.mean_activations import unseen_means
from ffensembles.paper.figures.overlaps import jaccard_matrices, unseen_overlaps
from ffensembles.paper.figures.parts import run_shown, style, unit_grids
from ffensembles.paper.figures.shared_units import examples_sharing, shared_units
from ffensembles.paper.figures.sparsity import NO_VALUE, category_sparsity
from ffensembles.paper.figures.training_curves import training_curves
from ffensembles.paper.figures.unseen import unseen_category
from ffensembles.printing.names import CATEGORIES, DATASETS
from ffensembles.representations import stored
from helpers.figure_artefacts import Study
from helpers.scripts import run_script

NAMES = CATEGORIES["fashionmnist"]
READERS = {a.name: a.reader for figure in FIGURES for a in figure.files if a.reader}

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),  # a job's log, to its end
]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return Study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def ensembles(study):
    return pd.read_parquet(study.path("ff", "main", "ensembles"))


@pytest.fixture(scope="module")
def first_layer(ensembles):
    return run_shown.select(ensembles, seed=0, layer=1)


@pytest.fixture(scope="module")
def x(study):
    return stored.read(study.path("ff", "main", 0), 1)


@contextmanager
def watched():
    """Yield what is saved as PNG meanwhile: the last figure, and each of its texts with its box."""
    seen = SimpleNamespace(figure=None, boxes={})
    savefig, draw = Figure.savefig, Text.draw

    def save(figure, *args, **kwargs):
        seen.figure = figure
        seen.boxes.clear()
        savefig(figure, *args, **kwargs)

    def draw_text(text, renderer, *args, **kwargs):
        draw(text, renderer, *args, **kwargs)
        if isinstance(renderer, RendererAgg) and text.get_text() and text.get_visible():
            seen.boxes[text] = text.get_window_extent(renderer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", save)
        patch.setattr(Text, "draw", draw_text)
        yield seen


def members(frame, category):
    """Return the ensemble of a category as a set, straight from the rows."""
    return set(frame[(frame["category"] == category) & frame["active"]]["unit"])


def values(axes):
    """Return the matrix of a heat map, masked where it is grey, and its colour scale."""
    (mesh,) = axes.findobj(QuadMesh)
    return mesh.get_array(), mesh.get_clim()


def numbers(axes):
    """Return what stands in the cells of a heat map (10, 10), by where it stands."""
    found = np.full((10, 10), "", object)
    for text in axes.texts:
        column, row = np.array(text.get_position()) - 0.5
        found[int(row), int(column)] += text.get_text()
    return found


def texts(figure):
    return [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def titles(figure):
    return [axes.get_title() for axes in figure.findobj(match=lambda a: hasattr(a, "get_title"))]


def red_lines(axes):
    return [line for line in axes.lines if to_hex(line.get_color()) == style.HIGHLIGHT]


# The script


def jobs(study):
    """Return input and settings of every function of the catalogue, and of the training curves."""
    ensembles, sparsity, balance, log = (
        [study.path(model, "main", kind) for model in ("ff", "bpff", "bp")]
        for kind in ("ensembles", "sparsity", "balance", "log")
    )
    without = [study.path("ff", f"without-{k}", "ensembles") for k in study.held_out]
    run = {"representations": [study.path("ff", "main", 0)]}
    shown = {"ensembles": ensembles[:1], "dataset": [study.folder / "dataset.npz"]}
    first = {"seed": 0, "layer": 1}
    last = study.held_out[-1]
    many = {"held_out": list(study.held_out)}
    layers = [study.folder / f"layers-{name}.parquet" for name in ("mnist", study.dataset)]
    return {
        "activation_patterns.of_run": (
            run | shown,
            first | {"examples": [0, 2, study.categories - 1]},
        ),
        "sparsity.category_sparsity": ({"sparsity": sparsity}, {}),
        "shared_units.of_run": (run | shown, first | {"examples": [2, study.categories // 2 - 1]}),
        "unseen.of_run": (
            {"representations": [study.path("ff", f"without-{last}", 0)], "ensembles": without[1:]},
            first | {"held_out": last},
        ),
        "balance.positive_fractions": ({"balance": balance}, {"seed": 0, "layer": 2}),
        "activation_maps.of_run": (run | {"sparsity": sparsity[:1]}, {"seed": 0, "layer": 2}),
        "mean_activations.unseen_means": ({"ensembles": without}, first | many),
        "overlaps.unseen_overlaps": ({"ensembles": without}, first | many),
        "overlaps.jaccard_matrices": (
            {"ensembles": [study.path("bp", "l1-regularised", "ensembles"), ensembles[0]]},
            first,
        ),
        "layer_similarity.similarity_matrices": ({"layer_similarity": layers}, {}),
        "training_curves.of_logs": (
            {"logs": log},
            {"models": ["ff", "bpff", "bp"], "dataset": study.dataset},
        ),
    }


def plot(draw, study, folder):
    """Run the script as Snakemake does, and return the files it wrote."""
    files, settings = jobs(study)[draw]
    output = {form: folder / f"{draw}.{form}" for form in forms_of(draw)}
    params = {"draw": draw, "readers": READERS, "settings": settings}
    run_script("plot.py", folder / "log", input=files, output=output, params=params)
    return output


@pytest.fixture(scope="module")
def plotted(study, tmp_path_factory):
    """Return a function that gives a figure of the study, which is drawn once, and its files."""
    folder = tmp_path_factory.mktemp("plotted")

    @cache
    def plotted(draw):
        with watched() as seen:
            files = plot(draw, study, folder)
        return seen, files

    return plotted


@style.styled
def drawn(draw, study):
    """Draw a figure of another study, as saving it would, and return what `watched` saw."""
    with watched() as seen:
        files, settings = jobs(study)[draw]
        seen.figure = drawing.draw(draw, files, READERS, settings)
        style.lay_out(seen.figure)
        seen.figure.draw_without_rendering()
    return seen


DRAWN = sorted({figure.draw for figure in FIGURES} | {"training_curves.of_logs"})
# Those that categories and images enter, which are few or many, right or wrong.
OF_IMAGES = [
    draw
    for draw in DRAWN
    if draw.split(".")[0] not in ("balance", "layer_similarity", "training_curves")
]


@pytest.mark.parametrize("draw", DRAWN)
def test_every_figure_is_legible(draw, plotted):
    seen, files = plotted(draw)
    assert files["pdf"].read_bytes().startswith(b"%PDF")
    height, width = imread(files["png"]).shape[:2]
    assert width <= 220 * (style.WIDTH + 0.1)
    assert height <= 220 * 9
    assert_nothing_overlaps(seen)


def assert_nothing_overlaps(seen):
    assert min(text.get_fontsize() for text in seen.boxes) >= 7
    words = [text.get_text() for text in seen.boxes]
    x0, y0, x1, y1 = np.array([box.extents for box in seen.boxes.values()]).T
    width = np.minimum.outer(x1, x1) - np.maximum.outer(x0, x0)
    height = np.minimum.outer(y1, y1) - np.maximum.outer(y0, y0)
    overlapping = np.argwhere(np.triu(np.minimum(width, height) >= 1, 1))
    assert [(words[one], words[other]) for one, other in overlapping] == []


def test_a_colour_and_a_marker_mean_the_same_in_every_figure(plotted):
    meant = defaultdict(set)
    for draw in DRAWN:
        figure = plotted(draw)[0].figure
        for legend in figure.findobj(Legend):
            for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
                lines = isinstance(handle, Line2D)
                colour = to_hex(handle.get_color() if lines else handle.get_facecolor())
                meant[text.get_text()].add(colour)
                if lines and handle.get_marker() not in ("None", "_"):
                    same = [
                        line
                        for line in figure.findobj(Line2D)
                        if line.get_marker() == handle.get_marker() and line is not handle
                    ]
                    assert {to_hex(line.get_color()) for line in same} == {colour}, (draw, text)
    assert {"FF", "BP/FF", "BP", "layer 1", "layer 2"} <= set(meant)
    assert {name: colours for name, colours in meant.items() if len(colours) > 1} == {}


@pytest.mark.parametrize("names", [["ring", "cross", "square"], list(map(str, range(47)))], ids=len)
def test_figures_are_legible_with_few_and_with_many_categories(names, tmp_path, monkeypatch):
    monkeypatch.setitem(DATASETS, "own", "Own")
    monkeypatch.setitem(CATEGORIES, "own", names)
    study = Study(tmp_path / "study", dataset="own", categories=len(names), held_out=(0, 2))
    for draw in OF_IMAGES:
        assert_nothing_overlaps(drawn(draw, study))


@pytest.mark.parametrize(
    "draw", ["shared_units.of_run", "training_curves.of_logs", "sparsity.category_sparsity"]
)
def test_the_same_artefacts_give_the_same_bytes(draw, study, plotted, tmp_path):
    _, once = plotted(draw)
    for form, again in plot(draw, study, tmp_path).items():
        assert once[form].read_bytes() == again.read_bytes()


def test_networks_that_hardly_learned_are_drawn_too(tmp_path):
    """Silent layers, one run, few categories with correctly classified images."""
    study = Study(tmp_path / "study", seeds=1, known=(4, 7), silent_layers=(1, 3))
    for draw in OF_IMAGES:
        files, settings = jobs(study)[draw]
        drawing.draw(draw, files, READERS, settings).draw_without_rendering()


def test_where_nothing_was_classified_correctly_figures_say_so(tmp_path):
    study = Study(tmp_path / "study", seeds=1, known=())
    for draw in OF_IMAGES:
        seen = drawn(draw, study)
        words = [text.get_text() for text in seen.boxes]
        of_unseen = "unseen" in draw  # all images of a category that was held out count
        said = run_shown.NONE_CORRECT in " ".join(words) or {NO_VALUE, style.NO_IMAGES} & set(words)
        assert bool(said) != of_unseen, draw
        assert_nothing_overlaps(seen)


# Rows and names


def test_title_names_the_study_unless_it_is_the_main_one(ensembles):
    assert run_shown.title(ensembles) == "FF on FASHIONMNIST"
    assert (
        run_shown.title(ensembles.assign(model="bpff", study="l1")) == "BP/FF on FASHIONMNIST, l1"
    )


def test_a_category_without_images_has_no_ensemble(first_layer):
    seen = first_layer[first_layer["category"] != 4]
    active, mean = run_shown.by_category(seen, "active"), run_shown.by_category(seen, "mean")
    assert active.dtype == bool
    assert not active[4].any()
    assert np.isnan(mean[4]).all()
    assert set(np.flatnonzero(active[7])) == members(first_layer, 7)


def test_examples_without_images_are_replaced(caplog):
    labels = np.array([7, 2, 5, 2, 7])
    x = stored.Representation(np.zeros((5, 3), np.float32), labels, np.arange(5))
    assert run_shown.choose_examples(x, [7, 5]) == [7, 5]
    assert not caplog.records
    assert run_shown.choose_examples(x, [5, 0]) == [5, 2]
    assert "categories [0]" in caplog.text
    assert run_shown.choose_examples(x, [5, 0, 1, 9]) == [5, 2, 7]


# Style


def test_the_colour_scale_is_perceptually_uniform():
    rgb = style.BLUES(np.linspace(0, 1, 33))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = 116 * np.cbrt(luminance) - 16
    np.testing.assert_allclose(lightness, np.linspace(100, 20, 33), atol=1.5)


def test_a_figure_leaves_the_callers_style_alone(ensembles):
    import matplotlib

    with matplotlib.rc_context({"font.size": 31, "axes.labelsize": 31}):
        figure = jaccard_matrices(ensembles, seed=0, layer=1)
        assert matplotlib.rcParams["font.size"] == 31
    assert max(text.get_fontsize() for text in texts(figure)) < 11


# Figures 6-9 and 1


def test_activation_map_groups_correct_images_by_category(study, x):
    figure = activation_map(x, NAMES, title="FF on FASHIONMNIST, layer 1", sparsity=0.8449)
    axes = figure.axes[0]
    image = np.asarray(axes.images[0].get_array())
    by_hand = np.vstack([x.activations[x.labels == category] for category in range(10)])
    np.testing.assert_array_equal(image, by_hand)
    assert len(image) < len(study.labels)
    assert axes.get_title() == "FF on FASHIONMNIST, layer 1: S = 0.84"
    assert [tick.get_text() for tick in axes.get_yticklabels()] == NAMES
    assert axes.get_yticks()[0] == (x.labels == 0).sum() / 2
    assert figure.axes[1].get_ylabel() == "Activation"


def test_neighbours_of_a_category_are_averaged_when_rows_are_few():
    x = stored.Representation(
        np.array([[1, 0], [9, 9], [3, 2], [5, 4]], np.float32), np.array([0, 7, 0, 0]), np.arange(4)
    )
    activations, labels = average_neighbours(x, rows=2)
    assert labels.tolist() == [0, 0, 7]
    assert activations.tolist() == [[2, 1], [5, 4], [9, 9]]
    assert activations.dtype == np.float32


def test_the_colours_of_a_map_end_where_strong_units_are_and_not_in_the_noise_of_many():
    assert end_of_scale(np.array([[0, 0], [1, 3]], np.float32)) == 5
    assert end_of_scale(np.zeros((2, 2), np.float32)) == 1
    three_of_a_thousand = np.repeat([[20.0], [0.2]], [3, 997], axis=0).T
    assert 8 < end_of_scale(three_of_a_thousand) < 20


def test_activation_patterns_shows_examples_means_and_map(first_layer, x):
    image = np.full((1, 12, 12), 9, np.uint8)
    examples = [Example(k, image, [np.arange(5.0) + k] * 3) for k in (3, 8)]
    figure = activation_patterns(examples, first_layer, x, layer=1)
    shown = titles(figure)
    for category, name in enumerate(NAMES):
        assert f"{name} ({len(members(first_layer, category))} active)" in shown
    assert {"Input", "Layer 1", "Layer 2", "Layer 3"} <= set(shown)
    assert {"A", "B", "C"} <= {text.get_text() for text in texts(figure)}
    darkest = {image.get_clim() for axes in figure.axes for image in axes.images}
    assert (0, 12) in darkest  # one scale for both examples


def test_mean_activations_are_blue_where_active(first_layer):
    figure = unseen_means(first_layer, held_out=[5], seed=0, layer=1)
    grey, blue = figure.axes[0].lines
    assert to_hex(blue.get_color()) == style.ACTIVE
    assert set(blue.get_xdata()) == members(first_layer, 5)
    assert len(grey.get_xdata()) + len(blue.get_xdata()) == 64
    rows = first_layer[first_layer["category"] == 5].set_index("unit")["mean"]
    np.testing.assert_array_equal(blue.get_ydata(), rows[blue.get_xdata()])
    assert figure.axes[0].get_ylim()[1] >= rows.max()


# Figures 3, 4, 11, 12 and 14


def test_jaccard_of_every_pair_on_one_scale(study, ensembles):
    other = pd.read_parquet(study.path("bp", "l1-regularised", "ensembles"))
    figure = jaccard_matrices(pd.concat([other, ensembles]), seed=1, layer=2)
    assert [axes.get_title() for axes in figure.axes[:2]] == [
        "BP on FASHIONMNIST, l1-regularised",
        "FF on FASHIONMNIST",
    ]
    largest = 0.0
    for axes, frame in zip(figure.axes, [other, ensembles], strict=False):
        run = frame[(frame["seed"] == 1) & (frame["layer"] == 2)]
        matrix, _ = values(axes)
        for i, j in permutations(range(10), 2):
            a, b = members(run, i), members(run, j)
            assert matrix[i, j] == pytest.approx(len(a & b) / len(a | b))
            largest = max(largest, len(a & b) / len(a | b))
        assert matrix.mask.diagonal().all()
    scales = [values(axes)[1] for axes in figure.axes[:2]]
    assert scales == [(0, pytest.approx(largest))] * 2


def test_unseen_overlaps_count_shared_units_between_red_lines(study):
    frame = pd.read_parquet(study.path("ff", "without-2", "ensembles"))
    figure = unseen_overlaps(frame, held_out=[2], seed=0, layer=1)
    axes = figure.axes[0]
    run = frame[(frame["seed"] == 0) & (frame["layer"] == 1)]
    matrix, _ = values(axes)
    expected = [[len(members(run, i) & members(run, j)) for j in range(10)] for i in range(10)]
    np.testing.assert_array_equal(matrix[~matrix.mask], np.array(expected)[~matrix.mask])
    np.testing.assert_array_equal(matrix.mask, np.eye(10, dtype=bool))
    assert numbers(axes).tolist() == [[str(count) for count in row] for row in expected]
    assert axes.get_title() == "Unseen: Pullover"
    at = {tuple(line.get_ydata()) for line in red_lines(axes)}
    assert {(2, 2), (3, 3)} <= at


def test_the_unseen_category_lies_between_red_lines(study):
    x = stored.read(study.path("ff", "without-5", 0), 1, held_out=5)
    frame = pd.read_parquet(study.path("ff", "without-5", "ensembles"))
    figure = unseen_category(x, run_shown.select(frame, seed=0, layer=1), unseen=5)
    above, below = ((x.labels < k).sum() for k in (5, 6))
    assert below - above == (study.labels == 5).sum()  # all its images, right or wrong
    lines = sorted(line.get_ydata()[0] for line in red_lines(figure.axes[0]))
    assert lines == [above, below]


def test_shared_active_units_are_circled(first_layer, x):
    examples = [2, 4]
    shared = members(first_layer, 2) & members(first_layer, 4)
    if not shared:  # make one
        first_layer = first_layer.copy()
        first_layer.loc[(first_layer["unit"] == 13), "active"] = True
        shared = members(first_layer, 2) & members(first_layer, 4)
    images = [np.zeros((1, 12, 12), np.uint8)] * 2
    figure = shared_units(images, list(x.activations[:2]), examples, first_layer, layer=1)
    circles = figure.findobj(EllipseCollection)
    assert len(circles) == 2
    for circle in circles:
        columns, rows = circle.get_offsets().T
        assert set(rows * 8 + columns) == shared
    assert f"Layer 1, shared units: {len(shared)}" in titles(figure)


def test_one_example_shares_no_units(first_layer, x):
    image = np.zeros((1, 12, 12), np.uint8)
    figure = shared_units([image], [x.activations[0]], [2], first_layer, layer=1)
    assert "Layer 1, shared units: –" in titles(figure)
    assert [len(circle.get_offsets()) for circle in figure.findobj(EllipseCollection)] == [0]


def test_examples_activate_most_of_the_shared_units():
    active = np.array([[True, True, False, True], [True, True, True, False]])
    activations = np.array([[9, 0, 0, 9], [1, 1, 0, 0], [2, 2, 0, 0], [0, 3, 9, 0]], np.float32)
    x = stored.Representation(activations, np.array([0, 0, 0, 1]), np.arange(4))
    assert examples_sharing(x, active, [0, 1]) == [1, 3]
    assert examples_sharing(x, np.zeros_like(active), [0, 1]) == [0, 3]


def test_units_keep_their_order_in_the_matrix():
    grid = unit_grids.as_grid(np.arange(6.0))
    assert grid.shape == (3, 3)
    np.testing.assert_array_equal(grid.ravel()[:6], range(6))
    assert np.isnan(grid.ravel()[6:]).all()


@pytest.mark.parametrize("draw", ["activation_patterns.of_run", "shared_units.of_run"])
def test_inputs_are_shown_with_the_label_that_the_network_sees(draw, study, plotted):
    """Zero after standardisation, which FashionMNIST has at 0.1307 of white, is the black."""
    figure = plotted(draw)[0].figure
    inputs = [
        np.asarray(image.get_array())
        for axes in figure.findobj(Axes)
        for image in axes.images
        if image.get_cmap().name == "gray"
    ]
    categories = jobs(study)[draw][1]["examples"]
    assert len(inputs) == len(categories)
    for image, category in zip(inputs, categories, strict=True):
        expected = np.full(10, 33)
        expected[category] = 255
        np.testing.assert_array_equal(image[0, :10], expected)


ABSENT = 4


@pytest.fixture
def without_images(first_layer):
    """Return the ensembles of a run that classifies no image of a category correctly."""
    return first_layer[first_layer["category"] != ABSENT]


def studies(*ensembles):
    """Put ensembles below each other as those of so many studies."""
    return pd.concat(frame.assign(study=f"study-{k}") for k, frame in enumerate(ensembles))


@pytest.fixture
def silent(first_layer):
    """Return those of a run in which the images of a category activate no unit."""
    mute = first_layer["category"] == ABSENT
    return first_layer.assign(active=first_layer["active"] & ~mute)


def matrices(frame, x):
    """Return, by figure, the panels of matrices of one run."""
    images, dark = [np.zeros((1, 12, 12), np.uint8)] * 2, list(x.activations[:2])
    return {
        "3B": shared_units(images, dark, [2, 5], frame, layer=1).axes[-2],
        "4C": unseen_category(x, frame, unseen=5).axes[-2],
        "11": unseen_overlaps(frame, held_out=[5], seed=0, layer=1).axes[0],
        "12 and 14": jaccard_matrices(frame, seed=0, layer=1).axes[0],
    }


def test_a_category_without_images_shares_nothing_that_was_measured(without_images, silent, x):
    for name, axes in matrices(without_images, x).items():
        grey = values(axes)[0].mask & ~np.eye(10, dtype=bool)
        assert grey[ABSENT].sum() == grey[:, ABSENT].sum() == 9 and grey.sum() == 18, name
        dashes = numbers(axes) == "–"
        assert dashes[ABSENT].all() and dashes[:, ABSENT].all() and dashes.sum() == 19, name
    for name, axes in matrices(silent, x).items():
        assert (np.delete(numbers(axes)[ABSENT], ABSENT) == "0").all(), name


def test_dashes_are_drawn_where_numbers_do_not_fit(without_images):
    figure = jaccard_matrices(studies(*[without_images] * 5), seed=0, layer=1)
    for axes in figure.axes[:5]:
        assert set(numbers(axes).flat) == {"–", ""}
        assert (numbers(axes)[ABSENT] == "–").all()


def test_a_category_without_images_has_no_mean_and_no_count(without_images, first_layer, x):
    example = Example(3, np.full((1, 12, 12), 9, np.uint8), [np.arange(5.0)] * 3)
    figure = activation_patterns([example], without_images, x, layer=1)
    (axes,) = (axes for axes in figure.axes if axes.get_title() == "Coat (– active)")
    assert [text.get_text() for text in axes.texts] == [style.NO_IMAGES]

    figure = unseen_means(
        studies(without_images, first_layer), held_out=[ABSENT] * 2, seed=0, layer=1
    )
    none, some = figure.axes
    assert none.get_title() == "Coat (unseen): – of 64 units active"
    assert [text.get_text() for text in none.texts] == [style.NO_IMAGES]
    assert not some.texts

    axes = unseen_category(x, without_images, unseen=ABSENT).axes[2]
    assert axes.get_title() == "Coat (unseen): – of 64 units active"
    assert [text.get_text() for text in axes.texts] == [style.NO_IMAGES]


def test_an_activation_map_names_categories_without_images(x):
    def label(x):
        return activation_map(x, NAMES, title="", sparsity=0).axes[0].get_xlabel()

    keep = (x.labels != 0) & (x.labels != ABSENT)
    rest = stored.Representation(x.activations[keep], x.labels[keep], x.index[keep])
    assert label(x) == "Unit"
    assert label(rest) == f"Unit ({style.NO_IMAGES}: T-shirt/top, Coat)"


# Figures 2, 5 and 13, and the training curves


def test_sparsity_is_the_mean_over_runs_of_each_category(study):
    frame = pd.concat(
        pd.read_parquet(study.path(model, "main", "sparsity")) for model in ("ff", "bpff", "bp")
    )
    figure = category_sparsity(frame)
    assert len(figure.axes) == 3
    marker = style.MODEL_MARKERS["bpff"]
    (points,) = (line for line in figure.axes[2].lines if line.get_marker() == marker)
    rows = frame[(frame["model"] == "bpff") & (frame["layer"] == 3) & frame["category"].notna()]
    by_hand = [rows[rows["category"] == k]["sparsity"].mean() for k in range(10)]
    np.testing.assert_allclose(points.get_ydata(), by_hand)
    bars = [line.get_ydata() for line in figure.axes[2].lines if len(line.get_xdata()) == 2]
    for category, mean in enumerate(by_hand):
        std = rows[rows["category"] == category]["sparsity"].std()
        assert any(np.allclose(bar, [mean - std, mean + std]) for bar in bars)
    assert [text.get_text() for text in figure.legends[0].get_texts()][1:] == ["FF", "BP/FF", "BP"]


def test_a_category_without_a_value_has_a_dash(study):
    def dashes(figure):
        lines = [[line for line in axes.lines if line.get_marker() == "_"] for axes in figure.axes]
        return [[line.get_xdata().tolist() for line in panel] for panel in lines]

    frame = pd.read_parquet(study.path("ff", "main", "sparsity"))
    assert dashes(category_sparsity(frame)) == [[], [], []]
    figure = category_sparsity(frame[~frame["category"].isin([0, 4]) | (frame["layer"] != 2)])
    assert dashes(figure) == [[], [[0, 4]], []]
    assert figure.legends[0].get_texts()[-1].get_text() == NO_VALUE


def test_balance_shows_every_unit_of_one_run(study):
    frame = pd.concat(
        pd.read_parquet(study.path(model, "main", "balance")) for model in ("ff", "bpff", "bp")
    )
    axes = positive_fractions(frame, seed=1, layer=2).axes[0]
    shapes = {shape.get_label(): shape for shape in axes.findobj(PolyCollection)}
    assert list(shapes) == ["FF", "BP/FF", "BP"]
    for name, model in {"FF": "ff", "BP/FF": "bpff", "BP": "bp"}.items():
        wanted = (frame["model"] == model) & (frame["seed"] == 1) & (frame["layer"] == 2)
        positive = (frame[wanted]["positive_fraction"] * 64).round()
        outline = Path(shapes[name].get_paths()[0].vertices)
        edges = np.unique(outline.vertices[:, 0])
        middles = (edges[1:] + edges[:-1]) / 2
        counts = [((positive > 64 * a) & (positive < 64 * b)).sum() for a, b in pairwise(edges)]
        assert sum(counts) == 64
        percent_of_units = np.array(counts) / 64 * 100 / (np.diff(edges) / 0.01)
        for middle, height in zip(middles, percent_of_units, strict=True):
            assert outline.contains_point((middle, height - 0.01)) == (height > 0)
            assert not outline.contains_point((middle, height + 0.01))


@given(
    inputs=st.integers(2, 3072),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=20),
)
def test_edges_of_bins_lie_between_possible_values(inputs, shares):
    positive = np.rint(np.array(shares) * inputs)
    edges = bin_edges(positive / inputs, inputs)
    assert edges[0] < positive.min() / inputs and positive.max() / inputs < edges[-1]
    assert edges[-1] - edges[0] <= np.ptp(positive) / inputs + 2 * (edges[1] - edges[0])
    np.testing.assert_allclose(edges * inputs % 1, 0.5, atol=1e-6)
    np.testing.assert_allclose(np.diff(edges), edges[1] - edges[0])
    assert abs(edges[1] - edges[0] - BIN) <= max(0.5 / inputs, 1 / inputs - BIN) + 1e-9


def test_layer_similarity_is_the_mean_over_runs(study):
    frame = pd.concat(
        pd.read_parquet(study.folder / f"layers-{name}.parquet")
        for name in ("fashionmnist", "mnist")
    )
    figure = similarity_matrices(frame)
    assert [axes.get_title() for axes in figure.axes[:2]] == ["MNIST", "FASHIONMNIST"]
    matrix, _ = values(figure.axes[0])
    assert matrix[0, 2] == pytest.approx((0.2 + 0.2**1.1) / 2)
    assert matrix.diagonal().tolist() == [1, 1, 1]


def test_training_curves_are_the_mean_over_runs(study):
    logs = {m: pd.read_parquet(study.path(m, "main", "log")) for m in ("ff", "bp")}
    figure = training_curves(logs, dataset="fashionmnist")
    loss, _, goodness, none = figure.axes
    layer2 = logs["ff"][logs["ff"]["layer"] == 2].groupby("epoch").mean()
    np.testing.assert_allclose(loss.lines[1].get_ydata(), layer2["loss"])
    np.testing.assert_allclose(goodness.lines[4].get_ydata(), layer2["negative_goodness"])
    assert {to_hex(axes.lines[-2].get_color()) for axes in (loss, goodness)} == {
        style.LAYER_COLOURS[2]
    }
    assert [line.get_linestyle() for line in goodness.lines] == ["-"] * 3 + ["--"] * 3
    all_runs = logs["ff"][logs["ff"]["layer"] == 2].groupby("epoch")["loss"]
    band = loss.collections[1].get_paths()[0].vertices
    first = band[band[:, 0] == 1, 1]
    assert (first.min(), first.max()) == pytest.approx((all_runs.min()[1], all_runs.max()[1]))
    assert len(goodness.lines) == 6
    assert not none.lines


@pytest.mark.parametrize(
    ("draw", "column", "source"),
    [
        ("sparsity.category_sparsity", "y", "sparsity"),
        ("mean_activations.unseen_means", "y", "mean"),
        ("overlaps.unseen_overlaps", "value", "shared"),
    ],
)
def test_the_numbers_beside_a_figure_are_those_drawn(plotted, study, draw, column, source):
    _, files = plotted(draw)
    table = pd.read_csv(files["csv"])
    if source == "sparsity":
        frame = pd.read_parquet(study.path("ff", "main", "sparsity")).dropna(subset="category")
        means = frame.groupby(["layer", "category"])["sparsity"].mean().dropna()
        shown = table[table["series"] == "FF"]
    elif source == "mean":
        k = study.held_out[0]
        frame = pd.read_parquet(study.path("ff", f"without-{k}", "ensembles"))
        run = run_shown.select(frame, seed=0, layer=1)
        means = run[run["category"] == k]["mean"]
        shown = table[table["panel"] == 1]
    else:
        k = study.held_out[0]
        frame = pd.read_parquet(study.path("ff", f"without-{k}", "ensembles"))
        run = run_shown.select(frame, seed=0, layer=1)
        means = [
            len(members(run, a) & members(run, b)) for a in range(10) for b in range(10) if a != b
        ]
        shown = table[(table["panel"] == 1) & table["value"].notna()]
    np.testing.assert_allclose(np.sort(shown[column]), np.sort(means))
