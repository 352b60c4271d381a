"""What README and other pages name is there: files, modules and targets."""

import re
from itertools import product

import pytest

from helpers import ROOT
from helpers.pipeline import copy_pipeline, snakemake

PAGES = ["README.md", "CONTRIBUTING.md", "config/README.md", "results/README.md"]
PAGES += sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.*"))
PAGES = [page for page in PAGES if not page.endswith(".png")]
CODE = (".py", ".smk", ".yaml", ".yml", ".tsv", ".md", ".rst")
# Where a page may leave out the first folders of a path.
FOLDERS = [ROOT, ROOT / "workflow/ffensembles", ROOT / "config", ROOT / "tests"]
# Names that stand for a user's own, the folders of published data, and what the pipeline makes.
PLACEHOLDER = re.compile(r"NAME|[a-z]N\.|^(fashion-)?mnist/|^svhn/|^cifar10/|^results/|^\.")


def exists(name, page):
    return any((folder / name).exists() for folder in [(ROOT / page).parent, *FOLDERS])


@pytest.mark.parametrize("page", PAGES)
def test_links_and_files_are_there(page):
    text = (ROOT / page).read_text("utf-8")
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    named = re.findall(r"`([\w./-]+/?)`", text)
    paths = [name for name in named if name.endswith((*CODE, "/"))]
    paths = [name for name in paths if not PLACEHOLDER.search(name)]
    links = [link for link in links if link and "://" not in link]
    assert [name for name in links + paths if not exists(name, page)] == []


def expanded(target):
    """Return the targets that a shell makes of one with braces."""
    parts = re.split(r"{([\d,]+)}", target)
    choices = [part.split(",") if i % 2 else [part] for i, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*choices)]


def test_every_target_of_the_readme_is_one(tmp_path):
    named = re.findall(r"(?<![\w/])results/[\w./{},-]+", (ROOT / "README.md").read_text("utf-8"))
    targets = [t for name in named for t in expanded(name) if not t.startswith("results/demo")]
    targets = sorted(set(targets) - {"results/README.md"})
    assert len(targets) > 30
    snakemake(copy_pipeline(tmp_path), "-n", *targets)  # fails where nothing makes a target
