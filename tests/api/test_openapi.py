"""The interface does what its OpenAPI document says, whatever it is sent: Schemathesis over every operation."""

from __future__ import annotations

import pkgutil
import re
import shutil
from importlib import import_module

import pytest
import schemathesis
from fastapi import APIRouter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance
from support.rooms import make_room

from chartsift.api import pages
from chartsift.api.db.store import Store
from chartsift.api.permissions import ROUTES, SCOPES, Permission
from chartsift.api.services import studies, tokens
from chartsift.api.v1.describe import API_PREFIX


@pytest.fixture(scope="module")
def world(tmp_path_factory, migrated_sqlite):
    """A room, its application, and a token of somebody who may do everything that a person can."""
    from datetime import timedelta

    path = tmp_path_factory.mktemp("openapi") / "room.sqlite"
    shutil.copy(migrated_sqlite, path)
    store = Store(f"sqlite:///{path}")
    room = make_room(store)
    with store.writing() as session:
        studies.set_member(session, room.study_id, room.users["root"], "adjudicator", actor_id="system")
        made = tokens.create_token(
            session, room.users["root"], label="all", scopes=list(SCOPES), lifetime=timedelta(days=1)
        )
    yield room, room.client(allowed_hosts=frozenset()).app, {"Authorization": f"Bearer {made.secret}"}
    store.close()


# Pages and their forms are no operations of the interface.
PAGES = {
    route.name
    for module in pkgutil.iter_modules(pages.__path__)
    for route in getattr(import_module(f"{pages.__name__}.{module.name}"), "routes", APIRouter()).routes
}
OPERATIONS = sorted(ROUTES.keys() - PAGES - {"static", "openapi"})


@pytest.fixture(scope="module")
def operations(world):
    """The operations of the document by name."""
    schema = schemathesis.openapi.from_asgi(f"{API_PREFIX}/openapi.json", world[1])
    found = [result.ok() for result in schema.get_all_operations()]
    return {operation.definition.raw["operationId"]: operation for operation in found}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_answers_as_described(world, operations, name):
    room, _, headers = world
    known = {"study_id": room.study_id, "patient_id": room.patient_id}

    @given(case=operations[name].as_strategy(), is_known=st.booleans())
    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def send(case, is_known):
        for parameter, value in known.items():
            # Half of the cases reach a study and a chart that there are.
            if is_known and parameter in (case.path_parameters or {}):
                case.path_parameters[parameter] = value
        case.headers = {**(case.headers or {}), **headers}
        # `evaluate` refuses a day of screening outside 1900 to 2100 and takes the same of a patient as a problem of
        # that patient, which no one schema of a date can say.
        left_out = [positive_data_acceptance] if name == "evaluate" else []
        case.call_and_validate(excluded_checks=left_out)

    send()


def test_the_document_names_every_route_of_the_interface(world):
    document = world[1].openapi()

    named = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert sorted(named) == OPERATIONS


def test_every_operation_says_how_it_refuses(world):
    document = world[1].openapi()

    for path, operations in document["paths"].items():
        for operation in operations.values():
            rule = ROUTES[operation["operationId"]]
            assert ("401" in operation["responses"]) == (rule.permission is not Permission.PUBLIC), path
            assert ("security" in operation) == (rule.permission is not Permission.PUBLIC), path
            assert operation["summary"]
            for status, answer in operation["responses"].items():
                if status != "200":
                    assert set(answer["content"]) == {"application/problem+json"}, (path, status)


def test_every_reference_of_the_document_leads_somewhere(world):
    import json

    document = world[1].openapi()

    refs = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert refs <= document["components"]["schemas"].keys()
