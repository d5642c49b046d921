"""The Odds API: lines and player props of an event, live or from its history.

A historical answer wraps the live one and says at which moment it was taken; of a live answer that
moment is the fetch. Prices come as decimal or American odds, as asked for; both become American.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nba_pipeline.sources.parsers.nbac_schedule import eastern_day
from nba_pipeline.sources.parsers.shape import Node, Origin, Parsed, Row, json_of

#: Below this no American odds exist, and above it no bookmaker writes decimal ones.
_LEAST_AMERICAN = 100.0


@dataclass
class _Line:
    """One number of one market, with what was paid on either side of it."""

    prices: dict[str, int | None] = field(default_factory=dict)


def _event(content: bytes, origin: Origin) -> tuple[Node, datetime]:
    """The event of an answer, and the moment it speaks of."""
    root = json_of(content, origin)
    if "data" in root:
        return root["data"], root.instant("timestamp")
    return root, origin.fetched_at


def events(content: bytes, origin: Origin) -> Parsed:
    """A list of events. It only tells which events to ask for; checked here, it has no rows."""
    root = json_of(content, origin)
    listed = root.each("data") if "data" in root else _listed(root)
    for event in listed:
        event.text("id")
        event.instant("commence_time")
        event.text("home_team")
        event.text("away_team")
    return {}


def _listed(root: Node) -> Iterator[Node]:
    if not isinstance(root.value, list):
        raise root.fails("is no list of events")
    return Node({"events": root.value}, "", root.origin).each("events")


def american(price: float) -> int:
    """American odds of a price in decimal or American odds, rounded to whole ones."""
    if abs(price) >= _LEAST_AMERICAN:
        return round(price)
    return round((price - 1) * 100) if price >= 2 else round(-100 / (price - 1))


def _price(outcome: Node) -> int | None:
    price = outcome.real_or_none("price")
    if price is None:
        return None
    if abs(price) < _LEAST_AMERICAN and price <= 1:
        raise outcome["price"].fails(f"is no price: {price:g}")
    return american(price)


def player_props(content: bytes, origin: Origin) -> Parsed:
    """Props of an event's players: one row per number, with both prices."""
    event, taken_at = _event(content, origin)
    about = {
        "date": eastern_day(event.instant("commence_time")),
        "event_id": event.text("id"),
        "home_team": event.text("home_team"),
        "away_team": event.text("away_team"),
        "commence_time": event.instant("commence_time"),
        "snapshot": taken_at.isoformat(),
        "snapshot_at": taken_at,
    }
    rows: list[Row] = []
    for book in event.each("bookmakers"):
        for market in book.each("markets"):
            if market.text("key").startswith("player_"):
                rows += _lines(market, {**about, "bookmaker": book.text("key")})
    return {"player_props": rows}


def _lines(market: Node, about: Row) -> Iterator[Row]:
    lines: dict[tuple[str, float], _Line] = {}
    for outcome in market.each("outcomes"):
        if outcome.text("name") in ("Over", "Under") and "point" in outcome:
            key = outcome.text("description"), outcome.real("point")
            lines.setdefault(key, _Line()).prices[outcome.text("name")] = _price(outcome)
    for (player, point), line in lines.items():
        yield {
            **about,
            "player_name": player,
            "market": market.text("key").removesuffix("_alternate"),
            "line": point,
            "is_two_sided": len(line.prices) == 2,
            "over_price": line.prices.get("Over"),
            "under_price": line.prices.get("Under"),
        }


def game_lines(content: bytes, origin: Origin) -> Parsed:
    """Spreads, totals and moneylines of an event: one row per outcome."""
    event, taken_at = _event(content, origin)
    about: dict[str, Any] = {
        "game_date": eastern_day(event.instant("commence_time")),
        "home_team_abbr": event.team("home_team"),
        "away_team_abbr": event.team("away_team"),
        "snapshot_at": taken_at,
    }
    return {
        "game_line_snapshots": [
            {
                **about,
                "bookmaker": book.text("key"),
                "market": market.text("key"),
                "outcome": outcome.team("name")
                if outcome.is_team("name")
                else outcome.text("name"),
                "point": outcome.real_or_none("point"),
                "price": _price(outcome),
            }
            for book in event.each("bookmakers")
            for market in book.each("markets")
            if market.text("key") in ("spreads", "totals", "h2h")
            for outcome in market.each("outcomes")
        ]
    }
