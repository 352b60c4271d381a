import numpy as np

from ffensembles.analysis.accuracy import confusion, measure_accuracy
from helpers.runs import write_run


def test_each_runs_share_of_correct_predictions(tmp_path):
    labels = np.array([0, 1, 1, 2, 2, 2, 9, 9])
    three, none = labels.copy(), labels + 1
    three[:5] = 5
    runs = [(0, write_run(tmp_path / "0.parquet", labels, three))]
    runs += [(4, write_run(tmp_path / "4.parquet", labels, none))]
    table = measure_accuracy(runs)
    assert table.to_dict("list") == {
        "seed": [0, 4],
        "images": [8, 8],
        "correct": [3, 0],
        "accuracy": [3 / 8, 0],
        "balanced_accuracy": [(0 + 0 + 1 / 3 + 1) / 4, 0],
    }


def test_a_confusion_matrix_counts_predictions_by_label(tmp_path):
    path = write_run(tmp_path / "0.parquet", np.array([0, 1, 1, 9]), np.array([0, 0, 1, 1]))
    table = confusion(path)
    assert table.index.tolist() == [0, 1, 9] and table.columns.tolist() == [0, 1]
    assert table.to_numpy().tolist() == [[1, 0], [1, 1], [0, 1]]
