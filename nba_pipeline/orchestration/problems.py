"""What stopped a step, in the one sentence that began it."""

from typing import Any

import dagster as dg

from nba_pipeline.engine import errors

_INTERRUPTED = "interrupted; what was built stays, and the same command goes on from there"


def step_problem(event: dg.DagsterEvent) -> str:
    """What made a step fail; steps that were skipped because of it say nothing new."""
    failure = event.step_failure_data
    if is_interruption(event):
        return _INTERRUPTED
    if failure.user_failure_data:
        return failure.user_failure_data.description or f"{event.step_key} failed"
    said = innermost(failure.error) if failure.error else "failed"
    return f"{event.step_key}: {said}"


def is_interruption(event: dg.DagsterEvent) -> bool:
    """Whether a person or the system ended a step, rather than a mistake."""
    error = event.step_failure_data.error if event.is_step_failure else None
    return error is not None and _is_interrupted(error)


def innermost(error: Any) -> str:
    """The message of the error that began it, without the name of its class where it is ours.

    What ours were raised from they have told in words: below them nothing is asked.
    """
    ours = f"{errors.__name__}."
    chain = [error]
    while chain[-1].cause is not None:
        chain.append(chain[-1].cause)
    told = [each for each in chain if each.message.startswith(ours)] or chain
    if _is_interrupted(chain[-1]):
        return _INTERRUPTED
    return str(told[-1].message).strip().removeprefix(f"{ours}{told[-1].cls_name}: ")


def _is_interrupted(error: Any) -> bool:
    return bool(error.cls_name == dg.DagsterExecutionInterruptedError.__name__)
