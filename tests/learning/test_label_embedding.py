"""Labels in images, and the negative data."""

import pytest
import torch

from ffensembles.learning.label_embedding import LabelEmbedding, draw_negatives

SHAPE = 2, 3, 12  # channels, height, width


@pytest.fixture
def images():
    return torch.randn(5, 2 * 3 * 12, generator=torch.manual_seed(0))


def corner(flat):
    """Return the ten label pixels (N, channels, 10) of flattened images."""
    return flat.view(-1, *SHAPE)[:, :, 0, :10]


@pytest.mark.parametrize("black", ["zero", "minimum"])
@pytest.mark.parametrize("maximum", ["split", "image"])
def test_the_label_is_the_only_bright_pixel_of_the_corner(images, black, maximum):
    before = images.clone()
    labels = torch.tensor([3, 0, 9, 3, 5])
    embedded = LabelEmbedding.of(images, SHAPE, 10, black, maximum).embed(images, labels)
    for i, label in enumerate(labels):
        expected = torch.full((2, 10), 0.0 if black == "zero" else images.min().item())
        expected[:, label] = (images if maximum == "split" else images[i]).max()
        assert torch.equal(corner(embedded)[i], expected)
    elsewhere = embedded.view(-1, *SHAPE).clone()
    elsewhere[:, :, 0, :10] = images.view(-1, *SHAPE)[:, :, 0, :10]
    assert torch.equal(elsewhere.flatten(1), images)
    assert torch.equal(images, before)


def test_the_maximum_is_the_splits_also_for_a_part_of_it(images):
    embedding = LabelEmbedding.of(images, SHAPE, 10, "zero", "split")
    part = images[:1] * 0.01
    assert corner(embedding.embed(part, torch.tensor([4])))[0, 1, 4] == images.max()


@pytest.mark.parametrize("maximum", ["split", "image"])
def test_a_neutral_label_is_ten_equal_pixels(images, maximum):
    embedded = LabelEmbedding.of(images, SHAPE, 10, "zero", maximum).embed_neutral(images)
    for i in range(len(images)):
        brightest = (images if maximum == "split" else images[i]).max()
        torch.testing.assert_close(corner(embedded)[i], (brightest / 10).expand(2, 10))


@pytest.mark.parametrize("scheme", ["pooled", "paired"])
def test_a_negative_never_has_the_true_label_and_every_wrong_one_occurs(scheme):
    labels = torch.arange(3000) % 10
    image, wrong = draw_negatives(labels, 10, scheme, torch.Generator().manual_seed(1))
    assert len(image) == len(wrong) == 3000
    assert (wrong != labels[image]).all()
    pairs = set(zip(labels[image].tolist(), wrong.tolist(), strict=True))
    assert len(pairs) == 90


def test_pooled_negatives_are_drawn_from_all_pairs_without_replacement():
    labels = torch.zeros(4000, dtype=torch.long)
    image, wrong = draw_negatives(labels, 10, "pooled", torch.Generator().manual_seed(1))
    assert len(set(zip(image.tolist(), wrong.tolist(), strict=True))) == 4000
    times = torch.bincount(image, minlength=4000)
    # Of the 9 pairs of an image each is drawn with probability 1/9, nearly independently.
    assert (times == 0).float().mean().item() == pytest.approx((8 / 9) ** 9, abs=0.03)
    assert times.max() > 2
    assert not torch.equal(image, image.sort().values)


def test_paired_negatives_keep_the_order_of_the_images():
    image, _ = draw_negatives(torch.zeros(50, dtype=torch.long), 10, "paired", torch.Generator())
    assert torch.equal(image, torch.arange(50))


def test_a_label_that_no_image_has_is_still_a_wrong_label():
    labels = torch.arange(900) % 9  # category 9 is held out
    _, wrong = draw_negatives(labels, 10, "pooled", torch.Generator().manual_seed(0))
    assert (wrong == 9).float().mean().item() == pytest.approx(1 / 9, abs=0.03)


@pytest.mark.parametrize("categories", [2, 3, 26, 36])
def test_labels_of_any_number_of_categories_fill_row_after_row(images, categories):
    embedding = LabelEmbedding.of(images, SHAPE, categories, "zero", "split")
    labels = torch.tensor([0, 1, categories - 1, 0, categories // 2])
    embedded = embedding.embed(images, labels).view(-1, 2, 36)
    expected = images.view(-1, 2, 36).clone()
    expected[:, :, :categories] = 0
    for image, label in zip(expected, labels, strict=True):
        image[:, label] = images.max()
    assert torch.equal(embedded, expected)
    neutral = embedding.embed_neutral(images).view(-1, 2, 36)
    torch.testing.assert_close(
        neutral[:, :, :categories], (images.max() / categories).expand(5, 2, categories)
    )


@pytest.mark.parametrize("categories", [2, 3, 26])
@pytest.mark.parametrize("scheme", ["pooled", "paired"])
def test_wrong_labels_are_those_of_the_other_categories(categories, scheme):
    labels = torch.arange(5000) % categories
    image, wrong = draw_negatives(labels, categories, scheme, torch.Generator().manual_seed(1))
    pairs = set(zip(labels[image].tolist(), wrong.tolist(), strict=True))
    assert pairs == {(a, b) for a in range(categories) for b in range(categories) if a != b}
