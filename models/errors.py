"""
The coded errors of learned models (codes MO5xx).

As everywhere, ``message`` and ``hint`` hold no note text and no identifier of a patient.
"""

from __future__ import annotations

from chartsift.nlp.errors import ChartsiftError


class ModelError(ChartsiftError):
    """A model cannot be trained, trusted, loaded or put into use."""

    exit_status = 10
