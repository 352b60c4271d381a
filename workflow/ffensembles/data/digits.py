"""scikit-learn's digits: a dataset that comes with the software, for the demo."""

import numpy as np


def read_digits() -> dict[str, np.ndarray]:
    """Return scikit-learn's digits: 8 x 8 pixels of 0-16, made 0-255, in a black border of 2.

    The border gives row 0 the ten pixels of the label embedding. The split is stratified and
    fixed: 1257 training and 540 test images.
    """
    from sklearn.datasets import load_digits  # takes a second, and planning does without
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    pixels = np.round(images.reshape(-1, 1, 8, 8) * (255 / 16)).astype(np.uint8)
    padded = np.pad(pixels, ((0, 0), (0, 0), (2, 2), (2, 2)))
    train_images, test_images, train_labels, test_labels = train_test_split(
        padded, labels.astype(np.int64), test_size=0.3, stratify=labels, random_state=0
    )
    return {
        "train_images": train_images,
        "train_labels": train_labels,
        "test_images": test_images,
        "test_labels": test_labels,
    }
