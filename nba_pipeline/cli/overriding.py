"""``override``: a person's word that an entity may be tried again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from nba_pipeline.cli.opening import open_warehouse
from nba_pipeline.cli.options import AsJson, DateOption, day_of
from nba_pipeline.cli.printing import out, print_json
from nba_pipeline.engine.errors import ConfigurationError


def override(
    table: Annotated[str, typer.Argument(help="Table, for example player_daily_cache.")],
    date_: DateOption,
    entity: Annotated[
        str, typer.Option(help="Who is locked out, as reprocess_attempts names him.")
    ],
    notes: Annotated[str, typer.Option(help="Why; kept with the override.")],
    as_json: AsJson = False,
) -> None:
    """Let a locked-out entity be tried again at once, and say why."""
    from nba_pipeline.engine.attempts import attempts_so_far, override_attempts
    from nba_pipeline.tables import REGISTRY

    if table not in REGISTRY:
        raise ConfigurationError(f"there is no table {table!r}: choose from {', '.join(REGISTRY)}")
    if not notes.strip():
        raise ConfigurationError("--notes is empty: say why it should be tried again")
    day, warehouse, now = day_of(date_, "--date"), open_warehouse(), datetime.now(UTC)
    attempts = attempts_so_far(REGISTRY[table], warehouse, [day], now)
    known = attempts.get((day, entity))
    if known is None:
        names = ", ".join(sorted(name for _, name in attempts)) or "nobody"
        raise ConfigurationError(
            f"no attempt at {entity} of {table} of {day} has failed, so there is nothing to "
            f"override (attempts failed at: {names})"
        )
    override_attempts(REGISTRY[table], day, entity, notes, warehouse, now)
    if as_json:
        told = {"table": REGISTRY[table].full_name, "date": day, "entity": entity}
        print_json({**told, "attempts": known.number, "locked_until": known.locked_until})
        return
    lock = f", locked until {known.locked_until:%Y-%m-%d %H:%M} UTC" if known.locked_until else ""
    out.print(
        f"{entity} of {table} of {day} may be tried again: {known.number} failed attempts{lock}, "
        "forgotten",
        highlight=False,
    )
