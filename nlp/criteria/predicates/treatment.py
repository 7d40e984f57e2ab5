"""Earlier or current treatment of the myositis."""

from __future__ import annotations

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, silent, true, unknown
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence, Finding

_SHOWN = 8


class TreatedBefore(Parameters):
    """
    Parameters of ``treated_before``.

    Attributes:
        classes: Classes of medicine that count as treatment. The default is that of the annotation guidelines
            (glucocorticoid, immunosuppressant, IVIG, biologic), with JAK inhibitors and antimalarials, which are
            used to the same end; plasma exchange by itself is left out.
    """

    classes: tuple[str, ...] = (
        "glucocorticoid",
        "immunosuppressant",
        "ivig",
        "biologic",
        "jak",
        "antimalarial",
        "unspecified",
    )


@predicate("treated_before", TreatedBefore)
def treated_before(chart: Chart, given: TreatedBefore) -> Outcome:
    """A medicine for the myositis given, now or ever."""
    if not names_myositis(chart):
        # Prednisone for a lung or a joint is no treatment of a disease that the chart never names.
        others = chart.of("treatment")[:_SHOWN]
        return silent(
            "treatment", evidence=[evidence(f, "set_aside", "the chart names no myositis") for f in others]
        )
    taken: list[Finding] = []
    aside: list[Evidence] = []
    against: list[Finding] = []
    for finding in chart.of("treatment"):
        reason = _reason(finding, given)
        if finding.assertion == "absent" and not reason:
            against.append(finding)
        elif reason:
            aside.append(evidence(finding, "set_aside", reason))
        else:
            taken.append(finding)
    taken.sort(
        key=lambda f: (
            f.attribute("copied") != "",
            -f.date.toordinal(),
            f.attribute("source") not in _BEST,
            f.start,
        )
    )
    if taken:
        names = ", ".join(dict.fromkeys(f.concept.replace("_", " ") for f in taken[:_SHOWN]))
        return true([*(evidence(f, "for") for f in taken[:_SHOWN]), *aside[:_SHOWN]], f"treated with {names}")
    if against or aside:
        naive = [f for f in against if f.concept == "none"]
        reason = (
            "the chart says that no treatment was given"
            if naive
            else "no treatment was given yet by what the chart says"
        )
        shown = [*(evidence(f, "against") for f in (naive or against)[:_SHOWN]), *aside[:_SHOWN]]
        return unknown(shown, reason, next_step="Ask which treatments of the myositis were given, and when.")
    return silent("treatment", next_step="Ask which treatments of the myositis were given, and when.")


def names_myositis(chart: Chart) -> bool:
    """
    Say whether a myositis of the patient is in question: named, suspected or past, or spoken of by its own signs.

    An antibody that is not negative, a sign such as heliotrope, a manual muscle test and an irritable EMG speak of one.
    """
    return chart.once(_names_myositis, None)


def _names_myositis(chart: Chart, _: None) -> bool:
    held = ("present", "possible", "historical", "hypothetical")
    return (
        bool(chart.of("diagnosis", assertions=held))
        or bool(chart.of("antibody", assertions=("present", "possible")))
        or any(f.attribute("specific") == "yes" for f in chart.of("skin", assertions=held))
        or bool(chart.of("strength", ["MMT", "CMAS"]))
        or any(chart.of(kind, ["active"], assertions=["present"]) for kind in ("biopsy", "imaging", "emg"))
    )


# Sections where a treatment is told as a fact of the myositis.
_BEST = ("assessment", "treatment_history", "medications", "hpi")


def _reason(finding: Finding, given: TreatedBefore) -> str:
    """Return why a mention does not count; empty where it does (or denies)."""
    if finding.assertion == "family":
        return "someone else's"
    if finding.assertion in ("hypothetical", "possible"):
        return "planned or discussed"
    if finding.attribute("class") not in (*given.classes, "none"):
        return "not of a class that counts"
    if finding.attribute("indication"):
        return f"given for something else: {finding.attribute('indication')}"
    if finding.attribute("source") == "allergies":
        return "from an allergy list"
    return ""
