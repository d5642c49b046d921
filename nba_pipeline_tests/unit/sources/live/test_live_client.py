"""One request against a real server: what is repeated, how long is waited, what is said."""

from __future__ import annotations

import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from nba_pipeline.engine.errors import ConfigurationError, FetchError
from nba_pipeline.engine.variables import Variable
from nba_pipeline.sources.live import client as module
from nba_pipeline.sources.live.client import Answer, Client
from nba_pipeline.sources.live.hosts import HOSTS, Host, Key, Reach, reached

WHOLE = b'{"game": {"actions": [1, 2]}}'
CUT_OFF = WHOLE[:-5]
PAGE = b"<!DOCTYPE html><html><body>Access denied</body></html>"
PDF = b"%PDF-1.4\n...\n%%EOF\n"

SOME_KEY, KEY, SCHEME = (Variable(name, "for a test") for name in ("SOME_KEY", "K", "SCHEME"))
HOST = Host("somewhere", "", key=Key(SOME_KEY, parameter="apiKey"), at_once=2, pause=0.0)


@pytest.fixture
def reach(stranger: Any, planted: str) -> Reach:
    """A host of the stranger's that wants a key in the query."""
    return reached(replace(HOST, url=stranger.url), {"SOME_KEY": planted})


def ask(client: Client, reach: Reach, **changed: Any) -> Answer:
    how = {"path": "/odds", "parameters": {"regions": "us"}, "extension": "json"}
    return client.get(reach, **{**how, **changed})


# Answers ------------------------------------------------------------------------------------------


def test_an_answer_comes_as_it_was_sent(stranger, client, reach, clock, reply):
    content = '{"name": "Jokić",\r\n "n": 1.0}'.encode("latin-1", "backslashreplace")
    stranger.always("/odds", reply(200, content))
    answer = ask(client, reach)
    assert (answer.status, answer.content, answer.fetched_at) == (200, content, clock.now())


def test_the_key_travels_in_the_query_and_shows_nowhere(stranger, client, reach, planted, reply):
    stranger.always("/odds", reply(200, WHOLE))
    answer = ask(client, reach)
    assert stranger.asked_for("/odds") == [{"regions": "us", "apiKey": planted}]
    assert answer.url == f"{stranger.url}/odds?regions=us&apiKey=***"


def test_a_key_may_travel_in_a_header(stranger, client, planted, reply):
    host = Host(
        "h",
        stranger.url,
        key=Key(KEY, header="Authorization", scheme_setting=SCHEME),
    )
    stranger.always("/", reply(200, WHOLE))
    ask(client, reached(host, {"K": planted}))
    ask(client, reached(host, {"K": planted, "SCHEME": "Bearer"}))
    assert [sent["Authorization"] for sent in stranger.headers] == [planted, f"Bearer {planted}"]
    assert all(planted not in path for path in stranger.asked)


def test_a_status_that_means_nothing_is_an_answer(stranger, client, reach, clock, reply):
    stranger.always("/odds", reply(404))
    assert ask(client, reach, fine=frozenset({404})).status == 404
    assert clock.waits == []


# Waiting ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_or_broken_host_is_asked_again(stranger, client, reach, clock, reply, status):
    stranger.once("/odds", reply(status))
    stranger.always("/odds", reply(200, WHOLE))
    assert ask(client, reach).content == WHOLE
    assert clock.waits == [3.0]


def test_waits_double_and_then_it_is_given_up(stranger, client, reach, clock, reply):
    stranger.always("/odds", reply(503))
    with pytest.raises(FetchError) as told:
        ask(client, reach)
    assert str(told.value) == (f"{stranger.url}/odds?regions=us&apiKey=***: status 503 (4 tries)")
    assert clock.waits == [3.0, 6.0, 12.0]
    assert len(stranger.asked) == 4


@pytest.mark.parametrize(
    ("asked_for", "waited"),
    [
        ("7", 7.0),
        ("1", 3.0),
        ("60", 60.0),
        ("3600", 60.0),
        ("Tue, 07 Jan 2025 20:00:45 GMT", 45.0),
        ("Tue, 07 Jan 2025 19:00:00 GMT", 3.0),
        ("soon", 3.0),
        ("-5", 3.0),
    ],
)
def test_a_host_may_ask_for_a_longer_wait_up_to_a_minute(
    stranger, client, reach, clock, reply, asked_for, waited
):
    stranger.once("/odds", reply(429, headers={"Retry-After": asked_for}))
    stranger.always("/odds", reply(200, WHOLE))
    ask(client, reach)
    assert clock.waits == [waited]


def test_no_wait_is_longer_than_a_minute(stranger, reach, clock, reply, monkeypatch):
    monkeypatch.setattr(module, "ATTEMPTS", 8)
    monkeypatch.setattr(module, "CALL_BUDGET", 1000.0)
    stranger.always("/odds", reply(500))
    with Client(clock, jitter=lambda: 1.0) as client, pytest.raises(FetchError, match="8 tries"):
        ask(client, reach)
    assert clock.waits == [3.6, 7.2, 14.4, 28.8, 57.6, 60.0, 60.0]


@pytest.mark.parametrize(("jitter", "waited"), [(-1.0, 2.4), (0.5, 3.3), (1.0, 3.6)])
def test_waits_are_spread_by_a_fifth(stranger, reach, clock, reply, jitter, waited):
    stranger.once("/odds", reply(500))
    stranger.always("/odds", reply(200, WHOLE))
    with Client(clock, jitter=lambda: jitter) as client:
        ask(client, reach)
    assert clock.waits == [waited]


def test_unasked_the_waits_of_two_clients_differ(stranger, reach, clock, reply):
    stranger.always("/odds", reply(500))
    for _ in range(2):
        with Client(clock) as client, pytest.raises(FetchError):
            ask(client, reach)
    assert len(set(clock.waits)) == 6
    assert all(
        0.8 * grown <= wait <= 1.2 * grown
        for wait, grown in zip(clock.waits, [3, 6, 12] * 2, strict=True)
    )


# What is never repeated ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422])
def test_a_refusal_is_final(stranger, client, reach, clock, reply, status):
    stranger.always("/odds", reply(status, headers={"Location": "http://127.0.0.1:9/elsewhere"}))
    with pytest.raises(FetchError, match=rf"/odds\?regions=us&apiKey=\*\*\*: status {status}$"):
        ask(client, reach)
    assert len(stranger.asked) == 1
    assert clock.waits == []


# Broken answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"body": CUT_OFF}, "24 bytes that end too early or are broken instead of whole JSON"),
        ({"body": PAGE}, "a web page instead of whole JSON"),
        ({"body": b""}, "nothing instead of whole JSON"),
        ({"body": CUT_OFF, "announced": len(WHOLE)}, "the answer was cut off"),
        (
            {"body": b"no gzip", "headers": {"Content-Encoding": "gzip"}},
            "the answer cannot be unpacked",
        ),
    ],
)
def test_a_broken_answer_is_asked_for_again(stranger, client, reach, reply, broken, said):
    stranger.once("/odds", *[reply(200, **broken)] * 4)
    with pytest.raises(FetchError) as told:
        ask(client, reach)
    assert str(told.value) == f"{stranger.url}/odds?regions=us&apiKey=***: {said} (4 tries)"
    stranger.once("/odds", reply(200, **broken))
    stranger.always("/odds", reply(200, WHOLE))
    assert ask(client, reach).content == WHOLE


@pytest.mark.parametrize("body", [PAGE, PDF[:-6], b"PK" + PDF])
def test_a_pdf_is_a_whole_pdf(stranger, client, reach, reply, body):
    stranger.once("/odds", reply(200, body))
    stranger.always("/odds", reply(200, PDF))
    assert ask(client, reach, extension="pdf").content == PDF
    assert len(stranger.asked) == 2


def test_a_host_that_falls_silent_is_asked_again(stranger, client, reach, clock, reply):
    impatient = replace(reach, host=replace(reach.host, timeout=0.1))
    stranger.once("/odds", reply(200, WHOLE, delay=5))
    stranger.always("/odds", reply(200, WHOLE))
    assert ask(client, impatient).content == WHOLE
    assert clock.waits == [3.0]


def test_a_host_that_stays_silent_is_given_up(stranger, client, reach, reply):
    impatient = replace(reach, host=replace(reach.host, timeout=0.05))
    stranger.always("/odds", reply(200, WHOLE, delay=5))
    with pytest.raises(FetchError, match=r"no answer in time \(4 tries\)$"):
        ask(client, impatient)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_nobody_there_is_tried_again_and_said(client, reach, clock):
    nobody = replace(reach, host=replace(reach.host, url=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(FetchError, match=r"no connection \(4 tries\)$"):
        ask(client, nobody)
    assert clock.waits == [3.0, 6.0, 12.0]


def test_a_proxy_that_is_not_there_is_said_without_its_password(client, reach, planted):
    proxy = f"http://someone:{planted}@127.0.0.1:{free_port()}"
    with pytest.raises(FetchError, match="the proxy cannot be reached") as told:
        ask(client, replace(reach, proxy=proxy, secrets=(*reach.secrets, proxy)))
    assert planted not in str(told.value)


def test_a_proxy_is_used(stranger, client, reach, reply):
    stranger.always("http://nowhere.invalid/odds", reply(200, WHOLE))
    host = replace(reach.host, url="http://nowhere.invalid")
    assert ask(client, replace(reach, host=host, proxy=stranger.url)).content == WHOLE


# Limits -------------------------------------------------------------------------------------------


def test_an_answer_has_a_largest_size(stranger, client, reach, reply, monkeypatch):
    monkeypatch.setattr(module, "LARGEST_PAYLOAD", 100)
    stranger.always("/odds", reply(200, b'"' + b"x" * 200 + b'"'))
    with pytest.raises(FetchError, match="more than 100 bytes"):
        ask(client, reach)
    assert len(stranger.asked) == 1


def test_no_wait_goes_beyond_the_time_there_is(stranger, client, reach, clock, reply):
    stranger.always("/odds", reply(500))
    with pytest.raises(FetchError, match=r"status 500 \(2 tries\)$"):
        ask(client, reach, deadline=8.0)
    assert clock.waits == [3.0]


def test_nothing_is_asked_once_the_time_is_over(stranger, client, reach, clock, reply):
    stranger.always("/odds", reply(200, WHOLE))
    clock.sleep(10.0)
    with pytest.raises(FetchError, match="not asked, the time for all of its kind was used up"):
        ask(client, reach, deadline=8.0)
    assert stranger.asked == []


def test_a_host_is_asked_by_so_many_at_once(stranger, client, reach, reply):
    stranger.always("/odds", reply(200, WHOLE, delay=0.05))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ask(client, reach), range(8)))
    assert stranger.most_at_once == 2


def test_a_host_is_left_in_peace_between_two_requests(stranger, client, reach, clock, reply):
    stranger.always("/odds", reply(200, WHOLE))
    calm = replace(reach, host=replace(reach.host, pause=2.5))
    for _ in range(3):
        ask(client, calm)
    assert clock.waits == [2.5, 2.5]


# Settings -----------------------------------------------------------------------------------------


def test_a_missing_key_is_named():
    with pytest.raises(ConfigurationError, match="ODDS_API_KEY is not set: odds wants a key"):
        reached(HOSTS["odds"], {})


@pytest.mark.parametrize("setting", ["NBA_URL_STATS", "NBA_PROXY_URL"])
def test_an_address_is_a_web_address(setting, planted):
    with pytest.raises(ConfigurationError, match=f"{setting} is no web address") as told:
        reached(HOSTS["stats"], {setting: f"ftp://{planted}"})
    assert planted not in str(told.value)


def test_the_proxy_is_for_hosts_that_block_clouds():
    through = {
        name
        for name, host in HOSTS.items()
        if host.key is None and reached(host, {"NBA_PROXY_URL": "http://proxy:1"}).proxy
    }
    assert through == {"stats", "reports", "gamebooks", "officials"}


# Secrets ------------------------------------------------------------------------------------------


def test_no_log_holds_the_key(stranger, client, reach, planted, reply, caplog):
    stranger.once("/odds", reply(500), reply(200, CUT_OFF, announced=99))
    stranger.always("/odds", reply(401))
    with caplog.at_level(logging.DEBUG), pytest.raises(FetchError):
        ask(client, reach)
    assert any("/odds" in record.getMessage() for record in caplog.records)
    assert any("next try in 3.0 s" in record.getMessage() for record in caplog.records)
    assert planted not in caplog.text


def test_no_error_holds_the_key(client, reach, planted):
    nobody = replace(reach, host=replace(reach.host, url=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(FetchError) as told:
        ask(client, nobody)
    error: BaseException | None = told.value
    while error is not None:
        assert planted not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_what_is_known_of_a_host_shows_no_key(reach, planted):
    assert planted not in repr(reach)
