"""The claims put to the test: a verdict for each, and a page to read them on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from ffensembles.paper.claims.catalogue import CLAIMS
from ffensembles.paper.claims.claim import Claim, Finding
from ffensembles.paper.claims.evidence import PAPER, Evidence, Missing, Undefined
from ffensembles.paper.tables.departures import Departure
from ffensembles.paper.tables.notes import in_words
from ffensembles.printing.names import DATASETS, MODELS
from ffensembles.printing.pages import render

log = logging.getLogger(__name__)

HOLDS, FAILS, NOT_TESTED = "holds", "fails", "not tested"
VERDICTS = {HOLDS: "good", FAILS: "bad", NOT_TESTED: "none"}

# An untrained network meets some statements too, such as those on what a linear probe reads: they
# are true only of models that classify better than guessing, by this factor.
LEARNED = 2.0

COLUMNS = ["claim", "section", "statement", "verdict", "dataset", "true", "figures", "departures"]


def evaluate(
    evidence: Evidence, claims: Sequence[Claim] = CLAIMS, departures: Sequence[Departure] = ()
) -> pd.DataFrame:
    """Test every claim on every dataset that it is about.

    Args:
        evidence: what there is to test them on.
        claims: those to test.
        departures: what of the evidence was not trained as the paper says.

    Returns:
        One row per claim and dataset tested (`all` for claims about all of them), or a single row
        without a dataset where nothing was tested: claim (its id), section, statement, verdict
        (of the claim, over its datasets), dataset, true (on this dataset; missing where it cannot
        be said), figures (or why not), departures (in words, of the experiments on this dataset).
    """
    rows: list[tuple[object, ...]] = []
    for claim in claims:
        about = (claim.id, claim.section, claim.statement, "")
        findings = list(_findings(claim, _parts(claim, evidence)))
        rows += [(*about, *f, _departed(f[0], departures)) for f in findings]
        if not findings:
            rows.append((*about, "", pd.NA, "", ""))
    return with_verdicts(pd.DataFrame(rows, columns=COLUMNS).astype({"true": "boolean"}))


def with_verdicts(findings: pd.DataFrame) -> pd.DataFrame:
    """Give each claim its verdict, over what it was tested on; of one not tested keep one row.

    A row that says why it could not be tested stays. Where the paper's own data were run, other
    data do not decide on what the paper says.
    """
    parts = []
    for _, rows in findings.groupby("claim", sort=False):
        tested = rows[rows["true"].notna()]
        decisive = tested[tested["dataset"].isin([*PAPER, "all"])]
        holds = (tested if decisive.empty else decisive)["true"].all()
        said = rows[rows["true"].notna() | rows["figures"].fillna("").ne("")]
        verdict = NOT_TESTED if tested.empty else HOLDS if holds else FAILS
        parts.append((rows.head(1) if said.empty else said).assign(verdict=verdict))
    return pd.concat(parts, ignore_index=True)


def _parts(claim: Claim, evidence: Evidence) -> dict[str, Evidence]:
    """Return what a claim is tested on: each dataset that it is about, or `all` of them at once.

    Where there are some of the paper's datasets, a claim about all is tested on these alone, and
    only where none is missing: of some of them the paper says nothing.
    """
    datasets = evidence.datasets
    if not claim.pooled:
        return {name: evidence.of(name) for name in datasets if claim.applies_to(name)}
    papers = set(PAPER) & set(datasets)
    if papers or claim.named:
        return {"all": evidence.of(*PAPER)} if len(papers) == len(PAPER) else {}
    return {"all": evidence} if datasets else {}


def _findings(claim: Claim, parts: Mapping[str, Evidence]) -> Iterator[tuple[str, object, str]]:
    for name, part in parts.items():
        try:
            true, figures = _tested(claim, part.alive)
        except Missing:
            if not part.dead.empty and _can_be_tested(claim, part):
                yield name, pd.NA, f"cannot be tested: {_names_of_dead(part)}"
        except Exception as error:  # one claim must not end the others
            log.warning("%s cannot be tested on %s: %s", claim.id, name, error)
            log.debug("%s", claim.id, exc_info=True)
            yield name, pd.NA, f"cannot be tested: {error}"
        else:
            yield name, bool(true), figures


def _tested(claim: Claim, evidence: Evidence) -> Finding:
    with np.errstate(divide="raise", invalid="raise"):
        return _guesses(claim, evidence) or claim.check(evidence)


def _can_be_tested(claim: Claim, evidence: Evidence) -> bool:
    """Say whether a claim would be tested if dead runs counted."""
    try:
        _tested(claim, evidence)
    except Missing as missing:
        return isinstance(missing, Undefined)
    except Exception:
        return True
    return True


def _names_of_dead(evidence: Evidence) -> str:
    models = evidence.dead.drop_duplicates(["dataset", "model", "study"])
    named = [f"{MODELS[str(row.model)]} in study {row.study}" for row in models.itertuples()]
    return f"a layer answers no image, or all alike, in {', '.join(named)}"


def _departed(dataset: str, departures: Sequence[Departure]) -> str:
    return in_words(each for each in departures if dataset in (each[0], "all"))


def _guesses(claim: Claim, evidence: Evidence) -> Finding | None:
    """Say that a claim is not true where a model that it needs to have learned has not."""
    for model in claim.learned:
        accuracy = evidence.accuracy(model)
        if accuracy < LEARNED / len(evidence.categories("sparsity")):
            return False, f"{MODELS[model]} has learned nothing: its accuracy is {accuracy:.3f}"
    return None


def claims_page(results: pd.DataFrame, notes: Sequence[str] = ()) -> str:
    """Return the verdicts as one readable HTML page that needs no other file.

    `notes` say what of ours is not what its name promises.
    """
    counts = results.drop_duplicates("claim")["verdict"].value_counts()
    tested = results[results["verdict"] != NOT_TESTED]
    return render(
        "claims.html.j2",
        notes=notes,
        counts=[(word, kind, counts.get(word, 0)) for word, kind in VERDICTS.items()],
        datasets=[name for key, name in DATASETS.items() if key in set(tested["dataset"])],
        of_the_paper=bool(set(PAPER) & set(results["dataset"])),
        claims=[_claim(findings) for _, findings in results.groupby("claim", sort=False)],
    )


def _claim(findings: pd.DataFrame) -> dict[str, object]:
    """Return what the page says of a claim; its findings only where it was tested."""
    first = findings.iloc[0]
    return {
        **first[["section", "statement", "verdict"]],
        "kind": VERDICTS[first["verdict"]],
        "findings": [
            {
                **finding,
                "dataset": DATASETS.get(finding["dataset"], finding["dataset"]),
                "mark": "" if finding["true"] is not False else " ✗",
            }
            for finding in findings.to_dict("records")
            if finding["dataset"]
        ],
    }
