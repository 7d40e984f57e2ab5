"""An artefact is what was written, or it is refused before anything in it is built."""

from __future__ import annotations

import io
import json
import shutil
import zipfile

import pytest
import skops.io
from support.readings import made_readings

from chartsift.models import store
from chartsift.models.confidence import train_confidence
from chartsift.models.errors import ModelError
from chartsift.models.learning import predict


@pytest.fixture(scope="module")
def estimator():
    return train_confidence(made_readings(40), ablate=False).estimator


@pytest.fixture
def folder(estimator, tmp_path):
    return store.save(estimator, {"trained_on": {"patients": 40}}, tmp_path, kind="confidence")


def _code(folder, **wanted):
    with pytest.raises(ModelError) as caught:
        store.load(folder, **wanted)
    return caught.value.code


def _rename(folder):
    """Give a folder the name that its (changed) manifest asks for, as a careful forger would."""
    digest = store._digest((folder / store.MANIFEST).read_bytes())
    return folder.rename(folder.parent / f"confidence-{digest[:12]}")


def _rewrite(folder, **changes):
    manifest = json.loads((folder / store.MANIFEST).read_text(encoding="utf-8"))
    manifest["files"] = {name: store._digest((folder / name).read_bytes()) for name in manifest["files"]}
    (folder / store.MANIFEST).write_text(json.dumps(manifest | changes), encoding="utf-8")
    return _rename(folder)


def test_what_is_loaded_predicts_as_what_was_saved(folder, estimator):
    features = [{"verdict=age/met": 1.0}, {"single": 1.0, "unheard of": 1.0}]

    loaded = store.load(folder, kind="confidence")

    assert (predict(loaded.estimator, features) == predict(estimator, features)).all()
    assert loaded.name == folder.name


def test_the_same_model_is_the_same_bytes(estimator, tmp_path):
    one = store.save(estimator, {}, tmp_path / "one", kind="confidence")
    retrained = train_confidence(made_readings(40), ablate=False).estimator
    other = store.save(retrained, {}, tmp_path / "other", kind="confidence")

    assert one.name == other.name
    assert (one / store.MODEL).read_bytes() == (other / store.MODEL).read_bytes()


@pytest.mark.parametrize("name", [store.MODEL, store.WEIGHTS, store.CARD, store.MANIFEST])
def test_a_flipped_bit_is_refused(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)

    assert _code(folder) in ("MO511", "MO512")
    with pytest.raises(ModelError) as caught:
        store.load_plain(folder)
    assert caught.value.code in ("MO511", "MO512")


@pytest.mark.parametrize("name", [store.MODEL, store.WEIGHTS, store.CARD])
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()

    assert _code(folder) == "MO512"


def test_an_added_file_is_refused(folder):
    (folder / "extra.py").write_text("pass", encoding="utf-8")

    assert _code(folder) == "MO512"


def test_another_artefact_under_a_trusted_name_is_refused(folder, estimator, tmp_path):
    digest = store.load(folder).digest
    other = store.save(estimator, {"other": True}, tmp_path / "other", kind="confidence")
    shutil.rmtree(folder)
    other.rename(folder)

    assert _code(folder, digest=digest) == "MO512"


def test_a_consistent_forgery_has_another_digest_than_was_promoted(folder):
    digest = store.load(folder).digest

    assert _code(_rewrite(folder, strength=9), digest=digest) == "MO512"


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 99},
        {"features": 99},
        {"libraries": {"scikit-learn": "0.24.2"}},
        {"libraries": {}},
        {"kind": "oracle"},
    ],
    ids=["format", "features", "scikit-learn", "no library", "kind"],
)
def test_another_version_is_refused(folder, changes):
    changed = _rewrite(folder, **changes)
    if "kind" in changes:
        changed = changed.rename(changed.parent / changed.name.replace("confidence", "oracle"))

    assert _code(changed) == "MO513"


def test_another_kind_is_refused(folder):
    assert _code(folder, kind="ranking") == "MO515"


def test_what_is_no_artefact_is_refused(tmp_path):
    assert _code(tmp_path / "confidence-000000000000") == "MO511"
    (tmp_path / "confidence-1").mkdir()
    (tmp_path / "confidence-1" / store.MANIFEST).write_text("[]", encoding="utf-8")
    assert _code(tmp_path / "confidence-1") == "MO511"


def _with_model(folder, content):
    (folder / store.MODEL).write_bytes(content)
    return _rewrite(folder)


def test_types_that_are_not_ours_are_refused(folder):
    from sklearn.tree import DecisionTreeClassifier

    changed = _with_model(folder, skops.io.dumps(DecisionTreeClassifier()))

    assert _code(changed) == "MO514"


def test_a_function_in_the_model_is_refused_before_it_is_built(folder):
    import operator

    changed = _with_model(folder, skops.io.dumps({"call": operator.methodcaller("upper")}))

    assert _code(changed) == "MO514"


@pytest.mark.parametrize("content", [b"", b"not a zip", b"\x80\x04."], ids=["empty", "text", "pickle"])
def test_what_is_not_in_the_format_is_refused(folder, content):
    assert _code(_with_model(folder, content)) == "MO514"


def test_a_loader_of_functions_with_a_harmless_name_is_refused(folder):
    schema = {"__class__": "dict", "__module__": "builtins", "__loader__": "FunctionNode", "content": {}}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))

    assert _code(_with_model(folder, made.getvalue())) == "MO514"


def test_plain_numbers_of_another_model_are_refused(folder):
    weights = json.loads((folder / store.WEIGHTS).read_text(encoding="utf-8"))
    weights["model"]["intercept"] += 1
    (folder / store.WEIGHTS).write_text(json.dumps(weights), encoding="utf-8")

    assert _code(_rewrite(folder)) == "MO514"


@pytest.mark.parametrize("content", ["", "{}", '{"model": {"intercept": "x"}}'])
def test_plain_numbers_that_cannot_be_read_are_refused(folder, content):
    (folder / store.WEIGHTS).write_text(content, encoding="utf-8")

    with pytest.raises(ModelError) as caught:
        store.load_plain(_rewrite(folder))
    assert caught.value.code == "MO514"


def test_an_artefact_of_an_earlier_release_has_its_numbers_taken_from_the_model(folder, estimator):
    (folder / store.WEIGHTS).unlink()
    manifest = json.loads((folder / store.MANIFEST).read_text(encoding="utf-8"))
    del manifest["files"][store.WEIGHTS]
    (folder / store.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    features = {"verdict=age/met": 1.0}

    (plain,) = store.load_plain(_rename(folder), kind="confidence").values()

    assert plain.probability(features) == pytest.approx(predict(estimator, [features])[0], rel=1e-12)


def test_plain_numbers_of_another_kind_are_refused(folder):
    with pytest.raises(ModelError) as caught:
        store.load_plain(folder, kind="ranking")
    assert caught.value.code == "MO515"


def test_nothing_in_the_package_reads_pickles(checkout):
    code = "".join(path.read_text(encoding="utf-8") for path in (checkout / "models").glob("*.py"))

    assert "import pickle" not in code
    assert "joblib" not in code
