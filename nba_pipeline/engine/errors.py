"""The errors a user can meet. Each message is one sentence that names what is wrong and where.

The terminal prints the sentence and nothing else; Dagster shows it as the failure's description.
"""

from __future__ import annotations

import errno


class PipelineError(Exception):
    """Something a person has to know about, said in one sentence."""


class ConfigurationError(PipelineError):
    """A setting, an environment variable or a name that does not exist is wrong."""


class DeclarationError(PipelineError):
    """A table declares something that cannot hold."""


class SourceError(PipelineError):
    """A season file or a payload is missing, broken or contradicts itself."""


class FetchError(SourceError):
    """A live source did not answer, refused, or answered something else than was asked for."""


class OutsideSeasonError(PipelineError):
    """A date lies outside every season the source knows."""


class MissingInputError(PipelineError):
    """A table reads a partition that has not been built."""


class RowError(PipelineError):
    """A computed row breaks its table's declaration: a duplicate key, a NULL, an unknown column."""


class LookAheadError(PipelineError):
    """A row was about to be handed to a computation that must not see it yet."""


class WarehouseError(PipelineError):
    """The warehouse cannot be read or written."""


class WarehouseUnavailableError(WarehouseError, ConnectionError):
    """The warehouse did not answer in time; the same call may well work in a minute."""


class AlertError(PipelineError):
    """An alert did not reach anybody."""


class InstanceError(PipelineError):
    """What Dagster keeps of runs cannot be read or written."""


class WorkersError(PipelineError, ConnectionError):
    """Worker processes cannot be started; in a minute there may be memory for them again."""


class DeadlineError(PipelineError):
    """A table took longer than it may."""


# What the system says when the same call may well work in a minute: a share that hiccups, a server
# that restarts, too many open files. A missing file, a full disk or a bug will still be there.
_PASSING = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.EIO,
        errno.EMFILE,
        errno.ENETDOWN,
        errno.ENETRESET,
        errno.ENETUNREACH,
        errno.ENFILE,
        errno.EHOSTUNREACH,
        errno.ESTALE,
    }
)


def is_transient(error: BaseException) -> bool:
    """Whether an error comes from infrastructure that may work again soon.

    A table that ran out of time is not: it would run out of it again.

    Args:
        error: What was raised; the errors it was raised from count, too.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, DeadlineError):
        if isinstance(cause, ConnectionError | TimeoutError):
            return True
        if isinstance(cause, OSError) and cause.errno in _PASSING:
            return True
        cause = cause.__cause__
    return False
