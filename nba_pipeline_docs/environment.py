"""Every environment variable with its default, its values and what it changes."""

from __future__ import annotations

from nba_pipeline.catalogue import VARIABLES
from nba_pipeline.engine.table import FanOut
from nba_pipeline.engine.variables import Variable
from nba_pipeline.tables import REGISTRY
from nba_pipeline_docs.markdown import code, grid, plain

_HEAD = """\
# Environment variables

What operators set, with defaults, allowed values and effects. A variable that is set to nothing, or
to spaces, counts as not set. A value that is not allowed ends the command with one sentence that
names the variable; nothing is computed then. A choice made in the call (`--executor`,
`--archive`, …) goes before the environment.

Workers and executors never change a row. Apart from what is read (`NBA_ARCHIVE_DIR`,
`NBA_LANDING_ROOT`) only the variables under [What rows say](#what-rows-say) do: their values are
part of the `inputs_hash` of the tables that read them, so changing one computes those again, and
nothing else.

"""


def page() -> str:
    """The page."""
    parts = [_HEAD]
    for title, variables in VARIABLES.items():
        rows = [[code(v.name), _default(v), plain(v.values), plain(_effect(v))] for v in variables]
        parts += [f"## {title}\n", grid(("Variable", "Default", "Values", "Effect"), rows)]
    return "\n".join(parts)


def _default(variable: Variable) -> str:
    return code(variable.default) or plain(variable.fallback) or "–"


def _effect(variable: Variable) -> str:
    """What it changes; of worker counts whose, of secrets that nobody sees them."""
    effect = variable.means[:1].upper() + variable.means[1:]
    whose = [table.name for table in REGISTRY.values() if _counts(table.fan_out, variable)]
    if whose:
        effect = f"Workers of {', '.join(whose)}; never more than usable CPUs, 0 or less means 1"
    rows = [table.name for table in REGISTRY.values() if variable in table.settings]
    if rows:
        effect += f". Read by {', '.join(rows)}"
    return f"{effect}. Never shown" if variable.is_secret else effect


def _counts(fan_out: FanOut, variable: Variable) -> bool:
    return fan_out.workers_variable == variable.name
