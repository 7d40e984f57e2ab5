"""The demonstration: sample charts, a study, and an account for each part that is played in it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from chartsift.api.db.store import Store
from chartsift.api.intake import sample_charts
from chartsift.api.screener import Screener
from chartsift.api.services import accounts, charts, evaluation, studies
from chartsift.api.settings import Settings

_PEOPLE = (
    ("demo", "Demo Reader", "reviewer"),
    ("second", "Second Reader", "reviewer"),
    ("judge", "Demo Adjudicator", "adjudicator"),
    ("manager", "Demo Manager", "trial_manager"),
)


@dataclass(frozen=True, slots=True)
class Demo:
    """What to sign in with, and where."""

    names: tuple[str, ...]
    password: str
    study_id: str


def fill(store: Store, screener: Screener, settings: Settings) -> Demo:
    """
    Put the sample charts and the accounts into an empty room.

    The password is made anew each time: even for an hour, on this machine, there is no known one.
    """
    password = f"demo-{secrets.token_hex(6)}"
    trial = screener.trial(settings.trial)
    with store.writing() as session:
        study = studies.create_study(session, title=trial.title, trial=trial)
        for name, shown, role in _PEOPLE:
            user = accounts.add_user(session, name, password=password, display_name=shown)
            studies.set_member(session, study.id, user.id, role, actor_id=user.id)
        study_id = study.id
        added = []
        for chart in sample_charts(settings).charts:
            patient = charts.add_patient(session, study, chart.patient)
            for note in chart.notes:
                charts.add_note(session, patient, note)
            added.append(patient.id)
    for patient_id in added:
        evaluation.evaluate_patient(store, screener, study_id, patient_id)
    return Demo(tuple(name for name, _, _ in _PEOPLE), password, study_id)
