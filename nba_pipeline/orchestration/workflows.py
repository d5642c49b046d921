"""Fetching as Dagster jobs: one per workflow, partitioned by NBA day like the tables.

Members run side by side in threads inside one op. An op per member would show each as a box, but
Dagster's in-process executor runs ops one after another, and its multiprocess executor starts a
process for each, at 3-5 s a piece; members mostly wait for somebody else's answer.
"""

import os
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import dagster as dg

from nba_pipeline.engine.errors import ConfigurationError, PipelineError
from nba_pipeline.orchestration.resources import LandingResource
from nba_pipeline.sources.live.reports import WorkflowReport
from nba_pipeline.sources.live.workflows import WORKFLOWS, Workflow

_COUNTS = ("fetched", "unchanged", "nothing", "failed")


def job_name(workflow: str) -> str:
    """The name of a workflow's job."""
    return f"fetch_{workflow}"


def workflow_jobs(days: dg.PartitionsDefinition) -> list[dg.JobDefinition]:
    """One job for every workflow.

    Args:
        days: The NBA days.
    """
    return [_job(workflow, days) for workflow in WORKFLOWS.values()]


def _job(workflow: Workflow, days: dg.PartitionsDefinition) -> dg.JobDefinition:
    name = job_name(workflow.name)

    @dg.op(name=workflow.name, description=workflow.description, out=dg.Out(dg.Nothing))
    def fetch(context: dg.OpExecutionContext, landing: LandingResource) -> None:
        # What fetches brings its libraries with it, which takes its time.
        from nba_pipeline.sources.live.client import Client
        from nba_pipeline.sources.live.ingest import Ingestion

        day = date.fromisoformat(context.partition_key)
        with Client() as client:
            report = Ingestion(landing.open(), client, os.environ).run(workflow, day)
        for member in report.members:
            for sentence in member.problems:
                context.log.warning(sentence)
        if not report.succeeded:
            raise dg.Failure(_in_short(report), metadata=_metadata(report), allow_retries=False)
        context.add_output_metadata(_metadata(report))

    @dg.job(name=name, description=workflow.description, partitions_def=days)
    def job() -> None:
        fetch()

    return job


def _in_short(report: WorkflowReport) -> str:
    first, *others = report.problems
    return f"{first} (and {len(others)} more)" if others else first


def _metadata(report: WorkflowReport) -> dict[str, Any]:
    totals = {name: sum(getattr(member, name) for member in report.members) for name in _COUNTS}
    records = [
        dg.TableRecord(
            {
                "member": member.member,
                "critical": member.is_critical,
                **{name: getattr(member, name) for name in _COUNTS},
                "seconds": member.seconds,
                "says": "; ".join([*member.problems, *member.notes]),
            }
        )
        for member in report.members
    ]
    return {
        **totals,
        "seconds": report.seconds,
        "members": dg.MetadataValue.table(records),
        "report": dg.MetadataValue.json(report.as_json()),
    }


def ingest(
    workflows: Iterable[str],
    day: date,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    landing: str,
) -> tuple[list[str], list[Mapping[str, Any]]]:
    """Run workflows one after another, each as a run of its own.

    Args:
        workflows: Their names.
        day: The NBA day.
        definitions: Where the jobs are.
        instance: Where runs are recorded.
        landing: Root of the landing zone, or empty.

    Returns:
        The run ids, and each workflow's report in the types JSON has.

    Raises:
        ConfigurationError: When the day has no partition yet.
        PipelineError: When a run was stopped, or broke in a way that no source can cause.
    """
    run_ids, reports = [], []
    for name in workflows:
        job = definitions.resolve_job_def(job_name(name))
        if job.partitions_def and not job.partitions_def.has_partition_key(day.isoformat()):
            raise ConfigurationError(f"{day} lies beyond tomorrow: nothing is published of it yet")
        result = job.execute_in_process(
            partition_key=day.isoformat(),
            instance=instance,
            raise_on_error=False,
            run_config={
                "resources": {"landing": {"config": {"root": landing}}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
        )
        run_ids.append(result.run_id)
        reports.append(_report_of(result))
    return run_ids, reports


def _report_of(result: dg.ExecuteInProcessResult) -> Mapping[str, Any]:
    """What the op said, whether it succeeded or not."""
    for event in result.all_events:
        said: Mapping[str, Any] = {}
        if event.is_successful_output:
            said = event.step_output_data.metadata
        elif event.is_step_failure and event.step_failure_data.user_failure_data:
            said = event.step_failure_data.user_failure_data.metadata
        if "report" in said:
            report: Mapping[str, Any] = said["report"].value
            return report
    raise PipelineError(
        f"{result.job_def.name} was stopped before it could report (run {result.run_id[:8]} in "
        "Dagster says why); what landed stays, and the same command goes on from there"
    )
