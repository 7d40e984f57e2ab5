"""How far readers agree with each other and with the system, in figures, pictures and plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from chartsift.api.access import AccessDep, RoomDep, access_of
from chartsift.api.charts import interval, share
from chartsift.api.db.tables import User
from chartsift.api.pages.render import page
from chartsift.api.pages.scene import study_labels
from chartsift.api.services.agreement import KappaInterval, study_agreement
from chartsift.api.services.studies import study_of, trial_of

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)


@routes.get("/studies/{study_id}/agreement", name="agreement_page")
def agreement_page(study_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Show agreement by criterion and overrides by reader; only signed readings count."""
    with room.store.reading() as session:
        study = study_of(session, study_id)
        found = study_agreement(session, study_id)
        labels = study_labels(trial_of(study))
        names = {
            reader: session.get_one(User, reader).display_name
            for reader in {one.reviewer_id for one in found.overrides}
        }
        return page(
            "agreement.html",
            access=access,
            study=study,
            tables=[
                ("Two readers", "the two readers", "", _lines(found.readers, labels, "the two readers")),
                (
                    "Reader and system, before the reader saw the proposal",
                    "reader and system",
                    "Charts that are read blind first. This is the figure to trust.",
                    _lines(found.system_blind, labels, "reader and system"),
                ),
                (
                    "Reader and system, all signed readings",
                    "reader and system",
                    "A reader who sees a proposal agrees with it more easily.",
                    _lines(found.system, labels, "reader and system"),
                ),
            ],
            overrides=[
                {
                    "reader": names[one.reviewer_id],
                    "label": labels.get(one.criterion_id, one.criterion_id),
                    "overridden": one.overridden,
                    "verdicts": one.verdicts,
                    "picture": share(one.overridden, one.verdicts),
                }
                for one in sorted(
                    found.overrides,
                    key=lambda one: (
                        names[one.reviewer_id],
                        -one.overridden / one.verdicts,
                        one.criterion_id,
                    ),
                )
            ],
        )


def sentence(found: KappaInterval, who: str) -> str:
    """
    Say an agreement in plain words.

    >>> sentence(KappaInterval(40, 37, 0.8, 0.6, 1.0), "the two readers")
    'In 3 of 40 charts the two readers differed.'
    >>> sentence(KappaInterval(1, 1, None, None, None), "the two readers")
    'In the one chart the two readers agreed.'
    """
    differed = found.charts - found.agreed
    if found.charts == 1:
        return f"In the one chart {who} {'differed' if differed else 'agreed'}."
    if not differed:
        return f"In all {found.charts} charts {who} agreed."
    return f"In {differed} of {found.charts} charts {who} differed."


def _lines(figures: Mapping[str, KappaInterval], labels: Mapping[str, str], who: str) -> list[dict[str, Any]]:
    return [
        {
            "label": labels.get(name, name),
            "figures": found,
            "sentence": sentence(found, who),
            "picture": interval(found.low, found.kappa, found.high)
            if found.kappa is not None and found.low is not None and found.high is not None
            else None,
        }
        for name, found in figures.items()
    ]
