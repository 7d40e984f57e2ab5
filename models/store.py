"""
Artefacts: a trained model as a folder that can be checked before it is trusted.

A folder is named ``<kind>-<first 12 digits of the digest of its manifest>`` and holds

- ``manifest.json``: what it is, what it was trained on, which libraries wrote it, its figures, and the digest of each
  other file;
- ``model.skops``: the estimator, in a format that loads without running code of the file;
- ``weights.json``: the same model as plain numbers, which is all that its use needs (``models.linear``);
- ``card.md`` and pictures: for people, made from the manifest.

Loading checks the name against the manifest, the manifest against the files, versions against the running ones, and
every type in the model against a short list; whatever fails is refused before the model is built.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from chartsift.models.errors import ModelError
from chartsift.models.linear import LinearModel, linear_models, read_weights, write_weights
from chartsift.models.verdict_features import FEATURES_VERSION

FORMAT: Final = 1
KINDS: Final = ("confidence", "ranking", "assertion", "relevance")
MANIFEST: Final = "manifest.json"
MODEL: Final = "model.skops"
WEIGHTS: Final = "weights.json"
CARD: Final = "card.md"
_DIGITS: Final = 12
# A model is read by the release series of scikit-learn that wrote it: attributes change between them.
_LIBRARIES: Final = ("scikit-learn", "skops", "numpy")
_SAME_SERIES: Final = ("scikit-learn",)
# Models of this size are not ours; it stops a file that unpacks to more than memory holds.
_LARGEST: Final = 64 * 1024 * 1024
# The readers of skops that our estimators need. Those of functions, methods and operators have been ways in
# (CVE-2025-54412, CVE-2025-54413).
_LOADERS: Final = frozenset(
    ("DictNode", "JsonNode", "ListNode", "NdArrayNode", "ObjectNode", "TupleNode", "TypeNode")
)
# Everything that our estimators consist of. skops trusts all of scikit-learn by itself, which is more than is needed.
_TYPES: Final = frozenset(
    {
        "builtins.dict",
        "builtins.float",
        "builtins.int",
        "builtins.list",
        "builtins.str",
        "builtins.tuple",
        "numpy.float64",
        "numpy.ndarray",
        "sklearn.feature_extraction._dict_vectorizer.DictVectorizer",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.MaxAbsScaler",
    }
)


@dataclass(frozen=True, slots=True)
class Artefact:
    """
    A checked artefact.

    Attributes:
        folder: Where it lies.
        manifest: Its manifest.
        estimator: The fitted estimator.
    """

    folder: Path
    manifest: Mapping[str, Any]
    estimator: Any

    @property
    def name(self) -> str:
        """The name that holds kind and digest, "confidence-0123456789ab"."""
        return self.folder.name

    @property
    def kind(self) -> str:
        """What it models."""
        return str(self.manifest["kind"])

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest, and so of everything in the folder."""
        return _digest((self.folder / MANIFEST).read_bytes())


def save(
    estimator: Any,
    facts: Mapping[str, Any],
    into: Path,
    *,
    kind: str,
    others: Mapping[str, str] | None = None,
) -> Path:
    """
    Write an artefact below *into* and return its folder.

    Args:
        estimator: What was fitted.
        facts: Whatever the manifest shall hold besides: training data, figures, thresholds. No note text.
        into: Folder of artefacts; made if missing.
        kind: One of ``KINDS``.
        others: Further text files by name, such as the card.

    Raises:
        ModelError: the folder cannot be written (MO510).
    """
    import skops.io  # noqa: PLC0415 - with scikit-learn behind it, which only training and checking need

    from chartsift.models.cards import card_of  # noqa: PLC0415 - the card describes the manifest made here

    model = _settled(skops.io.dumps(estimator))
    files = {name: text.encode("utf-8") for name, text in (others or {}).items()}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "kind": kind,
        "features": FEATURES_VERSION,
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        "chartsift": metadata.version("chartsift"),
        **facts,
    }
    files[CARD] = card_of(manifest).encode("utf-8")
    files[MODEL] = model
    files[WEIGHTS] = write_weights(linear_models(estimator)).encode("utf-8")
    manifest["files"] = {name: _digest(content) for name, content in sorted(files.items())}
    content = (json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")
    folder = into / f"{kind}-{_digest(content)[:_DIGITS]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in (*files.items(), (MANIFEST, content)):
            (folder / name).write_bytes(data)
    except OSError as exc:
        raise ModelError("MO510", f"{folder}: cannot be written ({exc.strerror})") from exc
    return folder


def load(folder: Path, *, kind: str = "", digest: str = "") -> Artefact:
    """
    Check an artefact and load it, with all that its training needs; ``load_plain`` is for its use.

    Args:
        folder: The artefact.
        kind: The kind that is wanted; any when empty.
        digest: The digest that it had when it was put into use; any when empty.

    Raises:
        ModelError: it is not there or no artefact (MO511), has been changed (MO512), was written by other versions
            (MO513), holds types that are not trusted, or other plain numbers than its model (MO514), or is of
            another kind (MO515).
    """
    import skops.io  # noqa: PLC0415 - see save

    manifest = _verify_kind(folder, kind=kind, digest=digest)
    content = (folder / MODEL).read_bytes()
    unknown = sorted(set(_types_in(folder, content)) - _TYPES)
    if unknown:
        raise ModelError(
            "MO514",
            f"{folder.name}: holds types that are not trusted: {', '.join(unknown[:3])}",
            hint="do not use it; train a model of your own",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            estimator = skops.io.loads(content, trusted=[])
    except Exception as exc:
        # Whatever a file makes the reader raise, the file is at fault; its message may quote the file.
        raise ModelError(
            "MO514", f"{folder.name}: cannot be loaded safely ({type(exc).__name__})", hint="train it anew"
        ) from exc
    if WEIGHTS in manifest["files"] and _weights_text(folder) != write_weights(linear_models(estimator)):
        raise ModelError(
            "MO514",
            f"{folder.name}: {WEIGHTS} is not its model in numbers",
            hint="do not use it; train a model of your own",
        )
    return Artefact(folder, manifest, estimator)


def load_plain(folder: Path, *, kind: str = "", digest: str = "") -> dict[str, LinearModel]:
    """
    Check an artefact and return what its use needs, without scikit-learn: its models in plain numbers, by name.

    That the numbers are those of ``model.skops`` was checked by ``load`` before the artefact was put into use, and the
    digest holds both files. One that an earlier release wrote has no plain numbers and is loaded in full.

    Raises:
        ModelError: as ``load``.
    """
    manifest = _verify_kind(folder, kind=kind, digest=digest)
    if WEIGHTS not in manifest["files"]:
        return linear_models(load(folder, kind=kind, digest=digest).estimator)
    try:
        return read_weights(_weights_text(folder))
    except ValueError as exc:
        raise ModelError(
            "MO514", f"{folder.name}: {WEIGHTS} cannot be read ({type(exc).__name__})", hint="train it anew"
        ) from exc


def _verify_kind(folder: Path, *, kind: str, digest: str) -> Mapping[str, Any]:
    manifest = verify(folder, digest=digest)
    if kind and manifest["kind"] != kind:
        raise ModelError("MO515", f"{folder.name}: is a model of {manifest['kind']}, not of {kind}")
    return manifest


def _weights_text(folder: Path) -> str:
    return (folder / WEIGHTS).read_bytes().decode("utf-8", "replace")


def verify(folder: Path, *, digest: str = "") -> Mapping[str, Any]:
    """Check digests and versions of an artefact without loading its model; return the manifest. Raises as ``load``."""
    try:
        content = (folder / MANIFEST).read_bytes()
        manifest = json.loads(content)
        files = dict(manifest["files"])
        libraries, kind = dict(manifest["libraries"]), str(manifest["kind"])
        version, features = int(manifest["format"]), int(manifest["features"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ModelError(
            "MO511",
            f"{folder.name}: is no artefact ({type(exc).__name__})",
            hint="see 'chartsift model list'",
        ) from exc
    found = _digest(content)
    if folder.name != f"{kind}-{found[:_DIGITS]}" or (digest and digest != found):
        raise _changed(folder, MANIFEST)
    for name, expected in files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file() or path.stat().st_size > _LARGEST:
            raise _changed(folder, name)
        if _digest(path.read_bytes()) != expected:
            raise _changed(folder, name)
    if MODEL not in files:
        raise _changed(folder, MODEL)
    extra = sorted(path.name for path in folder.iterdir() if path.name not in {*files, MANIFEST})
    if extra:
        raise _changed(folder, "an added file")
    _check_versions(folder, version, features, kind, libraries)
    return dict(manifest)


def _check_versions(
    folder: Path, version: int, features: int, kind: str, libraries: Mapping[str, str]
) -> None:
    if version != FORMAT or features != FEATURES_VERSION or kind not in KINDS:
        raise ModelError(
            "MO513", f"{folder.name}: was written by another version of chartsift", hint="train it anew"
        )
    for name in _SAME_SERIES:
        here, there = metadata.version(name), str(libraries.get(name, ""))
        if _series(here) != _series(there):
            raise ModelError(
                "MO513",
                f"{folder.name}: was written with {name} {there or 'unknown'}, here is {here}",
                hint="train it anew",
            )


def _series(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _types_in(folder: Path, content: bytes) -> list[str]:
    """Return the names of all types that the model file says it holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(item.file_size for item in archive.infolist()) > _LARGEST:
                raise _changed(folder, MODEL)
            schema = json.loads(archive.read("schema.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError) as exc:
        raise ModelError("MO514", f"{folder.name}: its model is not in the format of skops") from exc
    types: list[str] = []
    waiting: list[Any] = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "__class__" in node or "__loader__" in node:
                types.append(f"{node.get('__module__')}.{node.get('__class__')}")
                if node.get("__loader__") not in _LOADERS:
                    types.append(str(node.get("__loader__")))
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return types


def _settled(content: bytes) -> bytes:
    """
    Return a model file that is the same whenever the same model is written.

    skops names arrays by their place in memory, and a zip archive holds the time of day.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schema = archive.read("schema.json").decode("utf-8")
        arrays = {name: archive.read(name) for name in archive.namelist() if name != "schema.json"}
    names: dict[str, str] = {}
    for place in re.findall(r'"(?:__id__|file)": "?(\d+)', schema):
        names.setdefault(place, str(len(names) + 1))
    schema = re.sub(
        r'("(?:__id__|file)": "?)(\d+)', lambda match: match.group(1) + names[match.group(2)], schema
    )
    files = {f"{names[name.partition('.')[0]]}.npy": data for name, data in arrays.items()}
    settled = io.BytesIO()
    with zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (*sorted(files.items()), ("schema.json", schema.encode("utf-8"))):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), data)
    return settled.getvalue()


def _changed(folder: Path, name: str) -> ModelError:
    return ModelError(
        "MO512",
        f"{folder.name}: {name} is missing or not what was written",
        hint="do not use it; fetch or train it anew",
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
