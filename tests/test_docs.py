"""What README and other pages name is there: files and modules."""

import re

import pytest

from helpers import ROOT

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
