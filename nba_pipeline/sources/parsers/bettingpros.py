"""BettingPros: the second source of player props, market by market.

Its offers were never seen recorded; their shape is as documented, and anything else is refused by
name. Its events are recorded and give the games their ids are about.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from nba_pipeline.sources.parsers.nbac_schedule import eastern_day
from nba_pipeline.sources.parsers.shape import Node, Origin, Parsed, Row, json_of

_BOOKS = {
    0: "consensus",
    10: "fanduel",
    12: "draftkings",
    13: "caesars",
    14: "pointsbet",
    18: "betrivers",
    19: "betmgm",
    24: "bet365",
    25: "wynnbet",
    28: "unibet",
}
_MARKETS = {
    156: "player_points",
    157: "player_rebounds",
    151: "player_assists",
    162: "player_threes",
    160: "player_steals",
    152: "player_blocks",
}


def events(content: bytes, origin: Origin) -> Parsed:
    """A day's events: which game each id is."""
    listed = json_of(content, origin).each("events")
    return {"bettingpros_events": [_event(event) for event in listed]}


def _event(event: Node) -> Row:
    moment = event.instant("scheduled")
    return {
        "date": eastern_day(moment),
        "event_id": event.text("id"),
        "home_team": event.team("home"),
        "away_team": event.team("visitor"),
        "commence_time": moment,
    }


def offers(content: bytes, origin: Origin) -> Parsed:
    """A page of offers: one row per player, bookmaker and number."""
    rows: dict[tuple[str, str, str, str, float], Row] = {}
    for offer in json_of(content, origin).each("offers"):
        for side, book, line in _offered(offer):
            row = _row(offer, book, line, origin.fetched_at)
            key = (
                row["event_id"],
                row["player_name"],
                row["market"],
                row["bookmaker"],
                row["line"],
            )
            rows.setdefault(key, row)[f"{side}_price"] = line.whole_or_none("cost")
    for row in rows.values():
        row["is_two_sided"] = "over_price" in row and "under_price" in row
    return {"player_props": list(rows.values())}


def _offered(offer: Node) -> Iterator[tuple[str, Node, Node]]:
    for selection in offer.each("selections"):
        side = selection.text("selection").lower()
        if side not in ("over", "under"):
            raise selection["selection"].fails(f"is neither over nor under: {side!r:.60}")
        for book in selection.each("books"):
            for line in book.each("lines"):
                if "active" not in line or line["active"].value is not False:
                    yield side, book, line


def _row(offer: Node, book: Node, line: Node, fetched_at: datetime) -> Row:
    market, number = offer.whole("market_id"), book.whole("id")
    if market not in _MARKETS:
        raise offer["market_id"].fails(f"is no market known here: {market}")
    people = list(offer.each("participants"))
    if not people:
        raise offer["participants"].fails("names nobody")
    stood = line.instant_or_none("updated") or fetched_at
    return {
        "event_id": offer.text("event_id"),
        "player_name": people[0].text("name"),
        "market": _MARKETS[market],
        "bookmaker": _BOOKS.get(number, f"bettingpros_{number}"),
        "snapshot": fetched_at.astimezone(UTC).isoformat(),
        "snapshot_at": min(stood, fetched_at),
        "line": line.real("line"),
    }
