"""The JSON Schema of a trial file, for editors: made from the models of the file and the table of predicates."""

from __future__ import annotations

import re
from typing import Any

from chartsift.nlp.criteria.predicates import PREDICATES
from chartsift.nlp.criteria.schema import AtLeast, TrialFile

# Lines of a docstring's list of attributes, and those that go on with the one above.
_ATTRIBUTE = re.compile(r"    (?P<name>\w+): (?P<text>.+)")
_CONTINUED = " " * 8
_REF = "#/$defs/{model}"
_EXPRESSION = {"$ref": _REF.format(model="Expression")}


def trial_json_schema() -> dict[str, Any]:
    """
    Return the JSON Schema (draft 2020-12) that a trial file fits, its expressions and their parameters included.

    It asks for the same names, types and limits as reading a file does. What one schema cannot say (that a shared
    criterion is there, that exactly one cohort is the default) only ``chartsift trial check`` finds.
    """
    schema = TrialFile.model_json_schema(ref_template=_REF)
    definitions: dict[str, Any] = schema.pop("$defs")
    definitions["Criterion"]["properties"]["decide"] = _EXPRESSION
    known: dict[str, Any] = {
        "all": _list_of("True when every expression is."),
        "any": _list_of("True when one expression is."),
        "not": {**_EXPRESSION, "description": "True when the expression is false."},
        "at_least": _at_least(),
    }
    for name, predicate in sorted(PREDICATES.items()):
        parameters = predicate.parameters.model_json_schema(ref_template=_REF)
        definitions.update(parameters.pop("$defs", {}))
        title = predicate.parameters.__name__
        definitions[title] = parameters
        reference = {"$ref": _REF.format(model=title)}
        # A predicate that needs no parameters may be written with none at all.
        options = [reference] if parameters.get("required") else [reference, {"type": "null"}]
        known[name] = {"description": predicate.summary, "anyOf": options}
    definitions["Expression"] = {
        "description": "One operator or one predicate.",
        "type": "object",
        "properties": known,
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    for definition in definitions.values():
        _describe_properties(definition)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "chartsift trial",
        "$defs": dict(sorted(definitions.items())),
    }


def _describe_properties(definition: dict[str, Any]) -> None:
    """Move what a docstring says under "Attributes:" to the properties, where an editor shows it."""
    summary, found, listed = definition.get("description", "").partition("\nAttributes:\n")
    if not found:
        return
    described: dict[str, str] = {}
    name = ""
    for line in listed.splitlines():
        if (match := _ATTRIBUTE.match(line)) is not None:
            name = match["name"]
            described[name] = match["text"]
        elif name and line.startswith(_CONTINUED):
            described[name] += " " + line.strip()
        elif line.strip():
            name = ""
            summary += "\n" + line
    definition["description"] = summary.strip()
    for name, text in described.items():
        definition["properties"].get(name, {}).setdefault("description", text)


def _list_of(description: str) -> dict[str, Any]:
    return {"description": description, "type": "array", "items": _EXPRESSION, "minItems": 1}


def _at_least() -> dict[str, Any]:
    schema = AtLeast.model_json_schema()
    schema["properties"]["of"]["items"] = _EXPRESSION
    return {**schema, "description": "True when so many of the expressions are."}
