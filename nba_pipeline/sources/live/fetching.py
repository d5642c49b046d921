"""One endpoint on one day: asked for all its targets, page by page, its answers landed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from nba_pipeline.engine.errors import FetchError, SourceError
from nba_pipeline.sources.live.client import Answer, Client
from nba_pipeline.sources.live.endpoints import ENDPOINTS, Endpoint
from nba_pipeline.sources.live.hosts import HOSTS, reached
from nba_pipeline.sources.live.reports import MemberReport
from nba_pipeline.sources.live.targets import Slate, Target, targets

#: Share of a quota from which a report speaks of it.
QUOTA_WARNING = 0.8

_OK = 200
# More pages than any list has: a cursor that never ends is a fault of the other side.
_MOST_PAGES = 100


@dataclass(frozen=True)
class Fetching:
    """Fetches one endpoint.

    Attributes:
        slate: The day, and where answers land.
        client: Who asks.
        environ: Where keys and addresses are.
        deadline: By the client's clock, when to stop asking.
    """

    slate: Slate
    client: Client
    environ: Mapping[str, str]
    deadline: float

    def fetch(self, endpoint: Endpoint, report: MemberReport) -> None:
        """Ask for everything the day has and count what came in ``report``.

        Raises:
            SourceError: When what landed before does not tell what to ask for.
            ConfigurationError: When the host cannot be reached as it is configured.
        """
        wanted = targets(endpoint, self.slate)
        if not wanted:
            report.notes.append("nothing to ask for")
        reached(HOSTS[endpoint.host], self.environ)

        def one(target: Target) -> MemberReport:
            told = MemberReport(report.member, report.is_critical)
            self._one(endpoint, target, told)
            return told

        with ThreadPoolExecutor(HOSTS[endpoint.host].at_once) as pool:
            for told in pool.map(one, wanted):
                report.add(told)

    def _one(self, endpoint: Endpoint, target: Target, report: MemberReport) -> None:
        """Ask for one thing, and where that fails for the same thing elsewhere."""
        try:
            problem = self._land(endpoint, target, report)
        except SourceError as error:
            problem = f"{endpoint.name}: {error}"
        if problem and endpoint.instead:
            report.notes.append(f"{problem}; asked {endpoint.instead} instead")
            self._one(ENDPOINTS[endpoint.instead], target, report)
        elif problem:
            report.fails(problem)

    def _land(self, endpoint: Endpoint, target: Target, report: MemberReport) -> str:
        """Land all pages of one thing.

        Returns:
            What is wrong with there being none, where something is.
        """
        held, url = 0, ""
        for number, answer in enumerate(self._answers(endpoint, target), start=1):
            url = answer.url
            report.notes += _quota(endpoint, answer)
            rows = rows_in(endpoint, answer)
            if rows != 0:
                name = f"{target.name}-p{number}" if endpoint.paging else target.name
                report.landed(self._put(endpoint, name, answer, rows))
                held += 1
        if held or endpoint.may_be_empty or not self.slate.is_over:
            report.nothing += not held
            return ""
        return f"{endpoint.name}: {url}: no rows, though the day is over"

    def _put(self, endpoint: Endpoint, name: str, answer: Answer, rows: int | None) -> bool:
        """Keep an answer; whether it says something new."""
        landed = self.slate.zone.put(
            endpoint.source,
            endpoint.kind,
            self.slate.day,
            name,
            answer.content,
            fetched_at=answer.fetched_at,
            request={
                "endpoint": endpoint.name,
                "url": answer.url,
                "status": str(answer.status),
                "rows": "unknown" if rows is None else str(rows),
            },
            extension=endpoint.extension,
        )
        return landed is not None

    def _answers(self, endpoint: Endpoint, target: Target) -> Iterator[Answer]:
        """The pages of one thing, one after another."""
        reach = reached(HOSTS[endpoint.host], self.environ)
        path, query = endpoint.path.format_map(target.words), endpoint.query(target.words)
        for number in range(1, _MOST_PAGES + 1):
            answer = self.client.get(
                reach,
                path,
                query,
                extension=endpoint.extension,
                fine=endpoint.fine,
                deadline=self.deadline,
            )
            yield answer
            further = _next_page(endpoint, answer, number)
            if not further:
                return
            if further.items() <= query.items():
                raise FetchError(f"{answer.url}: this page names itself as the next one")
            query = {**query, **further}
        raise FetchError(f"{reach.host.url}{path}: more than {_MOST_PAGES} pages")


def rows_in(endpoint: Endpoint, answer: Answer) -> int | None:
    """How many rows an answer holds.

    Returns:
        0 for an answer that means there is nothing; None where it cannot be said: a PDF, or a
        shape this module does not know, which is for the parsers to judge.
    """
    if answer.status != _OK:
        return 0
    if endpoint.extension != "json":
        return None
    found = _at(answer.document, endpoint.rows)
    return len(found) if isinstance(found, list) else None


def _next_page(endpoint: Endpoint, answer: Answer, number: int) -> dict[str, str]:
    """What the next page's query has besides, or nothing after the last page."""
    if not endpoint.paging or answer.status != _OK:
        return {}
    told = _at(answer.document, endpoint.paging)
    if told is None:
        return {}
    if endpoint.paging.endswith("cursor"):
        return {"cursor": str(told)}
    return {"page": str(number + 1)} if isinstance(told, int) and number < told else {}


def _at(document: Any, place: str) -> Any:
    """What lies at a place in a document, or None where there is no such place."""
    for step in place.split("/") if place else ():
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document


def _quota(endpoint: Endpoint, answer: Answer) -> list[str]:
    """A sentence on the host's quota, once little of it is left."""
    headers = {name.lower(): text for name, text in answer.headers.items()}
    try:
        used = float(headers["x-requests-used"])
        share = used / (used + float(headers["x-requests-remaining"]))
    except (KeyError, ValueError, ZeroDivisionError):
        return []
    if share < QUOTA_WARNING:
        return []
    return [f"{share:.0%} of the quota of {endpoint.host} are used"]
