"""The one place where a learned confidence takes that of the rules: after evaluation, before anybody sees a result."""

from __future__ import annotations

from collections.abc import Sequence

from chartsift.nlp.learned import Rater
from chartsift.nlp.types import CohortResult, NoteInfo


def rated(
    extractor: object, cohorts: Sequence[CohortResult], notes: Sequence[NoteInfo]
) -> list[CohortResult]:
    """Return *cohorts* as the rater of *extractor* sees them; unchanged where it has none."""
    rater: Rater | None = getattr(extractor, "rater", None)
    return list(cohorts) if rater is None else rater.rate(cohorts, notes)
