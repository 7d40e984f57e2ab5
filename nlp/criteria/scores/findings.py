"""The items that are not strength: skin, swallowing, Jo-1, enzymes, biopsy features, response to treatment."""

from __future__ import annotations

from collections.abc import Sequence

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.predicates.activity import DiseaseActive
from chartsift.nlp.criteria.predicates.activity_sides import raised
from chartsift.nlp.criteria.predicates.diagnosis import standing
from chartsift.nlp.criteria.scores.reading import (
    Reading,
    absent,
    denied,
    doubtful,
    ever,
    left_out,
    plain,
    present,
    undocumented,
)
from chartsift.nlp.types import Finding

_ENZYMES = ("CK", "LDH", "AST", "ALT")
_BANDS = DiseaseActive().limits
# A rash of these at any time makes "skin clear" of another day say nothing on heliotrope or Gottron's.
_RASHES = (
    "heliotrope",
    "Gottron",
    "V_sign",
    "shawl",
    "holster",
    "periungual",
    "erythema",
    "ulcer",
    "DM_rash",
)
_RASH_DISEASES = ("DM", "CADM", "JDM")
_ANY_RASH = ("rash", "any")


def heliotrope(chart: Chart) -> Reading:
    """Read heliotrope rash."""
    return _skin(chart, chart.of("skin", ["heliotrope"]), what="heliotrope")


def gottron_papules(chart: Chart) -> Reading:
    """Read Gottron's papules; the bare name counts here, as the lower of the two weights."""
    named = _gottron(chart, "papules", "both")
    bare = _gottron(chart, "unnamed")
    if held := ever(named):
        return present(held)
    if (held := ever(bare)) and not ever(_gottron(chart, "sign", "both")):
        return present(held, "papules or sign is not said; counted once, with the lower weight")
    return _skin(chart, [*named, *denied(bare)], what="Gottron's papules")


def gottron_sign(chart: Chart) -> Reading:
    """Read Gottron's sign: macules, or erythema over the extensor side of joints."""
    bare = denied(_gottron(chart, "unnamed"))
    flat = [f for f in chart.of("skin", ["erythema"]) if f.attribute("form") == "sign"]
    return _skin(chart, [*_gottron(chart, "sign", "both"), *flat, *bare], what="Gottron's sign")


def _gottron(chart: Chart, *forms: str) -> list[Finding]:
    return [f for f in chart.of("skin", ["Gottron"]) if f.attribute("form") in forms]


def _skin(chart: Chart, findings: Sequence[Finding], *, what: str) -> Reading:
    """Return the state of a skin sign; a denial of any rash counts where the chart has no rash of the disease."""
    if held := ever(findings):
        return present(held)
    if gone := denied(findings):
        return absent(gone, "denied")
    general = denied(chart.of("skin", _ANY_RASH))
    rashes = ever(chart.of("skin", _RASHES))
    of_skin = [f for f in chart.of("diagnosis", _RASH_DISEASES) if f.assertion in ("present", "possible")]
    if general and not rashes and not of_skin:
        return absent(general, "the chart denies any rash")
    if general:
        return undocumented(
            f"{what} not mentioned; a clear skin at one visit does not deny it for the whole course",
            [*left_out(findings), *doubtful(general, "of its own day only")],
        )
    return undocumented(f"{what} not mentioned", left_out(findings))


def dysphagia(chart: Chart) -> Reading:
    """
    Read trouble swallowing or esophageal dysmotility; a change of the voice is neither.

    A study without aspiration or residue does not deny that swallowing is hard.
    """
    findings = [
        f
        for f in chart.of("function", ["swallowing"])
        if f.attribute("sign") == "" or (f.attribute("sign") == "study" and f.assertion != "absent")
    ]
    return plain(findings, what="swallowing")


def jo_1(chart: Chart) -> Reading:
    """Read anti-Jo-1; a weak positive counts only where an antisynthetase syndrome is stated."""
    mentions = chart.of("antibody", ["Jo-1"])
    positive = [f for f in mentions if f.assertion == "present" and f.attribute("result") != "weak"]
    if positive:
        return present(sorted(positive, key=lambda f: f.attribute("result") == "implied"))
    weak = [f for f in mentions if f.assertion == "present"]
    fits = any(f.concept == "ASyS" for f in standing(chart).stated)
    if weak and fits:
        return present(weak, "weakly positive, in a stated antisynthetase syndrome", flags=("jo_1_weak",))
    if weak:
        return undocumented("weakly positive only", doubtful(weak, "weakly positive"))
    if gone := [f for f in mentions if f.assertion == "absent"]:
        return absent(gone, "negative")
    panels = [
        f
        for f in chart.of("antibody_panel", assertions=["absent"])
        if f.attribute("coverage") in ("all", "MSA", "ARS")
    ]
    if panels:
        return absent(panels, "the panel is negative")
    return undocumented("no result of anti-Jo-1", left_out(mentions))


def enzymes(chart: Chart) -> Reading:
    """Read CK, LDH, AST and ALT: present when one was ever raised, absent when all four were seen and none was."""
    explained = {(f.note_id, f.concept) for f in chart.of("enzyme_cause", assertions=["present"])}
    high: list[Finding] = []
    normal: dict[str, Finding] = {}
    doubt: list[Finding] = []
    aside = []
    for name in _ENZYMES:
        values = [
            f
            for f in chart.of("lab", [name], assertions=["present", "historical"])
            if f.value is not None or f.flag
        ]
        limit = next((f.ref_high for f in values if f.ref_high is not None), None)
        band = _BANDS[name]
        for finding in values:
            verdict = raised(finding, limit, band)
            if verdict and (finding.note_id, name) in explained:
                aside += doubtful([finding], "the note gives another cause")
            elif verdict:
                high.append(finding)
            elif verdict is None:
                doubt.append(finding)
            else:
                normal.setdefault(name, finding)
    high += [f for f in chart.of("lab", ["muscle_enzymes"]) if f.assertion == "present" and f.flag == "H"]
    if high:
        return present(sorted(high, key=lambda f: (f.ref_high is None and f.flag != "H", f.value is None)))
    aside += doubtful(doubt, "no reference range, and the value decides nothing without it")
    missing = [name for name in _ENZYMES if name not in normal]
    if not missing and not aside:
        return absent(list(normal.values()), "all four were measured and none was raised")
    seen = doubtful(normal.values(), "normal, but not all four are documented")
    if normal and missing:
        return undocumented(f"never seen raised; not documented: {', '.join(missing)}", [*aside, *seen])
    return undocumented("no value above its upper limit", [*aside, *seen])


def endomysial(chart: Chart) -> Reading:
    """Read an endomysial infiltrate that surrounds fibers; invasion of fibers is another thing."""
    findings = chart.of("biopsy_feature", ["endomysial_infiltrate"])
    held = [f for f in ever(findings) if f.attribute("amount") != "scant"]
    around = [f for f in held if f.attribute("arrangement") == "surrounding"]
    inside = [f for f in held if f.attribute("arrangement") == "invading"]
    if around:
        return present(around)
    if inside:
        return absent(inside, "the infiltrate invades fibers")
    if held:
        return undocumented(
            "an endomysial infiltrate, around or inside the fibers is not said",
            doubtful(held, "its relation to the fibers is not said"),
        )
    return _no_infiltrate(chart, findings, "an endomysial infiltrate")


def perimysial(chart: Chart) -> Reading:
    """Read a perimysial or perivascular infiltrate."""
    findings = chart.of("biopsy_feature", ["perimysial_infiltrate"])
    held = [f for f in ever(findings) if f.attribute("amount") != "scant"]
    return present(held) if held else _no_infiltrate(chart, findings, "a perimysial infiltrate")


def _no_infiltrate(chart: Chart, findings: Sequence[Finding], what: str) -> Reading:
    scant = [f for f in ever(findings) if f.attribute("amount") == "scant"]
    gone = [*denied(findings), *scant]
    if gone:
        return absent(gone, "denied or scant")
    general = chart.of("biopsy_feature", ["infiltrate"])
    gone = [*denied(general), *(f for f in ever(general) if f.attribute("amount") == "scant")]
    if gone:
        return absent(gone, "the biopsy shows no inflammation")
    return undocumented(f"{what} is neither described nor denied", left_out(findings))


def perifascicular_atrophy(chart: Chart) -> Reading:
    """Read perifascicular atrophy."""
    return plain(chart.of("biopsy_feature", ["perifascicular_atrophy"]), what="perifascicular atrophy")


def rimmed_vacuoles(chart: Chart) -> Reading:
    """Read rimmed vacuoles."""
    return plain(chart.of("biopsy_feature", ["rimmed_vacuoles"]), what="rimmed vacuoles")


def treatment_response(chart: Chart) -> Reading:
    """Read a stated lack of response to treatment."""
    return plain(chart.of("classification", ["no_treatment_response"]), what="the response to treatment")


def biopsy_results(chart: Chart) -> list[Finding]:
    """Return what the chart documents of a muscle biopsy that was done; empty where none was, or none has results."""
    seen = [*chart.of("biopsy"), *chart.of("biopsy_feature")]
    return [f for f in seen if f.assertion in ("present", "absent", "historical", "possible")]
