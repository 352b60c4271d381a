"""results/README.md says what the files hold, no more and no less; its examples run.

It is held against a small study that these tests make, and against a finished demo, which has
figures and the pages about the run as well.
"""

import json
import os
import re
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from safetensors import safe_open

from ffensembles.analysis.measurements import read_members
from ffensembles.files import read_metadata
from ffensembles.representations.stored import read
from helpers import ROOT

README = (ROOT / "results/README.md").read_text("utf-8")
DEMO = ROOT / "results/demo"
FINISHED = (DEMO / "report.html").is_file()
# What the small study has none of.
OF_A_RUN = re.compile(
    "(figures|beyond|studies|sweeps|explorer|benchmarks)/"
    "|deviations|provenance|front|report|config|.*snapshots"
)
# A skipped test is no check: where changes are judged, the demo is made before the tests run.
needs_demo = pytest.mark.skipif(
    not FINISHED and "CI" not in os.environ, reason="no finished demo in results/demo: make demo"
)
HINT = "results/README.md and results/demo disagree; `make demo` renews results of older code"
TYPES = {
    "large_string": "text",
    "string": "text",
    "double": "float64",
    "float": "float32",
    "fixed_size_list": "list of float32",
}


@dataclass
class Entry:
    """What the page says of one kind of file."""

    path: str  # as documented
    optional: bool  # written on demand alone
    contents: dict[str, str] = field(default_factory=dict)  # column, array or tensor: type
    metadata: set[str] = field(default_factory=set)

    def matches(self, path):
        """Say whether a file is of this kind."""
        return re.fullmatch(pattern(self.path), path) is not None

    def __str__(self):
        return self.path


def pattern(documented):
    """Return the regular expression of a documented path or name."""
    parts = re.split(r"({\w+}|\*\*)", documented)
    return "".join(
        ".+" if part == "**" else "[^/.]+" if part.startswith("{") else re.escape(part)
        for part in parts
    )


def rows(text, first):
    """Return the name and the type of each row of the tables whose first column is called so."""
    found = {}
    for table in re.findall(rf"^\| {first} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE):
        for row in table.splitlines():
            name, kind = (cell.strip() for cell in row.split("|")[1:3])
            found[name.strip("`")] = kind
    return found


@cache
def entries():
    """Read the page."""
    intro, *sections = re.split(r"^### ", README, flags=re.MULTILINE)
    recurring = rows(intro, "column")
    found = []
    for section in sections:
        heading, text = section.split("\n", 1)
        keys = re.search(r"Keys:\s((?:\s*`\w+`,?)+)\.", text)
        contents = {key: recurring[key] for key in re.findall(r"`(\w+)`", keys[1])} if keys else {}
        for first in ("column", "array", "tensor"):
            contents |= rows(text, first)
        for path in re.findall(r"`(.+?)`", heading):
            optional = text.strip().startswith("Only with ")
            found.append(Entry(path, optional, contents, set(rows(text, "key"))))
    return found


@pytest.fixture(scope="module", params=["small", pytest.param("demo", marks=needs_demo)])
def results(request):
    """Return the folder of a study's results."""
    if request.param == "demo":
        assert FINISHED, "make demo"
        return DEMO
    return request.getfixturevalue("small_results")


def files(entry, folder):
    """Return the files of one kind; hidden ones are not results yet."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.name.startswith(".")
        and entry.matches(path.relative_to(folder).as_posix())
    ]


def contents(path):
    """Return the type of each column, array or tensor that a file holds."""
    match path.suffix:
        case ".parquet":
            kinds = {f.name: re.sub(r"<.*", "", str(f.type)) for f in pq.read_schema(path)}
            return {name: TYPES.get(kind, kind) for name, kind in kinds.items()}
        case ".csv":
            return {name: csv_type(column) for name, column in pd.read_csv(path, dtype=str).items()}
        case ".npz":
            with np.load(path) as file:
                kinds = {name: str(file[name].dtype) for name in file.files}
            return {name: "text" if kind.startswith("<U") else kind for name, kind in kinds.items()}
        case ".safetensors":
            with safe_open(path, "np") as file:
                return {name: str(file.get_tensor(name).dtype) for name in file.keys()}  # noqa: SIM118
    return {}


def csv_type(column):
    """Return the narrowest type that the text of a column can be read as; None if it is empty."""
    values = column.dropna()
    if values.empty:
        return None
    if values.isin(["True", "False"]).all():
        return "bool"
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.isna().any():
        return "text"
    return "int64" if (numbers % 1 == 0).all() else "float64"


# What a CSV file holds may look narrower than what is documented: numbers without a fraction.
WIDER = {"int64": {"int64", "float64", "text"}, "float64": {"float64"}, "bool": {"bool"}}


def fits(found, documented, suffix):
    if suffix != ".csv":
        return found == documented
    return found in (None, "text") or documented in WIDER[found]


def documented_name(name, entry):
    """Return how the page calls a column or tensor of a file; None where it does not."""
    return next((known for known in entry.contents if re.fullmatch(pattern(known), name)), None)


def metadata(path):
    """Return the keys of what the library stores in a file beside its contents."""
    if path.suffix == ".safetensors":
        with safe_open(path, "np") as file:
            return set(json.loads(file.metadata()["ffensembles"]))
    return set(read_metadata(path)) if path.suffix == ".parquet" else set()


def test_the_page_is_read_as_it_is_meant():
    assert len(entries()) > 25
    ensembles = next(e for e in entries() if e.path.endswith("/ensembles.parquet"))
    assert ensembles.contents == {
        **dict.fromkeys(["dataset", "model", "study"], "text"),
        **dict.fromkeys(["held_out", "seed", "layer"], "int64"),
        **{"category": "int8", "unit": "int32"},
        **{"mean": "float64", "loo": "float64", "active": "bool"},
    }
    assert ensembles.matches("analysis/digits/ff/without-3/ensembles.parquet")
    assert not ensembles.matches("analysis/digits/similarity/ensembles.parquet")


def test_every_file_is_documented_once(results):
    entry = Entry("**", optional=False)
    kinds = {path.relative_to(results).as_posix(): [] for path in files(entry, results)}
    for path, found in kinds.items():
        found += [entry.path for entry in entries() if entry.matches(path)]
    assert {path: found for path, found in kinds.items() if len(found) != 1} == {}, HINT


@pytest.mark.parametrize("entry", entries(), ids=str)
def test_what_is_documented_exists_and_holds_what_the_page_says(results, entry):
    found = files(entry, results)
    if not found and (entry.optional or (results != DEMO and OF_A_RUN.match(entry.path))):
        return
    assert found, HINT
    known = set()
    for path in found:
        types = contents(path)
        names = {name: documented_name(name, entry) for name in types}
        assert None not in names.values(), (
            f"{path} holds {set(types) - set(entry.contents)}; {HINT}"
        )
        for name, kind in types.items():
            expected = entry.contents[names[name]]
            assert fits(kind, expected, path.suffix), f"{path}: {name} is {kind}, not {expected}"
        known |= set(names.values())
        assert metadata(path) == entry.metadata, f"{path}: {HINT}"
        # Only weights differ in what they hold: BP has a head; convolutions are in the demo alone.
        assert path.suffix == ".safetensors" or set(names.values()) == set(entry.contents), path
    if results == DEMO or not entry.path.endswith(".safetensors"):
        assert known == set(entry.contents), HINT


def example(name, folder):
    """Run the one example that assigns to a name, on another folder; return its value."""
    blocks = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    (block,) = (b for b in blocks if re.search(rf"^{name} = ", b, re.MULTILINE))
    assert len(block.strip().splitlines()) <= 6
    namespace = {}
    exec(block.replace("results/demo", folder.as_posix()), namespace)
    return namespace[name]


def test_the_examples_read_what_they_say(results):
    path = results / "representations/digits/ff/main/seed-0.parquet"
    x = read(path, 1, correct_only=False).activations
    np.testing.assert_array_equal(example("x", results), x)
    assert example("correct", results).sum() == len(read(path, 1).labels)
    members = read_members([results / "analysis/digits/ff/main/ensembles.parquet"], layer=1)
    ensemble = members.query("seed == 0 and category == 3")["unit"].tolist()
    assert example("ensemble", results) == ensemble != []
    assert [tuple(layer.shape) for layer in example("layers", results)] == [(5, x.shape[1])] * 3
    columns = [(seed, layer) for seed in (0, 1) for layer in (1, 2, 3)]
    assert sorted(example("loss", results)) == columns
    assert example("settings", results)["model"] == "ff"
