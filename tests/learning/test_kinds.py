"""Kinds of models: what their files say, what may be wrong with one's own, how it trains."""

import re
import sys

import pytest
import torch
from torch.nn.functional import cross_entropy

from ffensembles import variants
from ffensembles.errors import UserError
from ffensembles.experiments import read_row
from ffensembles.learning.kinds import find_kind
from ffensembles.learning.trial import try_own
from ffensembles.paper_models import PAPER_MODELS
from ffensembles.randomness import generator
from helpers import ROOT
from helpers.small_training import Killed, digits, trained

EXAMPLE = (ROOT / "docs/examples/local.py").read_text("utf-8")
CELLS = dict(
    study="own", dataset="digits", model="mine", seeds="2", epochs="2", learning_rate="0.003",
    batch_size="64", units="30",
)  # fmt: skip


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Return a function that writes a kind of one's own, called `mine`, and reads a row of it."""
    monkeypatch.setenv(variants.VARIABLE, "{}")

    def write(text=EXAMPLE, **cells):
        file = tmp_path / "rule.py"
        file.write_text(text)
        variants.use({"mine": file})
        return read_row(CELLS | cells, "row")

    yield write
    sys.modules.pop("ffensembles_variant_mine", None)


def test_the_papers_models_come_first_and_say_what_they_are():
    assert variants.names("model")[:3] == PAPER_MODELS
    ff, bpff, bp = map(variants.describe, PAPER_MODELS)
    assert [kind.name for kind in (ff, bpff, bp)] == ["FF", "BP/FF", "BP"]
    assert (ff.layerwise, bpff.layerwise, bp.layerwise) == (True, False, False)
    assert ff.columns == bpff.columns and ff.columns["theta"] == 3.0
    assert "theta" not in bp.columns
    assert all(kind.has("incoming") and kind.has("prune") for kind in (ff, bpff, bp))
    looks = [{kind.colour, kind.marker, kind.line} for kind in (ff, bpff, bp)]
    assert len(set.union(*looks)) == 9


def test_no_other_file_knows_a_model_by_its_name():
    files = [ROOT / "Snakefile", *(ROOT / "workflow").rglob("*.*"), *ROOT.glob("benchmarks/*.py")]
    code = [file for file in files if file.suffix in (".py", ".smk", ".j2", ".js", "")]
    name = re.compile(rf"[\"']({'|'.join(PAPER_MODELS)})[\"']")
    knowing = {file.name for file in code if name.search(file.read_text("utf-8"))}
    assert knowing == {"paper_models.py", "runs.py"}  # the latter's docstring has an example


def test_what_a_file_says_is_what_its_class_has():
    for model in PAPER_MODELS:
        said = variants.describe(model)
        e = read_row(CELLS | {"model": model}, "row")
        kind = find_kind(e, (1, 12, 12), 10)
        for what in ("name", "order", "colour", "marker", "line", "layerwise", "columns"):
            assert getattr(kind, what) == getattr(said, what)
        assert kind.incoming == said.incoming


def test_a_kind_of_ones_own_is_read_with_its_defaults_and_columns(own):
    e = own()
    assert (e.layers, e.goodness, e.extra) == (2, "none", {"noise": 0.1})
    assert own(noise="0.5").training_settings()["extra"] == {"noise": 0.5}
    assert e.variants()[-1].endswith("rule.py")
    mine = variants.describe("mine")
    assert not mine.has("incoming") and not mine.has("prune")
    assert variants.names("model")[-1] == "mine"


def test_only_a_kind_that_has_a_column_may_fill_it(own):
    own()
    ff = CELLS | {"model": "ff", "noise": "0.1"}
    with pytest.raises(UserError, match=r"row: noise is '0\.1', and does not apply to ff"):
        read_row(ff, "row")
    assert read_row(ff | {"noise": "-"}, "row").extra == {}
    with pytest.raises(UserError, match=r"goodness is 'l2', and does not apply to mine"):
        own(goodness="l2")
    with pytest.raises(UserError, match=r"noise is 'loud'; it must be a number"):
        own(noise="loud")


def test_a_kind_may_be_another_one_with_a_difference(own):
    text = """
from ffensembles.learning.kinds.ff import FF

class Mine(FF):
    name = "FF, mine"
"""
    e = own(text)
    mine, ff = variants.describe("mine"), variants.describe("ff")
    assert (mine.columns, mine.incoming, mine.layerwise) == (ff.columns, ff.incoming, True)
    assert e.loss == "threshold"
    try_own([e])


def plain_local(e, split, epochs):
    """Train the example as a plain loop would, without noise; return its parameters."""
    kind = find_kind(e, split.shape, 10)
    network = kind.initialise([draw_of(e, "weights")])
    optimiser = torch.optim.Adam(network.parameters(), e.learning_rate)
    order = draw_of(e, "shuffle")
    for _ in range(epochs):
        for batch in torch.randperm(len(split.images), generator=order).split(e.batch_size):
            x, y = split.images[batch], split.labels[batch]
            first = network["layer1"](x).relu()
            second = network["layer2"](first.detach()).relu()
            loss = sum(
                cross_entropy(network[f"readout{i}"](h), y) for i, h in ((1, first), (2, second))
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return network.state_dict()


def draw_of(e, use):
    return generator(0, *e.key, 0, use)


def test_training_a_module_is_the_plain_loop(own, tmp_path):
    e, split = own(noise="0"), digits(300)
    state = trained(e, [0], split, tmp_path).state
    for name, expected in plain_local(e, split, 2).items():
        torch.testing.assert_close(state[name][0], expected, rtol=1e-4, atol=1e-6)


def test_a_killed_training_goes_on_with_the_same_draws(own, tmp_path):
    e, split = own(), digits(300)
    whole = trained(e, [0], split, tmp_path / "whole")
    with pytest.raises(Killed):
        trained(e, [0], split, tmp_path / "broken", kill_after=7)
    resumed = trained(e, [0], split, tmp_path / "broken")
    assert all(torch.equal(resumed.state[name], x) for name, x in whole.state.items())
    assert resumed.log["loss"].tolist() == whole.log["loss"].tolist()
    without = trained(own(noise="0"), [0], split, tmp_path / "plain").state
    assert not torch.equal(without["layer1.weight"], whole.state["layer1.weight"])


def test_what_a_loss_does_not_depend_on_stays_as_it_is(own, tmp_path):
    first_alone = EXAMPLE.replace("range(1, self.experiment.layers + 1)", "(1,)", 1)
    e, split = own(first_alone, epochs="1"), digits(100)
    state = trained(e, [0], split, tmp_path).state
    start = find_kind(e, split.shape, 10).initialise([draw_of(e, "weights")]).state_dict()
    assert torch.equal(state["layer2.weight"][0], start["layer2.weight"])
    assert not torch.equal(state["layer1.weight"][0], start["layer1.weight"])


MISTAKES = {
    "fails on a trial (NameError: name 'typo'": ("return total", "return typo"),
    "the loss is not finite": ("return total", "return total * float('inf')"),
    "the loss is of shape": ("return total", "return total[None]"),
    "does not depend on any parameter": (
        "return total",
        "return 0 * total.detach().requires_grad_()",
    ),
    "predict returns other categories": (".argmax(1)", ".argmax(1) + 10"),
    "what predict returns is of shape": (".argmax(1)", ".argmax(0)"),
    "activations are those of 1 layers": ("            yield x", "        yield x"),
    "activations of layer 1 is of shape": ("            yield x", "            yield x[None]"),
    "abstract method": ("def predict", "def guess"),
    "is neither a kind (a class with a `name`)": ('    name = "Local"\n', ""),
    "name is a text": ('name = "Local"', "name = 7"),
    "lacks layerwise": ("(ModuleKind)", "(object)"),
    "line 1 is not Python": ('"""Local', "class ("),
}


@pytest.mark.parametrize("said", MISTAKES)
def test_a_mistake_in_a_kind_of_ones_own_is_one_line_before_anything_is_trained(own, said):
    before, after = MISTAKES[said]
    assert before in EXAMPLE
    with pytest.raises(UserError) as error:
        try_own([own(EXAMPLE.replace(before, after))])
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "names, said",
    [
        ({"ff": "rule.py"}, "there is a model ff already"),
        ({"l2": "rule.py"}, "there is a goodness l2 already"),
        ({"Mine": "rule.py"}, "lower-case letters"),
        ({"mine": "none.py"}, "there is no file"),
        ({"mine": "empty.py"}, "is neither a kind"),
    ],
)
def test_a_mistake_in_the_key_variants_is_one_line(own, tmp_path, monkeypatch, names, said):
    own()
    (tmp_path / "empty.py").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=rf"config: variants\.\w+: .*{re.escape(said)}"):
        variants.use(names)
