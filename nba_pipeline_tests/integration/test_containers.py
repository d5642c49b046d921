"""The files that containers are made and started from, read as their tools read them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from compose_spec import PyCompose
from composed import DEPLOY, Dockerfile, services

CHECKOUT = DEPLOY.parent
SETTINGS = {"POSTGRES_PASSWORD": "planted"}
COMPOSED = services(SETTINGS)
SERVICES: dict[str, dict[str, Any]] = COMPOSED["services"]
OURS = {name for name, service in SERVICES.items() if service["image"].startswith("nba-pipeline:")}


def test_the_image_is_made_as_hadolint_would_have_it() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    told = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (0, "")


def test_the_image_runs_as_nobody_in_particular() -> None:
    user = Dockerfile().instructions.index(("USER", "10001:10001"))
    after = {kind for kind, _ in Dockerfile().instructions[user:]}
    assert after == {"USER", "HEALTHCHECK", "CMD"}


def test_the_image_listens_on_loopback_unless_it_is_told_otherwise() -> None:
    told = " ".join([*Dockerfile().command, *Dockerfile().environment])
    assert "HOST" not in told
    assert "--host" not in told


def test_the_image_installs_what_was_tested() -> None:
    install = next(words for words in Dockerfile().of("RUN") if "pip install" in words)
    assert "--constraint constraints.txt" in install
    assert "--only-binary :all:" in install


def test_no_layer_of_the_image_holds_more_than_it_copies() -> None:
    """The context begins empty; each copied thing is named, and no secret's file is among them."""
    ignored = (CHECKOUT / ".dockerignore").read_text().split("\n")
    rules = [line for line in ignored if line and not line.startswith("#")]
    sources = {
        source
        for words in Dockerfile().of("COPY")
        if not words.startswith("--from")
        for source in words.split()[:-1]
    }
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == sources
    assert all((CHECKOUT / source).exists() for source in sources)


def test_no_secret_is_asked_for_when_the_image_is_made() -> None:
    spoken = " ".join(arguments for kind, arguments in Dockerfile().instructions if kind != "RUN")
    assert not [word for word in ("PASSWORD", "SECRET", "API_KEY", "TOKEN") if word in spoken]


def test_the_compose_file_is_what_compose_reads() -> None:
    read = PyCompose.from_json(json.dumps(COMPOSED))
    read.validate()
    assert set(read.service_names()) == set(SERVICES)


def test_docker_compose_reads_the_same() -> None:
    docker = shutil.which("docker")
    words = [docker, "compose", "--file", DEPLOY / "compose.yaml", "--profile", "*", "config"]
    told = docker and subprocess.run(
        [*words, "--format", "json"],
        env={**os.environ, **SETTINGS},
        capture_output=True,
        text=True,
    )
    if not told or "not a docker command" in told.stderr or "unknown" in told.stderr:
        pytest.skip("docker compose is not installed; another implementation read the file")
    assert told.returncode == 0, told.stderr
    read = json.loads(told.stdout)["services"]
    assert {name: service.get("command") for name, service in read.items()} == {
        name: service.get("command") for name, service in SERVICES.items()
    }


def test_a_start_without_a_password_is_refused() -> None:
    with pytest.raises(KeyError, match=r"POSTGRES_PASSWORD: set it in \.env"):
        services({"POSTGRES_PASSWORD": ""})


def test_the_password_is_in_no_file() -> None:
    example = dict(
        line.split("=", 1)
        for line in (DEPLOY / "env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert "POSTGRES_PASSWORD" in example
    secret = [name for name in example if "PASSWORD" in name or "KEY" in name]
    assert [example[name] for name in secret] == [""] * len(secret)


def test_git_never_sees_the_file_with_the_secrets() -> None:
    told = subprocess.run(
        ["git", "check-ignore", "--quiet", "deploy/.env"], cwd=CHECKOUT, check=False
    )
    assert told.returncode == 0


def test_ports_are_published_on_loopback_only() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"webserver": ["127.0.0.1:3000:3000"], "viewer": ["127.0.0.1:3001:3000"]}


def test_the_database_is_on_a_network_that_leads_nowhere() -> None:
    assert SERVICES["postgres"]["networks"] == ["database"]
    assert COMPOSED["networks"]["database"] == {"internal": True}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] in ("10001:10001", "postgres")
    assert "privileged" not in service


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_service_writes_to_volumes_only(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert SERVICES[name]["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's own


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_a_service_that_stays_says_whether_it_is_well(name: str) -> None:
    told = SERVICES[name].get("healthcheck", {"test": ["CMD", *Dockerfile().health_check]})
    assert told["test"][0] == "CMD"
    assert len(told["test"]) > 1


def test_every_service_waits_for_what_it_needs() -> None:
    waits = {
        name: {
            needed: told["condition"].removeprefix("service_")
            for needed, told in service.get("depends_on", {}).items()
        }
        for name, service in SERVICES.items()
    }
    assert waits == {
        "postgres": {},
        "migrate": {"postgres": "healthy"},
        "code": {"migrate": "completed_successfully"},
        "daemon": {"code": "healthy"},
        "webserver": {"code": "healthy"},
        "viewer": {"code": "healthy"},
    }


def test_rows_payloads_and_logs_outlive_their_containers() -> None:
    mounted = {mount.split(":")[0] for service in SERVICES.values() for mount in service["volumes"]}
    assert mounted == set(COMPOSED["volumes"]) == {"postgres", "warehouse", "landing", "logs"}
    folders = Dockerfile().environment
    inside = [mount.split(":")[1] for mount in SERVICES["code"]["volumes"]]
    for variable in ("NBA_WAREHOUSE_DIR", "DAGSTER_LOGS_DIR"):
        assert any(Path(folders[variable]).is_relative_to(folder) for folder in inside)


def test_a_slate_page_is_kept_where_its_rows_are() -> None:
    from nba_pipeline.settings import pages_folder

    assert pages_folder(Dockerfile().environment).parent == Path("/data/warehouse")
