"""What a page of the explorer holds: the numbers of the tables, and images worth a look."""

import base64
import gzip

import numpy as np
import pytest
import torch

from ffensembles.analysis.ensembles import active_units, leave_one_out
from ffensembles.extras.explorer import packing
from ffensembles.extras.explorer.choice import choose_images, strongest_images
from ffensembles.extras.explorer.contents import gather, score_labels
from ffensembles.files import read_frame
from ffensembles.learning.kinds import find_kind
from ffensembles.representations import stored
from ffensembles.representations.extraction import Prepared, predict, prepare
from helpers.explored import explored_run
from helpers.runs import few_digits
from helpers.small_training import experiment


def unpacked(block):
    """Read a block as the page does."""
    data = gzip.decompress(base64.b64decode(block.text))
    about = block.about
    if about["type"] == "bits":
        flat = np.unpackbits(np.frombuffer(data, np.uint8))
    elif about["type"] == "halves":
        flat = np.array([half for byte in data for half in (byte >> 4, byte & 15)])
    else:
        flat = np.frombuffer(data, np.dtype(about["type"]).newbyteorder("<"))
    values = flat[: np.prod(about["shape"])].reshape(about["shape"])
    return about["low"] + about["step"] * values if "step" in about else values


@pytest.mark.parametrize("kind", [np.uint16, np.float32, np.float64])
def test_exact_values_come_back_as_they_are(kind):
    values = np.random.default_rng(0).normal(100, 30, (3, 5, 2)).astype(kind)
    np.testing.assert_array_equal(unpacked(packing.exact(values)), values)


def test_bits_come_back_as_they_are():
    values = np.random.default_rng(0).random((3, 7)) < 0.5
    np.testing.assert_array_equal(unpacked(packing.bits(values)), values)


@pytest.mark.parametrize("steps", [15, 2**16 - 1])
def test_steps_are_off_by_half_a_step_at_most(steps):
    values = np.linspace(-3, 5, 1001)  # an odd number
    step = 6 / steps
    back = unpacked(packing.in_steps(values, -2, 4, steps))
    np.testing.assert_allclose(back, values.clip(-2, 4), rtol=0, atol=step / 2 + 1e-12)


def test_values_that_are_all_alike_can_be_packed():
    np.testing.assert_array_equal(unpacked(packing.in_steps(np.full(4, 2.5), 2.5, 2.5, 15)), 2.5)


@pytest.mark.parametrize(("channels", "longest"), [(1, 64), (3, 64), (4, 8)])
def test_images_lie_where_the_layout_says(channels, longest):
    import io

    from PIL import Image

    images = np.zeros((5, channels, 16, 12), np.uint8)
    images[:] = np.array([0, 60, 120, 180, 240], np.uint8)[:, None, None, None]
    text, layout = packing.sheet(images, longest)
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))
    assert (layout["width"], layout["height"]) == ((6, 8) if longest == 8 else (12, 16))
    for place, image in enumerate(images):
        row, column = divmod(place, layout["columns"])
        y, x = row * layout["height"], column * layout["width"]
        middle = picture[y + layout["height"] // 2, x + layout["width"] // 2]
        np.testing.assert_allclose(middle, image.max(), atol=6)


def test_each_category_has_as_many_images_and_half_are_wrong():
    labels = np.repeat([0, 1, 2], 100)
    wrong = np.zeros(300, bool)
    wrong[:40] = True  # of category 0
    wrong[100:103] = True  # of category 1
    chosen = choose_images(labels, wrong, 60)
    np.testing.assert_array_equal(np.bincount(labels[chosen]), [20, 20, 20])
    np.testing.assert_array_equal(np.bincount(labels[chosen][wrong[chosen]]), [10, 3])
    assert (np.diff(chosen) > 0).all()


def test_a_category_that_is_never_right_shows_its_wrong_ones():
    labels = np.repeat([0, 1], 50)
    chosen = choose_images(labels, labels == 0, 20)
    np.testing.assert_array_equal(np.bincount(labels[chosen]), [10, 10])


def test_many_categories_have_one_image_each():
    labels = np.arange(300) % 150
    assert len(choose_images(labels, np.zeros(300, bool), 100)) == 150


def test_the_strongest_images_come_in_order_and_silent_ones_do_not():
    x = np.array([[0, 1, 0], [3, 1, 0], [2, 1, 0], [5, 1, 7]], np.float32)
    np.testing.assert_array_equal(strongest_images(x, 3), [[3, 1, 2], [0, 1, 2], [3, 4, 4]])
    np.testing.assert_array_equal(strongest_images(x, 6)[0], [3, 1, 2, 4, 4, 4])


@pytest.mark.parametrize("goodness", ["l1", "l2"])
def test_the_score_of_a_label_is_the_goodness_with_it_drawn_in(goodness):
    images = torch.rand(7, 36, generator=torch.Generator().manual_seed(1))
    settings = experiment("ff", goodness=goodness, layers=2, units=(8, 6))
    ff = find_kind(settings, (1, 6, 6), 4)
    network = ff.initialise([torch.Generator().manual_seed(0)])
    embedding = ff.embedding(images)
    nobody = torch.zeros(7, dtype=torch.long)
    rows, scores = score_labels(Prepared(ff, images, nobody, embedding, network), images)
    assert (ff.score, rows) == ("Goodness", ["Layer 1", "Layer 2"])
    for label in range(4):
        seen = embedding.embed(images, torch.full((7,), label))
        for layer, h in enumerate(network.activations(seen[None])):
            norm = np.linalg.norm(h[0].numpy(), 1 if goodness == "l1" else 2, axis=1)
            np.testing.assert_allclose(scores[layer, :, label], norm, rtol=1e-4)


@pytest.fixture(scope="module", params=["ff", "bp"])
def gathered(request, tmp_path_factory):
    """Return a run and the contents of its page."""
    dataset = few_digits()
    run = explored_run(tmp_path_factory.mktemp("run"), request.param, dataset, epochs=20)
    return run, dataset, gather(dataset, "digits", [run], device="cpu")


def test_ensembles_are_those_of_the_table_bit_by_bit(gathered):
    run, _, contents = gathered
    table = read_frame(run.ensembles)
    for layer in (1, 2, 3):
        key = f"{run.experiment.model}/{layer}"
        means, sums = (unpacked(contents.blocks[f"{key}/{part}"]) for part in ("means", "sums"))
        loo = (sums[:, None] - means) / (means.shape[1] - 1)  # as the page finds it
        rows = table[table["layer"] == layer]
        at = rows["category"], rows["unit"]
        np.testing.assert_array_equal(means[at], rows["mean"])
        np.testing.assert_array_equal(loo[at], rows["loo"])
        absent = np.setdiff1d(np.arange(10), rows["category"])
        assert np.isnan(means[absent]).all()
        there = ~np.isnan(means[:, 0])
        np.testing.assert_array_equal(loo[there], leave_one_out(means[there]))
        np.testing.assert_array_equal(active_units(means, loo)[at], rows["active"])


def test_models_are_explained_in_the_words_of_their_files(gathered):
    run, _, contents = gathered
    [model] = contents.about["models"]
    words = {
        "ff": "FF: the Forward-Forward algorithm, layer after layer (section 3.2).",
        "bp": "BP: Backpropagation through all layers and a linear head (section 3.4).",
    }
    assert model["summary"] == words[run.experiment.model]


def test_scores_lead_to_the_predictions(gathered):
    run, dataset, contents = gathered
    scores = unpacked(contents.blocks[f"{run.experiment.model}/scores"])
    index = unpacked(contents.blocks["index"])
    trained = prepare(run.experiment, 0, run.model, dataset, "test", "cpu")
    probabilities = torch.from_numpy(scores).softmax(2).sum(0)
    shown = trained.images[torch.from_numpy(index.astype(np.int64))]
    said = predict(trained.kind, trained.network, shown, trained.embedding)
    np.testing.assert_array_equal(probabilities.argmax(1).numpy(), said)
    np.testing.assert_array_equal(
        unpacked(contents.blocks[f"{run.experiment.model}/prediction"]), said
    )


def test_activations_and_strongest_images_are_those_of_the_run(gathered):
    run, _, contents = gathered
    key = f"{run.experiment.model}/2"
    x = stored.read(run.representations, 2, correct_only=False).activations
    block = contents.blocks[f"{key}/activations"]
    top = 15 * block.about["step"]
    index = unpacked(contents.blocks["index"])
    np.testing.assert_allclose(
        unpacked(block).T, x[index].clip(0, top), rtol=0, atol=block.about["step"] / 2 + 1e-6
    )
    order = np.argsort(-x, axis=0, kind="stable").T[:, :12]
    driven = np.take_along_axis(x.T, order, 1) > 0
    found = np.append(index, len(x))[unpacked(contents.blocks[f"{key}/top"])]
    np.testing.assert_array_equal(found, np.where(driven, order, len(x)))


def test_dynamics_are_those_of_the_table(gathered):
    run, _, contents = gathered
    table = read_frame(run.dynamics)
    members = unpacked(contents.blocks[f"{run.experiment.model}/3/members"])
    epochs = contents.about["models"][0]["layers"][2]["epochs"]
    rows = table[table["layer"] == 3]
    assert epochs == sorted(set(rows["epoch"]))
    for row in rows.itertuples():
        found = np.flatnonzero(members[epochs.index(row.epoch), row.category])
        assert found.tolist() == list(row.members)


def test_the_same_runs_make_the_same_page(gathered):
    run, dataset, contents = gathered
    assert gather(dataset, "digits", [run], device="cpu") == contents


def test_coarser_pictures_of_units_where_there_are_too_many(gathered, monkeypatch):
    run, dataset, _ = gathered
    monkeypatch.setattr("ffensembles.extras.explorer.contents.WEIGHTS", 40 * 50)
    block = gather(dataset, "digits", [run], device="cpu").blocks[
        f"{run.experiment.model}/1/incoming"
    ]
    assert block.about["shape"] == [40, 1, 6, 6]
