"""``python -m nba_pipeline_tests.bigquery_emulator CMD …``: any command against an emulator.

Starts the emulator, runs the command with the environment that makes it the warehouse, stops the
emulator, and leaves with the command's exit code.
"""

from __future__ import annotations

import os
import subprocess
import sys

from nba_pipeline_tests.bigquery_emulator import emulator


def main() -> int:
    """Run the command that the arguments are."""
    if len(sys.argv) < 2:
        sys.stderr.write("usage: python -m nba_pipeline_tests.bigquery_emulator CMD [ARG …]\n")
        return 2
    with emulator() as variables:
        return subprocess.run(sys.argv[1:], env={**os.environ, **variables}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
