"""How the HTTP interface describes its refusals in OpenAPI, and what its routers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Header, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy.orm import Session

from chartsift.api.access import Access, access_of
from chartsift.api.problems import KINDS, PROBLEM_MEDIA_TYPE, problem_body
from chartsift.api.schemas import ProblemOut
from chartsift.api.services.idempotency import LONGEST_KEY, Answer, recall, remember, request_digest

API_PREFIX = "/api/v1"

Out = TypeVar("Out", bound=BaseModel)

IdempotencyKeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=LONGEST_KEY,
        description="The same request sent again under the same key does nothing and gets the first answer.",
    ),
]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="How many items to leave out.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Most items in the answer.")]

_PROBLEM_REF = {"$ref": "#/components/schemas/ProblemOut"}
# What any route can answer; what needs somebody signed in; what a study's route, a body and a change add.
_ANY = ("HT809", "HT815", "ST702", "ST703")
_SIGNED_IN = ("AC501", "AC503", "AC506", "AC509")
_IN_STUDY = ("AC502", "AC507")
_WITH_BODY = ("HT801", "HT805", "HT810", "HT812")


def router(tag: str, *, prefix: str = "") -> APIRouter:
    """Return a router of the interface; nobody passes it without `access_of`."""
    return APIRouter(
        prefix=API_PREFIX + prefix,
        tags=[tag],
        dependencies=[Depends(access_of)],
        generate_unique_id_function=operation_id,
    )


def operation_id(route: APIRoute) -> str:
    """Return the name of a route, which is also the key of its rule."""
    return route.name


def refusals(
    *codes: str, public: bool = False, study: bool = False, body: bool = False
) -> dict[int | str, dict[str, Any]]:
    """
    Describe refusals for OpenAPI: by HTTP status, the codes that come with it as examples.

    Args:
        codes: Those of this route alone.
        public: Nobody has to be signed in.
        study: The route belongs to a study.
        body: The route takes a body, or changes something.
    """
    every = [*_ANY, *codes]
    every += [] if public else [*_SIGNED_IN, "HT805"]
    every += _IN_STUDY if study else ()
    every += _WITH_BODY if body else ()
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in sorted(set(every)):
        kind = KINDS[code]
        entry = by_status.setdefault(
            kind.status,
            {"description": "", "content": {PROBLEM_MEDIA_TYPE: {"schema": _PROBLEM_REF, "examples": {}}}},
        )
        line = f"`{code}` {kind.title}. {kind.remedy}"
        entry["description"] = f"{entry['description']}\n\n{line}".strip()
        entry["content"][PROBLEM_MEDIA_TYPE]["examples"][code] = {"value": problem_body(code)}
    return by_status


def describe_problems(app: FastAPI) -> None:
    """Put the shape of a refusal, the table of its codes and the ways to sign in into the OpenAPI document."""
    document = app.openapi  # the framework's own

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            components = document().setdefault("components", {})
            schemas = components.setdefault("schemas", {})
            shape = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(shape.pop("$defs", {}))
            shape["properties"]["code"]["enum"] = sorted(KINDS)
            schemas["ProblemOut"] = shape
            components["securitySchemes"] = {
                "token": {"type": "http", "scheme": "bearer", "description": "A token of `create_token`."}
            }
            for operations in document()["paths"].values():
                for operation in operations.values():
                    if "401" in operation["responses"]:
                        operation["security"] = [{"token": []}]
        return document()

    app.openapi = openapi  # type: ignore[method-assign]


def once(
    session: Session,
    access: Access,
    key: str | None,
    request: tuple[str, Any],
    act: Callable[[], Out],
    shape: type[Out],
) -> Out:
    """
    Do something once under the caller's key.

    Args:
        session: The writing session of the act.
        access: Who asks.
        key: The caller's key; None does it without one.
        request: Route and body, by which the same request is known.
        act: Does it and returns the answer.
        shape: The model of the answer.
    """
    if key is None:
        return act()
    digest = request_digest(request[0], request[1])
    known = recall(session, access.user_id, key, digest)
    if known is not None:
        return shape.model_validate(known.body)
    answer = act()
    remember(session, access.user_id, key, digest, Answer(200, answer.model_dump(mode="json")))
    return answer
