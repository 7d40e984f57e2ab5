"""The files to deploy with: well-formed, without secrets, least rights, and true to the settings there are."""

from __future__ import annotations

import configparser
import json
import re
from dataclasses import fields

import pytest
import yaml

from chartsift.api.settings import Settings

INSTRUCTIONS = {
    "FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD",
}  # fmt: skip
KNOWN = {option.metadata["variable"] for option in fields(Settings)}
SECRET = re.compile(
    r"(?i)(password|secret|key)[A-Z_]*\s*[=:]\s*(?!CHANGE_ME|/run/secrets)[A-Za-z0-9+/]{8,}={0,2}\s*$", re.M
)


@pytest.fixture(scope="module")
def folder(checkout):
    return checkout / "docs" / "deploy"


@pytest.fixture(scope="module")
def compose(folder):
    return yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dockerfile(folder):
    """Instructions and arguments, continued lines joined."""
    text = (folder / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def test_the_dockerfile_has_instructions_only_that_there_are(dockerfile):
    assert {name for name, _ in dockerfile} <= INSTRUCTIONS
    for name, argument in dockerfile:
        if name in ("ENTRYPOINT", "CMD"):
            assert all(isinstance(one, str) for one in json.loads(argument))
        if name == "HEALTHCHECK":
            assert json.loads(argument.split("CMD ", 1)[1])[0] == "python"


def test_the_image_ends_as_nobody_in_particular(dockerfile):
    stages = [argument for name, argument in dockerfile if name == "FROM"]
    assert all(re.search(r":\d+\.\d+\.\d+-slim-bookworm( AS \w+)?$", stage) for stage in stages)
    users = [argument for name, argument in dockerfile if name == "USER"]
    assert users == ["10001:10001"]
    last = max(number for number, (name, _) in enumerate(dockerfile) if name == "RUN")
    assert last < [name for name, _ in dockerfile].index("USER")


def test_what_is_copied_into_the_image_is_there(dockerfile, checkout):
    sources = [
        argument.split()[0] for name, argument in dockerfile if name == "COPY" and "--from" not in argument
    ]

    assert sources
    assert all((checkout / source).exists() for source in sources)


def test_the_commands_of_image_and_services_are_commands(dockerfile, compose):
    from typer.main import get_command

    from chartsift.api.cli import app

    commands = [json.loads(argument) for name, argument in dockerfile if name == "CMD"]
    commands += [service["command"] for service in compose["services"].values() if "command" in service]
    assert len(commands) == 4
    for words in commands:
        found, left = get_command(app), list(words)
        while left and hasattr(found, "commands"):
            found = found.commands[left.pop(0)]
        options = {name for parameter in found.params for name in parameter.opts}
        assert {one for one in left if one.startswith("--")} <= options


def test_no_image_floats(compose):
    images = [service["image"] for service in compose["services"].values()]

    assert all(re.fullmatch(r"[\w./-]+:\d[\w.-]+", image) for image in images)
    assert not any("latest" in image for image in images)


def test_every_service_has_few_rights(compose):
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert "privileged" not in service
        if name != "database":  # its image gives up root by itself
            assert service["user"] == "10001:10001"
            assert service["cap_drop"] == ["ALL"]
    assert compose["networks"]["inside"]["internal"] is True
    assert compose["services"]["database"]["networks"] == ["inside"]
    assert "ports" not in compose["services"]["database"]
    assert compose["services"]["app"]["ports"] == ["127.0.0.1:8000:8000"]


def test_services_wait_for_what_they_need(compose):
    services = compose["services"]

    assert services["database"]["healthcheck"]["test"][1].startswith("pg_isready")
    for name in ("app", "worker"):
        assert services[name]["depends_on"]["schema"]["condition"] == "service_completed_successfully"
        assert services[name]["depends_on"]["database"]["condition"] == "service_healthy"
    for service in services.values():
        assert set(service.get("depends_on", ())) <= services.keys()
        for mount in service.get("volumes", ()):
            assert mount.split(":")[0] in compose["volumes"]
        assert set(service["networks"]) <= compose["networks"].keys()


def test_no_secret_stands_in_any_file(folder):
    files = [path for path in folder.iterdir() if path.is_file()]

    assert len(files) == 5
    for path in files:
        assert not SECRET.search(path.read_text(encoding="utf-8")), path.name


def test_the_search_for_secrets_finds_one():
    assert SECRET.search("POSTGRES_PASSWORD: hunter2hunter2")
    assert SECRET.search("CHARTSIFT_NOTE_KEYS=3q2+7wAAAAAAAAAAAAAAAA==")


def test_every_variable_that_is_named_is_a_setting(folder, checkout):
    named = set()
    for path in (*folder.iterdir(), checkout / "docs" / "deploy.md", checkout / "docs" / "security.md"):
        named |= set(re.findall(r"CHARTSIFT_[A-Z_]+", path.read_text(encoding="utf-8")))

    assert named <= KNOWN | {"CHARTSIFT_OIDC_"}


def test_the_unit_of_systemd_can_be_read_and_has_few_rights(folder):
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str
    unit.read_string((folder / "chartsift.service").read_text(encoding="utf-8"))

    service = unit["Service"]
    assert unit.sections() == ["Unit", "Service", "Install"]
    assert service["ExecStart"].split()[1] == "serve"
    assert (service["User"], service["NoNewPrivileges"], service["ProtectSystem"]) == (
        "chartsift",
        "yes",
        "strict",
    )
    assert service["CapabilityBoundingSet"] == ""


def test_the_proxy_takes_as_much_as_the_server_and_names_the_caller_itself(folder):
    text = re.sub(r"#.*", "", (folder / "nginx.conf").read_text(encoding="utf-8"))

    assert text.count("{") == text.count("}")
    assert all(line.strip().endswith((";", "{", "}")) for line in text.splitlines() if line.strip())
    size = int(re.search(r"client_max_body_size (\d+)m;", text)[1]) * 1024 * 1024
    assert size == Settings().max_body_bytes
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
