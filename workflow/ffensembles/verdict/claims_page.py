"""The claims put to the test: a verdict for each, and a page to read them on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

import pandas as pd

from ffensembles.printing.names import DATASETS
from ffensembles.printing.pages import html_table, page, verdict
from ffensembles.verdict.claims import CLAIMS, PAPER, Claim
from ffensembles.verdict.evidence import Evidence, Missing

HOLDS, FAILS, NOT_TESTED = "holds", "fails", "not tested"
VERDICTS = {HOLDS: "good", FAILS: "bad", NOT_TESTED: "none"}

COLUMNS = ["claim", "section", "statement", "verdict", "dataset", "true", "figures"]


def evaluate(evidence: Evidence, claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """Test every claim on every dataset that it is about.

    Returns:
        One row per claim and dataset tested (`all` for claims about all of them), or a single row
        without a dataset where nothing was tested: claim (its id), section, statement, verdict
        (of the claim, over its datasets), dataset, true (on this dataset), figures.
    """
    parts = {name: evidence.of(name) for name in evidence.datasets}
    rows: list[tuple[object, ...]] = []
    for claim in claims:
        about = (claim.id, claim.section, claim.gist)
        applicable = {name: part for name, part in parts.items() if claim.applies_to(name)}
        findings = list(_findings(claim, {"all": evidence} if claim.pooled else applicable))
        # Where the paper's own data were run, other data do not decide on what the paper says.
        decisive = [f for f in findings if f[0] in (*PAPER, "all")] or findings
        overall = HOLDS if all(true for _, true, _ in decisive) else FAILS
        rows += [(*about, overall, *finding) for finding in findings]
        if not findings:
            rows.append((*about, NOT_TESTED, "", pd.NA, ""))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"true": "boolean"})


def _findings(claim: Claim, parts: Mapping[str, Evidence]) -> Iterator[tuple[str, bool, str]]:
    for name, part in parts.items():
        try:
            true, figures = claim.check(part)
        except Missing:
            continue
        yield name, bool(true), figures


def claims_page(results: pd.DataFrame) -> str:
    """Return the verdicts as one readable HTML page that needs no other file."""
    claims = results.drop_duplicates("claim")
    counts = claims["verdict"].value_counts()
    words = ", ".join(
        f"{verdict(kind, name)} {counts.get(name, 0)}" for name, kind in VERDICTS.items()
    )
    tested = results[results["verdict"] != NOT_TESTED]
    names = ", ".join(DATASETS.get(name, name) for name in _ordered(tested["dataset"]))
    summary = (
        f"<p><strong>{len(claims)} statements of the paper: {words}.</strong></p>\n"
        f"<p>Tested on {escape(names) or 'nothing yet'}. A statement holds when it is true on "
        "every dataset tested that it is about; statements about named categories or datasets are "
        "tested only there. Wording and thresholds are ours.</p>"
    )
    if not set(PAPER) & set(results["dataset"]):
        summary += (
            "\n<p><strong>None of the paper's datasets was run.</strong> What fails here fails on "
            "other data, perhaps in smaller networks: it does not count against the paper.</p>"
        )
    rows = [_row(results[results["claim"] == claim]) for claim in claims["claim"]]
    table = html_table(["Section", "Statement", "Verdict", "Figures"], rows, text=4)
    return page("Claims: what the paper says, tested", f"{summary}\n{table}")


def _row(findings: pd.DataFrame) -> list[str]:
    first = findings.iloc[0]
    lines = [
        f"<strong>{escape(_label(finding['dataset']))}</strong>"
        f"{'' if finding['true'] else ' ✗'} {escape(finding['figures'])}"
        for finding in findings.to_dict("records")
        if finding["dataset"]
    ]
    return [
        escape(first["section"]),
        escape(first["statement"]),
        verdict(VERDICTS[first["verdict"]], first["verdict"]),
        "<br>".join(lines),
    ]


def _label(dataset: str) -> str:
    return DATASETS.get(dataset, dataset)


def _ordered(datasets: pd.Series) -> list[str]:
    found = set(datasets) - {"all"}
    known = [name for name in DATASETS if name in found]
    return [*known, *sorted(found - set(known))]
