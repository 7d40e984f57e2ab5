"""Models are trained here on tables of a few dozen patients, with few resamples and one thread: seconds, not minutes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits

from chartsift.models import learning, metrics


@pytest.fixture(scope="package", autouse=True)
def _quick() -> Iterator[None]:
    before = metrics.RESAMPLES, learning.STRENGTHS
    metrics.RESAMPLES, learning.STRENGTHS = 100, (0.1, 1.0)
    with threadpool_limits(1):
        yield
    metrics.RESAMPLES, learning.STRENGTHS = before
