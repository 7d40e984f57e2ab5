"""A site can make the form from the dictionary, fill it from the log, and open both in a spreadsheet without harm."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import replace
from datetime import date

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fake_pipeline import FakePipeline
from support.finished_run import note, run_of_notes, run_of_samples

from chartsift.nlp.criteria import available_trials, load_trial
from chartsift.nlp.screening.manifest import trial_facts
from chartsift.nlp.screening.writers import write_exports
from chartsift.nlp.screening.writers.redcap import (
    DICTIONARY_COLUMNS,
    MAX_FIELD,
    coded_criteria,
    dictionary_rows,
    guarded,
    load_reasons,
    record_id,
)

FIELD_TYPES = {
    "text",
    "notes",
    "radio",
    "dropdown",
    "checkbox",
    "calc",
    "yesno",
    "truefalse",
    "descriptive",
    "slider",
    "file",
}
FORMULA = re.compile(r"^[=+\-@\t\r]")


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def export(results):
    folder = write_exports(results, ["redcap"])[0].folder
    return folder, read(folder / "data_dictionary.csv"), read(folder / "screening_log.csv")


@pytest.fixture(scope="module")
def sample(tmp_path_factory, pipeline):
    results = run_of_samples(tmp_path_factory.mktemp("redcap") / "out", pipeline)
    return results, *export(results)


def choices(row) -> dict[str, str]:
    """The choices of a field as REDCap reads them: cut at bars, the code before the first comma."""
    pairs = [part.split(",", 1) for part in row["Choices, Calculations, OR Slider Labels"].split("|")]
    return {code.strip(): label.strip() for code, label in pairs}


def check_dictionary(rows):
    """Hold a dictionary against the rules of REDCap."""
    names = [row["Variable / Field Name"] for row in rows]
    assert names[0] == "record_id"
    assert len(set(names)) == len(names)
    for row in rows:
        name, kind = row["Variable / Field Name"], row["Field Type"]
        assert re.fullmatch(r"[a-z](_?[a-z0-9])*", name), name
        assert len(name) <= MAX_FIELD, name
        assert row["Form Name"] == "screening_log"
        assert kind in FIELD_TYPES
        assert row["Field Label"]
        assert bool(row["Choices, Calculations, OR Slider Labels"]) == (
            kind in {"radio", "dropdown", "checkbox"}
        )
        if row["Choices, Calculations, OR Slider Labels"]:
            found = choices(row)
            assert len(found) == len(row["Choices, Calculations, OR Slider Labels"].split("|"))
            assert all(
                re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", code) and label for code, label in found.items()
            )
        assert row["Text Validation Type OR Show Slider Number"] in {"", "date_ymd", "integer", "number"}
        assert kind == "text" or not row["Text Validation Type OR Show Slider Number"]
        for field in re.findall(r"\[(\w+)\]", row["Branching Logic (Show field only if...)"]):
            assert field in names


def check_log(dictionary, log):
    """Hold a log against its dictionary, as the import of REDCap does."""
    fields = {row["Variable / Field Name"]: row for row in dictionary}
    for record in log:
        for column, value in record.items():
            name, _, code = column.partition("___")
            row = fields[name]
            assert not FORMULA.match(value)
            assert "\n" not in value
            assert "\r" not in value
            if row["Field Type"] == "checkbox":
                assert code in choices(row)
                assert value in {"0", "1"}
            elif value and row["Field Type"] in {"radio", "dropdown"}:
                assert value in choices(row)
            elif value and row["Text Validation Type OR Show Slider Number"] == "date_ymd":
                assert date.fromisoformat(value).isoformat() == value
            elif value and row["Text Validation Type OR Show Slider Number"] == "integer":
                assert value.isdigit()
            elif value and row["Text Validation Type OR Show Slider Number"] == "number":
                assert re.fullmatch(r"\d+(\.\d+)?", value)


def test_the_dictionary_has_the_columns_of_redcap_and_keeps_its_rules(sample):
    _, folder, dictionary, _ = sample

    header = next(csv.reader((folder / "data_dictionary.csv").read_text(encoding="utf-8").splitlines()))
    assert tuple(header) == DICTIONARY_COLUMNS
    assert len(header) == 18
    check_dictionary(dictionary)


def test_the_log_fits_the_dictionary(sample):
    results, _, dictionary, log = sample

    assert len(log) == results.manifest["counts"]["patients_screened"]
    check_log(dictionary, log)


def test_a_criterion_that_differs_between_cohorts_is_named_for_both(sample):
    _, _, dictionary, _ = sample
    row = next(row for row in dictionary if row["Variable / Field Name"] == "age_st")

    assert row["Section Header"] == "Age 18-75 / Age 6-17 (inclusion)"


def test_what_a_person_enters_is_not_imported(sample):
    _, _, dictionary, log = sample
    by_hand = {"reviewed_by", "review_date", "final_status", "final_reason", "review_comment"}

    assert by_hand <= {row["Variable / Field Name"] for row in dictionary}
    assert by_hand.isdisjoint(log[0])
    assert "screening_log_complete" not in log[0]


def test_failures_and_open_questions_are_those_of_the_run(sample):
    results, folder, _, log = sample
    code_of = {row["criterion_id"]: row["code"] for row in read(folder / "failure_codes.csv")}
    cohorts = {
        row["patient_id"]: row
        for row in pq.read_table(results.path("cohorts")).to_pylist()
        if row["applicable"]
    }
    failed, unknown = {}, {}
    for row in pq.read_table(results.path("criteria")).to_pylist():
        patient = row["patient_id"]
        if row["cohort_id"] != cohorts[patient]["cohort_id"]:
            continue
        if row["status"] == ("not_met" if row["kind"] == "inclusion" else "met"):
            failed.setdefault(patient, []).append(code_of[row["criterion_id"]])
        if row["status"] == "unknown" and row["basis"] != "judgement":
            unknown.setdefault(patient, set()).add(code_of[row["criterion_id"]])

    def ticked(record, field):
        return {
            name.partition("___")[2]
            for name, value in record.items()
            if name.startswith(f"{field}___") and value == "1"
        }

    assert Counter(record["screen_status"] for record in log) == {"1": 3, "2": 10, "3": 5}
    for record in log:
        patient = record["patient_id"]
        assert (
            record["screen_status"]
            == {"eligible": "1", "ineligible": "2", "undetermined": "3"}[cohorts[patient]["status"]]
        )
        assert ticked(record, "fail_reasons") == set(failed.get(patient, []))
        assert record["fail_primary"] == (failed[patient][0] if patient in failed else "")
        assert ticked(record, "open_criteria") == unknown.get(patient, set())
        assert record["screen_date"] == cohorts[patient]["as_of"].isoformat()


def test_deciding_words_are_of_the_side_that_decided(sample):
    _, _, _, log = sample
    record = next(record for record in log if record["patient_id"] == "S-02")

    assert record["prior_car_t_st"] == "1"
    assert record["prior_car_t_quote"] == "Axicabtagene ciloleucel infused 6/17/2021."
    assert (record["prior_car_t_note"], record["prior_car_t_qdate"]) == ("c", "2025-01-20")


@pytest.mark.parametrize("name", available_trials())
def test_the_dictionary_of_every_trial_keeps_the_rules(name):
    facts = trial_facts(load_trial(name))
    criteria = coded_criteria(facts)

    check_dictionary(
        [dict(zip(DICTIONARY_COLUMNS, row, strict=True)) for row in dictionary_rows(facts, criteria)]
    )
    assert {c.criterion_id for c in criteria} <= load_reasons().keys()


def test_codes_and_fields_of_the_list_are_one_each():
    reasons = load_reasons().values()

    assert len({reason.code for reason in reasons}) == len(reasons)
    assert len({reason.field for reason in reasons}) == len(reasons)


def test_codes_say_inclusion_or_exclusion():
    for name in available_trials():
        for criterion in coded_criteria(trial_facts(load_trial(name))):
            assert criterion.code[0] == {"inclusion": "1", "exclusion": "2"}[criterion.kind]


def test_a_criterion_that_is_not_listed_has_its_own_name_for_a_code():
    names = [
        "fever",
        "Very long Name of | a Criterion, with -- marks",
        "very_long_name_of_a_criterion_with_marks",
        "9th",
        "é",
    ]
    facts = {
        "trial_id": "t",
        "cohorts": [
            {
                "cohort_id": "Adult & old",
                "label": "A | B, <18>",
                "criteria": [
                    {"criterion_id": n, "kind": "inclusion", "label": f"={n}", "summary": n} for n in names
                ],
            }
        ],
    }
    criteria = coded_criteria(facts)
    rows = [dict(zip(DICTIONARY_COLUMNS, row, strict=True)) for row in dictionary_rows(facts, criteria)]

    check_dictionary(rows)
    assert criteria[0].code == criteria[0].field == "fever"
    assert len({c.code for c in criteria}) == len({c.field for c in criteria}) == len(names)


class Whole(FakePipeline):
    """Quotes the whole note."""

    def extract(self, note):
        return [replace(f, start=0, end=len(note.text), text=note.text) for f in super().extract(note)]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r\n@", " -", "\x00="[1:]])
def test_no_cell_begins_a_formula_or_breaks_a_line(tmp_path, start):
    text = f'{start}HYPERLINK("x")\r\n"CAR T",\u2028next 😀 ' + "z" * 900
    results = run_of_notes(tmp_path, [note(f"={start.strip()}P", f"{start.strip()}n", text)], pipeline=Whole)

    folder, dictionary, log = export(results)

    check_log(dictionary, log)
    assert log[0]["prior_car_t_st"] == "1"
    assert log[0]["prior_car_t_quote"].startswith("'")
    assert len(log[0]["prior_car_t_quote"]) <= 501
    assert len((folder / "screening_log.csv").read_text(encoding="utf-8").splitlines()) == 2


@given(st.text())
def test_a_guarded_cell_is_one_line_and_no_formula(text):
    cell = guarded(text)

    assert not FORMULA.match(cell)
    assert len(cell.splitlines()) <= 1


def test_records_are_the_same_in_every_run_and_hold_no_number_of_the_hospital():
    assert record_id("reset-myositis", "MRN-0042") == record_id("reset-myositis", "MRN-0042")
    assert record_id("reset-myositis", "MRN-0042") != record_id("triton", "MRN-0042")
    assert re.fullmatch(r"CS-[0-9a-f]{16}", record_id("reset-myositis", "MRN-0042 & sons'"))
