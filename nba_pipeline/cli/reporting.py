"""``report``: the slate of a date as a web page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from nba_pipeline import settings
from nba_pipeline.cli.opening import open_warehouse
from nba_pipeline.cli.options import ArchiveOption, AsJson, DateOption, ExecutorOption, day_of
from nba_pipeline.cli.printing import err, out, print_json
from nba_pipeline.cli.running import bring_up_to_date
from nba_pipeline.engine.session import Mode

Out = Annotated[
    str,
    typer.Option("--out", metavar="FILE", help="Where to write it; else beside the warehouse."),
]


def report(
    date_: DateOption,
    out_: Out = "",
    archive: ArchiveOption = "",
    executor: ExecutorOption = "",
    as_json: AsJson = False,
) -> None:
    """Make a date true, then write its slate as one web page that needs no network.

    What could not be made true is told on the page, which is written all the same.
    """
    from nba_pipeline.report.page import html_of, path_of, store, version_of
    from nba_pipeline.report.reading import read_evening, tables_read
    from nba_pipeline.report.slate import page_of

    day = day_of(date_, "--date")
    select = ",".join(f"+{name}" for name in tables_read())
    told = bring_up_to_date([day], select, archive, executor, False, False, Mode.DAILY)
    page = page_of(read_evening(open_warehouse(), day))
    html = html_of(page)
    path = Path(out_).expanduser() if out_ else path_of(settings.pages_folder(os.environ), day)
    is_written = store(html, path)
    if as_json:
        print_json(
            {
                "date": day,
                "page": str(path.resolve()),
                "bytes": len(html.encode()),
                "data_version": version_of(html),
                "written": is_written,
                "games": len(page.games),
                "players": len(page.players),
                "notices": [{"kind": n.kind, "sentence": n.sentence} for n in page.notices],
                "problems": told.problems + told.broken_promises,
            }
        )
    else:
        for notice in page.notices:
            out.print(f"{notice.kind}: {notice.sentence}", soft_wrap=True, highlight=False)
        state = "" if is_written else " (unchanged)"
        out.print(f"{path.resolve()}{state}", soft_wrap=True, highlight=False)
    for sentence in (*told.problems, *told.broken_promises):
        err.print(f"Error: {sentence}", style="red", soft_wrap=True, highlight=False)
    raise typer.Exit(0 if told.succeeded else 1)
