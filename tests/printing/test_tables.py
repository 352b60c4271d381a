import re

import pandas as pd

from ffensembles.printing.tables import Printed, html, latex, markdown


def cells(text, part):
    """Return the cells of each row of a table's head or body, with the places they span."""
    (inner,) = re.findall(rf"<{part}>(.*?)</{part}>", text, re.DOTALL)
    return [
        [
            (
                re.sub("<.*?>", " ", content.replace("&nbsp;", "")),
                int((re.findall(r'span="(\d+)"', opening) or [1])[0]),
            )
            for opening, content in re.findall(r"<t[hd](.*?)>(.*?)</t[hd]>", row)
        ]
        for row in re.findall(r"<tr>(.*?)</tr>", inner, re.DOTALL)
    ]


def test_labels_span_what_they_stand_for():
    rows = pd.MultiIndex.from_tuples(
        [("MNIST", "CKA"), ("MNIST", "dCor"), ("SVHN", "dCor")], names=["Dataset", "Metric"]
    )
    columns = pd.MultiIndex.from_product([["FF v BP", "BP/FF v BP"], [1, 2]], names=["", "Layer"])
    grid = pd.DataFrame([["a", "b", "c", "d\n(e)"]] * 3, index=rows, columns=columns)
    text = html(Printed("table10", "Similarity", grid, "Legend"))
    empty = ("", 1)
    assert cells(text, "thead") == [
        [empty, empty, ("FF v BP", 2), ("BP/FF v BP", 2)],
        [empty, ("Layer", 1), ("1", 1), ("2", 1), ("1", 1), ("2", 1)],
        [("Dataset", 1), ("Metric", 1), empty, empty, empty, empty],
    ]
    values = [("a", 1), ("b", 1), ("c", 1), ("d  (e) ", 1)]
    assert cells(text, "tbody") == [
        [("MNIST", 2), ("CKA", 1), *values],
        [("dCor", 1), *values],
        [("SVHN", 1), ("dCor", 1), *values],
    ]


def test_equal_labels_next_to_each_other_stay_apart_in_the_last_level():
    grid = pd.DataFrame([["1", "2"]] * 2, index=["a", "a"], columns=["b", "b"])
    text = html(Printed("t", "", grid, ""))
    assert cells(text, "thead")[0] == [("", 1), ("b", 1), ("b", 1)]
    assert [row[0] for row in cells(text, "tbody")] == [("a", 1), ("a", 1)]


def test_labels_names_and_cells_are_text_and_never_markup():
    markup = "<script>1 & 2</script>"
    rows, columns = (pd.Index([markup], name=markup) for _ in range(2))
    grid = pd.DataFrame([[f"{markup}\n{markup}"]], rows, columns)
    text = html(Printed("t", markup, grid, markup))
    assert "<script>" not in text
    assert text.count("&lt;script&gt;1 &amp; 2&lt;/script&gt;") == 2 + 2 + 2 + 2 + 1


NAMES = ["$5 to $6", "a|b", r"C:\new_{x}", "<b>bold</b>", "50 % & ~#^", "*star* _line_", "中文"]


def by_name():
    grid = pd.DataFrame({"x": ["0.5*"] * len(NAMES)}, index=pd.Index(NAMES, name="Category"))
    return Printed("t", "Of $a$ and $b$", grid, f"Without {', '.join(NAMES)}. S < 0.5 *: few")


def test_names_are_text_in_markdown():
    text = markdown(by_name())
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}
    assert "| \\$5 to \\$6 " in text and "Of \\$a\\$ and" in text
    assert r"\<b>bold\</b>" in text and r"\*star* \_line_" in text
    assert "S < 0.5 *: few" in text and "| 0.5* |" in re.sub(" +", " ", text)  # as it was


def test_names_are_text_in_latex():
    text = latex(by_name())
    assert r"\$5 to \$6" in text
    assert r"C:\textbackslash{}new\_\{x\}" in text
    assert r"50 \% \& \textasciitilde{}\#\textasciicircum{}" in text
    assert "% Needs XeLaTeX" in text
    assert "XeLaTeX" not in latex(Printed("t", "", pd.DataFrame({"x": ["ρ⁺ ± ℓ1 – é"]}), ""))
