"""A command run in the process of the test, which spares the second that its own takes to start."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from nba_pipeline.cli import main


def inside(
    words: Sequence[str], environment: Mapping[str, str], folder: Path
) -> tuple[int, str, str]:
    """Type words where a folder is, with no other environment.

    Returns:
        The exit code, and what was said on standard output and on standard error.
    """
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
        for name in {*os.environ} - {*environment}:
            patched.delenv(name)
        for name, text in environment.items():
            patched.setenv(name, text)
        patched.chdir(folder)
        patched.setattr(sys, "argv", ["nba-pipeline", *words])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0), out.getvalue(), err.getvalue()
