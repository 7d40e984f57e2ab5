"""A model in plain numbers gives what scikit-learn gives, and its use loads nothing of what trained it."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

from chartsift.models.learning import predict
from chartsift.models.linear import ALONE, LinearModel, linear_of, read_weights, write_weights
from chartsift.models.readings import bundled_readings
from chartsift.models.registry import bundled_folder
from chartsift.models.store import load, load_plain

_ARTEFACTS = sorted(bundled_folder().iterdir())


@pytest.fixture(scope="module")
def verdicts():
    """The features of every verdict of the bundled tables, and as many with numbers made at random."""
    real = [
        verdict.features
        for table in ("first", "held-out")
        for reading in bundled_readings(table)
        for verdict in reading.verdicts
    ]
    names = sorted({name for features in real for name in features} | {"unheard of"})
    draw = random.Random(6)  # noqa: S311 - made data
    made = [
        {name: draw.uniform(-50, 50) for name in draw.sample(names, draw.randrange(len(names)))}
        for _ in range(500)
    ]
    return [*real, *made]


@pytest.mark.parametrize("folder", _ARTEFACTS, ids=lambda folder: folder.name)
def test_the_sum_is_that_of_scikit_learn(folder, verdicts):
    expected = predict(load(folder).estimator, verdicts)
    plain = load_plain(folder)[ALONE]

    found = [plain.probability(features) for features in verdicts]

    assert found == pytest.approx(expected.tolist(), abs=1e-12, rel=1e-9)
    assert [round(one, 3) for one in found] == expected.round(3).tolist()


@pytest.mark.parametrize("folder", _ARTEFACTS, ids=lambda folder: folder.name)
def test_numbers_come_back_to_the_last_digit(folder):
    model = linear_of(load(folder).estimator)

    (read,) = read_weights(write_weights({ALONE: model})).values()

    assert (read.intercept, read.terms) == (model.intercept, model.terms)
    assert len(read.terms) > 100


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_sum_beyond_the_range_of_exp_is_certain(sign):
    model = LinearModel(0.0, {"x": (1.0, 1e9)})

    assert model.probability({"x": float(sign)}) == pytest.approx(float(sign > 0), abs=1e-300)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"model": 1}',
        '{"model": {"intercept": 0}}',
        '{"model": {"intercept": "x", "terms": {}}}',
        '{"model": {"intercept": NaN, "terms": {}}}',
        '{"model": {"intercept": 0, "terms": {"a": [0, 1]}}}',
        '{"model": {"intercept": 0, "terms": {"a": [1]}}}',
        '{"model": {"intercept": 0, "terms": {"a": [1, Infinity]}}}',
    ],
)
def test_what_are_no_weights_is_refused(content):
    with pytest.raises(ValueError, match=r"Expecting|no model|not finite|could not convert|not enough"):
        read_weights(content)


def test_a_model_at_work_loads_no_scikit_learn():
    (folder,) = [path for path in _ARTEFACTS if path.name.startswith("confidence-")]
    code = (
        "import json, sys; from chartsift.models.rater import load_rater; load_rater(sys.argv[1], '');"
        "print(json.dumps([name for name in ('sklearn', 'skops', 'scipy', 'pandas') if name in sys.modules]))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True, timeout=120
    )

    assert json.loads(done.stdout) == []
