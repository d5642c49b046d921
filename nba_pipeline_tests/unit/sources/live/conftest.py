"""A server on this machine that answers as the hosts do, and a clock that jumps."""

from __future__ import annotations

import gzip
import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from nba_pipeline.sources.landing import LandingZone
from nba_pipeline.sources.live.client import Client
from nba_pipeline.sources.live.clock import Clock
from nba_pipeline.sources.live.hosts import HOSTS
from nba_pipeline.sources.live.ingest import Ingestion

#: Never part of anything that is kept or shown.
PLANTED = "pLaNtEd-k3y"

# What is asked, by the beginning of its path, and the recorded answer.
_DAYS_OF_THE_SCHEDULE = frozenset(
    {"12/14/2024", "12/23/2024", "01/06/2025", "03/09/2025", "04/16/2025", "05/05/2025"}
)
_SCHEDULES = ("/stats/stats/scheduleleaguev2int", "/cdn/static/json/staticData/scheduleLeagueV2")
_RECORDED = (
    ("/stats/stats/playerindex", "nba_playerindex_2025-26.json"),
    ("/stats/stats/leaguegamelog", "nba_leaguegamelog_players_2025-03-15.json"),
    ("/stats/stats/boxscoretraditionalv3", "nba_boxscoretraditionalv3_0022500165.json"),
    ("/stats/stats/boxscoretraditionalv2", "nba_boxscoretraditionalv2_0022400561.json"),
    ("/cdn/static/json/liveData/playbyplay", "nba_cdn_live_playbyplay_0022400500.json"),
    ("/reports/referee/injury/Injury-Report_", "nba_injury_report.pdf"),
    ("/gamebooks/pdfs/", "nba_gamebook.pdf"),
    ("/officials/wp-json", "nba_referee_assignments_2025-01-08.json"),
    (
        "/odds/v4/historical/sports/basketball_nba/events/",
        "odds_api_historical_event_odds_spreads_totals_2024-01-25.json",
    ),
    ("/odds/v4/historical/sports/basketball_nba/events", "odds_api_historical_events_b.json"),
    ("/bettingpros/v3/events", "bettingpros_events_2021-10-21.json"),
    ("/espn/apis/site/v2/sports/basketball/nba/teams", "espn_team_roster_bos.json"),
    ("/balldontlie/v1/box_scores", "balldontlie_box_scores_2024-01-15.json"),
    ("/balldontlie/v1/player_injuries", "balldontlie_injuries_2025-07.json"),
)


@dataclass(frozen=True)
class Reply:
    """What the server says once.

    Attributes:
        status: The HTTP status.
        body: The body.
        headers: Headers besides its length.
        announced: The length it claims, where that is a lie.
        delay: Seconds before it says anything.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None
    delay: float = 0.0


class Provider:
    """Every host at once, each under its own name, answering with the recorded payloads."""

    def __init__(self, payloads: Path | None = None, schedule: bytes | None = None) -> None:
        self._payloads = payloads
        self._schedule = schedule
        self._faults: dict[str, list[Reply]] = defaultdict(list)
        self._lasting: dict[str, Reply] = {}
        self._lock = threading.Lock()
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.under_way = self.most_at_once = 0
        self.released = threading.Event()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider._answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def settings(self) -> dict[str, str]:
        """An environment in which every host is this one and every key is the planted one."""
        addresses = {f"NBA_URL_{name.upper()}": f"{self.url}/{name}" for name in HOSTS}
        keys = {host.key.setting.name: PLANTED for host in HOSTS.values() if host.key}
        return {**addresses, **keys}

    def once(self, path: str, *replies: Reply) -> None:
        """Answer the next requests of a path, given by its beginning, with these."""
        self._faults[path] += replies

    def always(self, path: str, reply: Reply) -> None:
        """From now on answer requests of a path, given by its beginning, with this."""
        self._lasting[path] = reply

    def asked_for(self, text: str) -> list[dict[str, str]]:
        """The queries of the requests whose path holds a text."""
        split = [urlsplit(target) for target in self.asked]
        return [
            dict(parse_qsl(parts.query, keep_blank_values=True))
            for parts in split
            if text in parts.path
        ]

    def recorded(self, path: str) -> bytes | None:
        if path.startswith(_SCHEDULES):
            return self._schedule
        for begins, name in _RECORDED:
            if path.startswith(begins) and self._payloads:
                return (self._payloads / name).read_bytes()
        return None

    def _reply(self, path: str) -> Reply:
        for begins, replies in self._faults.items():
            if path.startswith(begins) and replies:
                return replies.pop(0)
        for begins, reply in self._lasting.items():
            if path.startswith(begins):
                return reply
        # The recorded list names a second page, which was not recorded.
        content = b'{"data": []}' if "cursor=" in path else self.recorded(path)
        return Reply(404, b"not here") if content is None else Reply(200, content)

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self.asked.append(request.path)
            self.headers.append(dict(request.headers))
            self.under_way += 1
            self.most_at_once = max(self.most_at_once, self.under_way)
            reply = self._reply(request.path)
        try:
            if reply.delay:
                self.released.wait(reply.delay)
            # Whoever has the answer may ask again before this thread is told so.
            with self._lock:
                self.under_way -= 1
            request.send_response(reply.status)
            length = len(reply.body) if reply.announced is None else reply.announced
            for name, text in {"Content-Length": str(length), **reply.headers}.items():
                request.send_header(name, text)
            request.end_headers()
            request.wfile.write(reply.body)
        except OSError:
            pass  # Whoever asked has given up; that is what some tests are about.
        finally:
            request.close_connection = True


class JumpingClock(Clock):
    """Waits at once, and remembers for how long it would have waited."""

    def __init__(self, now: datetime) -> None:
        self._start = self._now = now
        self._lock = threading.Lock()
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self._now

    def seconds(self) -> float:
        return (self._now - self._start).total_seconds()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(round(seconds, 6))
            self._now += timedelta(seconds=seconds)


@pytest.fixture(scope="session")
def reply() -> type[Reply]:
    """Makes replies: ``reply(429, headers={"Retry-After": "7"})``."""
    return Reply


@pytest.fixture(scope="session")
def planted() -> str:
    """The key that must never be kept or shown."""
    return PLANTED


@pytest.fixture(scope="session")
def payloads(season_files: Path) -> Path:
    """The folder of recorded answers."""
    return season_files / "payloads"


@pytest.fixture(scope="session")
def short_schedule(payloads: Path) -> bytes:
    """The recorded schedule without most of its days: nine megabytes take half a second to read."""
    content = (payloads / "nba_scheduleleaguev2_2024-25.json.gz").read_bytes()
    told = json.loads(gzip.decompress(content))
    days = told["leagueSchedule"]["gameDates"]
    told["leagueSchedule"]["gameDates"] = [
        day for day in days if day["gameDate"][:10] in _DAYS_OF_THE_SCHEDULE
    ]
    return json.dumps(told).encode()


@pytest.fixture
def provider(payloads: Path, short_schedule: bytes) -> Iterator[Provider]:
    """A running server that answers with the recorded payloads."""
    running = Provider(payloads, short_schedule)
    yield running
    running.stop()


@pytest.fixture
def stranger() -> Iterator[Provider]:
    """A running server that knows nothing but what a test tells it."""
    running = Provider()
    yield running
    running.stop()


@pytest.fixture
def clock() -> JumpingClock:
    """The afternoon after 2025-01-06 was played."""
    return JumpingClock(datetime(2025, 1, 7, 20, tzinfo=UTC))


@pytest.fixture
def client(clock: JumpingClock) -> Iterator[Client]:
    """A client without jitter."""
    with Client(clock, jitter=lambda: 0.0) as asking:
        yield asking


@pytest.fixture
def ingestion(provider: Provider, client: Client, clock: JumpingClock, tmp_path: Path) -> Ingestion:
    """Everything from the recorded provider into a folder."""
    return Ingestion(LandingZone(tmp_path / "landing"), client, provider.settings, clock)
