import numpy as np

from ffensembles.analysis.accuracy import measure_accuracy
from helpers.runs import write_run


def test_each_runs_share_of_correct_predictions(tmp_path):
    labels = np.array([0, 1, 1, 2, 2, 2, 9, 9])
    three, none = labels.copy(), labels + 1
    three[:5] = 5
    runs = [(0, write_run(tmp_path / "0.parquet", labels, three))]
    runs += [(4, write_run(tmp_path / "4.parquet", labels, none))]
    table = measure_accuracy(runs)
    overall = table[table["category"].isna()].drop(columns="category")
    assert overall.to_dict("list") == {
        "seed": [0, 4],
        "images": [8, 8],
        "correct": [3, 0],
        "accuracy": [3 / 8, 0],
        "balanced_accuracy": [(0 + 0 + 1 / 3 + 1) / 4, 0],
    }
    of_first = table[(table["seed"] == 0) & table["category"].notna()]
    counts = [(0, 1, 0), (1, 2, 0), (2, 3, 1), (9, 2, 2)]
    assert list(of_first[["category", "images", "correct"]].itertuples(index=False)) == counts
    assert of_first["accuracy"].tolist() == [0, 0, 1 / 3, 1]
    assert of_first["balanced_accuracy"].tolist() == of_first["accuracy"].tolist()
