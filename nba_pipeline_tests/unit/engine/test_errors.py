"""Which errors are worth another try: those of infrastructure, and no others."""

from __future__ import annotations

import errno

import pytest

from nba_pipeline.engine.errors import DeadlineError, SourceError, WarehouseError, is_transient


def raised_from(error: Exception, cause: Exception) -> Exception:
    try:
        raise error from cause
    except type(error) as chained:
        return chained


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError("reset by peer"),
        TimeoutError("no answer"),
        OSError(errno.ESTALE, "stale file handle"),
        OSError(errno.EIO, "input/output error"),
        raised_from(WarehouseError("cannot write"), OSError(errno.EMFILE, "too many open files")),
        raised_from(SourceError("no answer"), raised_from(OSError("x"), TimeoutError("no answer"))),
    ],
    ids=repr,
)
def test_infrastructure_may_work_again(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        SourceError("two rows for one game"),
        WarehouseError("the file is damaged"),
        raised_from(WarehouseError("cannot write"), OSError(errno.ENOSPC, "no space left")),
        raised_from(WarehouseError("cannot write"), PermissionError(errno.EACCES, "denied")),
        FileNotFoundError(errno.ENOENT, "no such file"),
        raised_from(DeadlineError("too slow"), TimeoutError()),
        KeyError("points"),
    ],
    ids=repr,
)
def test_what_is_wrong_stays_wrong(error: Exception) -> None:
    assert not is_transient(error)
