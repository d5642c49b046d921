"""A few inputs of the fuzzer, so that it works when somebody wants it to look for longer."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
FUZZ = "nba_pipeline_tests.hostile.fuzz"


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris is not installed: pip install 'nba-pipeline[fuzz]'",
)
def test_what_a_fuzzer_makes_up_is_rows_or_refused_by_name(tmp_path: Path) -> None:
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            FUZZ,
            "-runs=250",
            "-seed=20250115",
            f"-artifact_prefix={tmp_path}/",
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert "Done 250 runs" in ended.stderr
