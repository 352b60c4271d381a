import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffensembles.errors import UserError
from ffensembles.pipeline import fingerprint as module
from ffensembles.pipeline.fingerprint import fingerprint
from helpers import ROOT

WORKFLOW = ROOT / "workflow"


@pytest.fixture
def study(tmp_path):
    """Write files of a small pipeline into a new folder and return its fingerprint."""
    return lambda script, **modules: write_and_take(tmp_path, script, modules)


def write_and_take(folder, script, modules):
    """Write modules, by their path in the package `lib`, and take the script's fingerprint."""
    package = folder / "lib"
    for name, text in {"__init__": "", **modules}.items():
        path = package / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "script.py").write_text(script)
    forget()
    return fingerprint(folder / "script.py", package)


def forget():
    """Drop what the module remembers of files within one process."""
    for function in (module._source, module._beyond, module._files, module._data_files):
        function.cache_clear()


CODE = "import lib.a\n\n\ndef f(x):\n    return x + 1\n"
SAME_CODE = '''"""A docstring."""
# A comment
import lib.a


def f(x):
    """Add one."""

    return (x   # another
            + 1)
'''


def test_comments_docstrings_and_layout_do_not_count(study):
    assert study(SAME_CODE, a=CODE) == study(CODE, a=SAME_CODE) == study(CODE, a=CODE)


@pytest.mark.parametrize(
    "changed",
    [
        CODE.replace("1", "2"),
        CODE.replace("1", "1.0"),
        CODE.replace("x", "y"),
        CODE + "f(0)\n",
        CODE.replace("return x + 1", "return '''x'''"),
    ],
)
def test_code_counts_in_script_and_module(study, changed):
    before = study(CODE, a=CODE)
    assert study(changed, a=CODE) != before
    assert study(CODE, a=changed) != before


def test_a_function_of_nothing_but_a_docstring(study):
    assert study('def f():\n    """One."""') == study('def f():\n    """Two."""')


@pytest.mark.parametrize(
    "script",
    [
        "import lib.a",
        "import lib.a as x",
        "import os, lib.a",
        "from lib import a",
        "from lib import b, a as x",
        "from lib.a import f",
        "from lib.a import *",
        "def late():\n    from lib.a import f",
        "class Late:\n    import lib.a",
        "if True:\n    try:\n        import lib.a\n    except ImportError:\n        pass",
        "import lib.b",  # which imports a
        "import lib.c.d",  # whose package does so
        "import lib.e",  # by a relative import
        "import lib.c.f",  # by one from the package above
    ],
)
def test_every_way_to_import_a_module(study, script):
    others = {
        "b": "import lib.a",
        "c/__init__": "from lib import a",
        "c/d": "",
        "c/f": "from .. import a",
        "e": "from .a import g",
    }
    assert study(script, a="x = 1", **others) != study(script, a="x = 2", **others)


@pytest.mark.parametrize(
    "script", ["import lib", "from lib import b", "import library.a", "import a", "from a import b"]
)
def test_other_modules_do_not_count(study, script):
    assert study(script, a="x = 1", b="") == study(script, a="x = 2", b="")


def test_the_package_itself_counts_once_anything_of_it_is_imported(study):
    assert study("import lib.a", __init__="x = 1", a="") != study("import lib.a", a="")
    assert study("import os", __init__="x = 1") == study("import os", __init__="x = 2")


def test_circular_imports(study):
    circle = {"a": "import lib.b", "b": "import lib.a"}
    assert study("import lib.a", **circle) != study(
        "import lib.a", **circle | {"a": "import lib.b; 1"}
    )


@pytest.fixture
def with_data(study, tmp_path):
    """Write data files of the package, by their path in it, and take a fingerprint."""

    def take(files, **modules):
        for name, text in files.items():
            path = tmp_path / "lib" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return study("import lib.a", **modules)

    return take


@pytest.mark.parametrize("path", ["paper.style", "templates/paper.style", "other/paper.style"])
def test_a_data_file_counts_where_code_names_it(with_data, path):
    naming, not_naming = {"a": "use('paper.style')"}, {"a": "paper.use()  # paper.style"}
    assert with_data({path: "thin"}, **naming) != with_data({path: "bold"}, **naming)
    aside = not_naming | {"b": naming["a"]}
    assert with_data({path: "thin"}, **aside) == with_data({path: "bold"}, **aside)


def test_a_data_file_counts_where_one_that_counts_names_it(with_data):
    code = {"a": "render('table.html')"}
    files = {"t/table.html": "{% extends 'page.html' %}", "t/page.html": "<p>", "t/x.html": "<p>"}
    before = with_data(files, **code)
    assert with_data(files | {"t/page.html": "<div>"}, **code) != before
    assert with_data(files | {"t/x.html": "<div>"}, **code) == before


@pytest.mark.parametrize(
    "template, module_",
    [
        ("page.html.j2", "printing/pages.py"),
        ("claims.html.j2", "paper/claims/page.py"),
    ],
)
def test_a_changed_template_counts_for_the_scripts_that_print_it(tmp_path, template, module_):
    package = shutil.copytree(WORKFLOW / "ffensembles", tmp_path / "ffensembles")
    scripts = sorted((WORKFLOW / "scripts").glob("*.py"))
    forget()
    before = {script: fingerprint(script, package) for script in scripts}
    printing = {script for script in scripts if package / module_ in module._reach(script, package)}
    with (package / "printing/templates" / template).open("a") as file:
        file.write("<hr>")
    forget()
    changed = {script for script in scripts if fingerprint(script, package) != before[script]}
    assert changed and printing <= changed
    assert "train.py" not in {script.name for script in changed}


def test_what_is_not_python_is_named(study):
    with pytest.raises(UserError, match=r"a\.py: line 2 is not Python"):
        study("import lib.a", a="x = 1\ndef")


@st.composite
def packages(draw):
    """Modules m0, m1, … and a script, each importing some modules."""
    count = draw(st.integers(1, 6))
    return [draw(st.sets(st.integers(0, count - 1))) for _ in range(count + 1)]


@settings(max_examples=40, deadline=None)
@given(graph=packages(), data=st.data())
def test_exactly_the_modules_within_reach_count(tmp_path_factory, graph, data):
    folder = tmp_path_factory.mktemp("graph")
    forms = st.sampled_from(["import lib.m{}", "from lib import m{}", "from lib.m{} import x"])
    *texts, script = (
        "\n".join(data.draw(forms).format(i) for i in sorted(imports)) for imports in graph
    )
    reach, queue = set(), set(graph[-1])
    while queue:
        reach.add(queue.pop())
        queue = set().union(*(graph[i] for i in reach)) - reach | queue
    modules = {f"m{i}": text for i, text in enumerate(texts)}
    before = write_and_take(folder, script, modules)
    edited = data.draw(st.integers(0, len(texts) - 1))
    after = write_and_take(folder, script, modules | {f"m{edited}": texts[edited] + "\nx = 1"})
    assert (after != before) == (edited in reach)


def test_whatever_a_module_really_loads_is_within_reach(tmp_path):
    """Python's own import system agrees, on a module of this package that imports others."""
    script = tmp_path / "script.py"
    script.write_text("import ffensembles.analysis.measurements")
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; import ffensembles.analysis.measurements\n"
            "print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('ffensembles')))",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert set(map(Path, loaded)) == module._reach(script, WORKFLOW / "ffensembles")


ANEW = """
import ast, sys
from ffensembles.pipeline.fingerprint import fingerprint
if sys.argv[2:]:
    ast.parse = None
print(fingerprint(sys.argv[1] + "/script.py", sys.argv[1] + "/lib"))
"""


def take_in_new_process(folder, *parses_nothing):
    command = [sys.executable, "-c", ANEW, folder, *parses_nothing]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_file_is_parsed_once_whatever_happens_to_what_is_kept(study, tmp_path):
    expected = study("import lib.a", a=CODE)
    assert take_in_new_process(tmp_path) == expected
    assert take_in_new_process(tmp_path, "parses nothing") == expected
    (kept,) = (tmp_path / "lib/__pycache__").glob("sources.*.json")
    for damaged in ("", "{", "[]", '{"a": 1}', '{"a": []}'):
        kept.write_text(damaged)
        assert take_in_new_process(tmp_path) == expected
    assert study("import lib.a", a=CODE + "f(2)\n") == take_in_new_process(tmp_path) != expected
