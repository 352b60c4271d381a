import numpy as np
import pyarrow as pa
import pytest

from ffensembles.files import write_parquet
from ffensembles.representations.stored import read


@pytest.fixture
def stored(tmp_path):
    """Five images; those at 1 and 4 are taken for another category. Two layers of 3 and 2 units."""
    layers = {
        "layer1": np.arange(15, dtype=np.float32).reshape(5, 3),
        "layer2": np.arange(10, dtype=np.float32).reshape(5, 2) * -1,
    }
    columns = {
        "index": pa.array(range(5), pa.int32()),
        "label": pa.array([0, 1, 1, 2, 2], pa.int8()),
        "prediction": pa.array([0, 2, 1, 2, 0], pa.int8()),
    }
    for name, values in layers.items():
        columns[name] = pa.FixedSizeListArray.from_arrays(values.ravel(), values.shape[1])
    path = tmp_path / "seed-0.parquet"
    write_parquet(pa.table(columns), path)
    return path


def test_only_correctly_classified_images(stored):
    x = read(stored, 1)
    np.testing.assert_array_equal(x.activations, [[0, 1, 2], [6, 7, 8], [9, 10, 11]])
    np.testing.assert_array_equal(x.labels, [0, 1, 2])
    np.testing.assert_array_equal(x.index, [0, 2, 3])
    assert x.activations.dtype == np.float32


def test_every_image(stored):
    x = read(stored, 2, correct_only=False)
    np.testing.assert_array_equal(x.activations, -np.arange(10).reshape(5, 2))
    np.testing.assert_array_equal(x.labels, [0, 1, 1, 2, 2])
    np.testing.assert_array_equal(x.index, range(5))


def test_each_layer_has_its_own_units(stored):
    np.testing.assert_array_equal(read(stored, 2).activations, [[0, -1], [-4, -5], [-6, -7]])


@pytest.mark.parametrize(("held_out", "index"), [(1, [0, 1, 2, 3]), (2, [0, 2, 3, 4])])
def test_all_images_of_the_unseen_category(stored, held_out, index):
    x = read(stored, 1, held_out=held_out)
    assert x.index.tolist() == index
    np.testing.assert_array_equal(x.activations[:, 0], np.array(index) * 3)


def test_a_file_of_several_row_groups(stored, tmp_path):
    import pyarrow.parquet as pq

    split = tmp_path / "split.parquet"
    pq.write_table(pq.read_table(stored), split, row_group_size=2)
    np.testing.assert_array_equal(read(split, 1).activations, read(stored, 1).activations)
