"""What takes long to build is built once in a test run, whoever of its workers asks first."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """A folder that the first worker to ask for it fills, and nobody changes afterwards.

    Whoever asks meanwhile waits. What failed half-way is built anew.

    Args:
        factory: Of this test run.
        name: Of the folder among those of the run.
        build: Fills the folder, which it makes.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / name
    with (shared / f"{name}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if not lock.read():
            shutil.rmtree(folder, ignore_errors=True)
            build(folder)
            lock.write("built")
    return folder
