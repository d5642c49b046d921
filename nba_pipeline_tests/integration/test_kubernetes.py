"""The values for Dagster's Helm chart: what they promise, and the job a run becomes by them."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

import dagster as dg
import pytest
import yaml
from composed import DEPLOY, Dockerfile, services

VALUES: dict[str, Any] = yaml.safe_load((DEPLOY / "helm-values.yaml").read_text())
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]
PODS = {"webserver": VALUES["dagsterWebserver"], "daemon": VALUES["dagsterDaemon"], "code": CODE}
IMAGE = f"REGISTRY/nba-pipeline:{version('nba-pipeline')}"


@pytest.fixture(scope="module")
def job() -> Any:
    """What the launcher asks of Kubernetes for a run; its client takes a second to import."""
    from dagster_k8s.container_context import K8sContainerContext
    from dagster_k8s.job import DagsterK8sJobConfig, construct_dagster_k8s_job

    told = VALUES["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    config = {re.sub("([A-Z])", r"_\1", name).lower(): part for name, part in told.items()}
    context = K8sContainerContext.create_from_config({"k8s": {"run_k8s_config": config}})
    return construct_dagster_k8s_job(
        DagsterK8sJobConfig(job_image=IMAGE, dagster_home="/opt/dagster/dagster_home"),
        args=["dagster", "api", "execute_run"],
        job_name="dagster-run-1",
        user_defined_k8s_config=context.run_k8s_config,
    )


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_nobody_and_cannot_become_somebody(name: str) -> None:
    pod = PODS[name]
    assert pod["podSecurityContext"]["runAsNonRoot"] is True
    assert f"{pod['podSecurityContext']['runAsUser']}:10001" == Dockerfile().of("USER")[0]
    assert pod["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_this_version_of_the_image(name: str) -> None:
    image = PODS[name]["image"]
    assert f"{image['repository']}:{image['tag']}" == IMAGE
    assert IMAGE.endswith(services({"POSTGRES_PASSWORD": "x"})["services"]["code"]["image"])


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_asked_whether_it_is_well_for_longer_than_asking_takes(name: str) -> None:
    probes = [part for key, part in PODS[name].items() if key.endswith("Probe")]
    assert len(probes) >= 2
    assert all(probe["timeoutSeconds"] >= 10 for probe in probes)
    assert PODS[name]["resources"].keys() == {"requests", "limits"}


def test_the_webserver_is_probed_where_it_listens() -> None:
    told = PODS["webserver"]
    asked = [part["httpGet"]["port"] for key, part in told.items() if key.endswith("Probe")]
    assert {*asked} == {told["service"]["port"]}
    assert told["service"]["port"] >= 1024, "ports below are root's"


def test_a_run_is_nobody_either(job: Any) -> None:
    pod = job.spec.template.spec
    (container,) = pod.containers
    assert pod.security_context.run_as_non_root is True
    assert container.security_context.allow_privilege_escalation is False
    assert container.security_context.read_only_root_filesystem is True
    assert container.security_context.capabilities.drop == ["ALL"]


def test_a_run_has_its_share_and_a_place_to_scratch(job: Any) -> None:
    (container,) = job.spec.template.spec.containers
    assert container.resources.limits == {"memory": "4Gi"}
    mounts = {mount.mount_path: mount.name for mount in container.volume_mounts}
    scratch = next(
        volume
        for volume in job.spec.template.spec.volumes
        if volume.name == mounts["/tmp"]  # noqa: S108
    )
    assert scratch.empty_dir is not None


def test_finished_jobs_are_swept(job: Any) -> None:
    assert job.spec.ttl_seconds_after_finished == 86400


def test_the_code_is_loaded_as_in_the_image() -> None:
    assert CODE["dagsterApiGrpcArgs"] == Dockerfile().command[3:]


def test_nothing_is_reachable_from_outside_the_cluster() -> None:
    assert VALUES["ingress"] == {"enabled": False}
    assert VALUES["dagsterWebserver"]["service"]["type"] == "ClusterIP"
    assert VALUES["dagsterWebserver"]["enableReadOnly"] is True


def test_secrets_are_named_and_not_written() -> None:
    assert VALUES["generatePostgresqlPasswordSecret"] is False
    assert "postgresqlPassword" not in VALUES["postgresql"]
    assert VALUES["global"]["postgresqlSecretName"] == "nba-postgres"
    assert not [name for name in CODE["env"] if "KEY" in name or "CREDENTIALS" in name]
    assert CODE["envSecrets"] == [{"name": "nba-pipeline"}]


def test_the_database_is_spoken_to_as_in_the_image() -> None:
    home = yaml.safe_load((DEPLOY / "home" / "dagster.yaml").read_text())
    scheme = home["storage"]["postgres"]["postgres_db"]["scheme"]
    assert VALUES["postgresql"]["postgresqlScheme"] == scheme


def test_dagster_knows_the_settings_that_the_chart_hands_on(tmp_path) -> None:
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(VALUES["additionalInstanceConfig"]))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        pools = instance.get_concurrency_config().pool_config
        assert (pools.default_pool_limit, pools.pool_granularity.value) == (2, "op")
        assert instance.nux_enabled is False
