"""Fixtures that several folders of tests need; anything more particular stays beside its tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Two workers share the cores, so a slow example says nothing about the code: no deadline.
settings.register_profile("chartsift", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chartsift")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder of pyproject.toml."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def pipeline():
    """The pipeline with its default configuration, built once a session (it takes seconds)."""
    from chartsift.nlp.pipeline import build_pipeline

    return build_pipeline()
