"""What is read: the archive format, payload kinds, and what is fetched live."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from nba_pipeline.sources.feeds import FEEDS, Feed
from nba_pipeline.sources.live.endpoints import ENDPOINTS, FILE_DROPS
from nba_pipeline.sources.live.hosts import HOSTS
from nba_pipeline.sources.live.workflows import WORKFLOWS, Member, Workflow
from nba_pipeline.sources.parsers import KINDS
from nba_pipeline.tables import REGISTRY
from nba_pipeline_docs.columns import stored_type
from nba_pipeline_docs.markdown import code, codes, grid, plain

_FEEDS = """\
# Season files: the archive format

What a season file must hold, feed by feed. Files are Parquet and named after their feed, for
example `player_box_2021_22.parquet`; several seasons may lie side by side. Every source speaks this
format, so anybody who can write these columns can feed the pipeline.
[Add a source](../how-to/add-a-source.md) shows how.

"""
_PAYLOADS = """\
# Payload kinds

Payloads of a landing zone that are read, in the order in which they are believed where two tell of
the same feed. `data_source` of a raw row names the kind it comes from. A payload that is not as its
publisher's used to be is set aside with one sentence in
[`quarantined_payloads`](processing.md#quarantined_payloads).

"""
_WORKFLOWS = """\
# Live workflows

What `nba-pipeline ingest` and the jobs named `fetch_…` fetch of an NBA day. Members of a step are
fetched side by side; a step begins when the one before it has ended. A workflow succeeds only if
every required member did. A member whose key is not set is left out.

"""
_HOSTS = """\
## Hosts

How each host is asked. A request is repeated after 3, 6 and 12 seconds where repeating can help.

"""


def feeds_page() -> str:
    """The archive format."""
    return _FEEDS + "\n".join(_feed(feed) for feed in FEEDS.values())


def _feed(feed: Feed) -> str:
    readers = [
        f"[`{table.name}`](tables/{table.name}.md)"
        for table in REGISTRY.values()
        if any(each.is_feed and each.table == feed.name for each in table.inputs.values())
    ]
    facts = [
        ("Key", codes(feed.key)),
        ("Its NBA day", f"by {code(feed.dated_by)}"),
        ("Read by", ", ".join(readers) or "nothing"),
    ]
    rows = [*_columns(feed.required, "yes"), *_columns(feed.optional or {}, "")]
    rows += _columns(
        {n: t for n, t in feed.columns.items() if n in ("known_at", "data_source")}, ""
    )
    return "\n".join(
        [f"## {feed.name}\n", grid(("", ""), facts), grid(("Column", "Type", "Required"), rows)]
    )


def _columns(columns: Mapping[str, pa.DataType], required: str) -> list[tuple[str, str, str]]:
    return [(code(name), stored_type(type_), required) for name, type_ in columns.items()]


def payloads_page() -> str:
    """Payload kinds."""
    rows = (
        [
            code(kind.title),
            code(f"{kind.source}/{kind.name}/"),
            ", ".join(f"[`{feed}`](feeds.md#{feed})" for feed in kind.feeds) or "–",
            codes(shape for shape in kind.parsers if shape) or "one",
        ]
        for kind in KINDS
    )
    return _PAYLOADS + grid(("Kind", "Folder", "Tells of", "Shapes, by the key at the top"), rows)


def workflows_page() -> str:
    """Live workflows, their members and hosts."""
    sections = "\n".join(_workflow(workflow) for workflow in WORKFLOWS.values())
    rows = (
        [
            code(host.name),
            code(host.url),
            code(host.key.setting.name) if host.key else "–",
            str(host.at_once),
            f"{host.pause:g}",
            f"{host.timeout:g}",
            "yes" if host.is_proxied else "",
        ]
        for host in HOSTS.values()
    )
    heads = ("Host", "Address", "Key", "At once", "Pause, s", "Time limit, s", "Through the proxy")
    return _WORKFLOWS + sections + "\n" + _HOSTS + grid(heads, rows)


def _workflow(workflow: Workflow) -> str:
    rows = [
        [
            str(number),
            code(member.name),
            "yes" if member.is_critical else "",
            _publisher(member),
            code(member.missing_setting({})) or "–",
        ]
        for number, step in enumerate(workflow.steps, 1)
        for member in step
    ]
    heads = ("Step", "Member", "Required", "From", "Needs")
    return f"## {workflow.name}\n\n{plain(workflow.description)}\n\n{grid(heads, rows)}"


def _publisher(member: Member) -> str:
    if member.name in FILE_DROPS:
        return "a folder"
    return code(HOSTS[ENDPOINTS[member.name].host].name)
