"""Posting to a real server: what is said, what is tried again, and what nobody ever sees."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nba_pipeline.alerting.alerts import Alert, Severity
from nba_pipeline.alerting.telling import tell, told_so_far
from nba_pipeline.alerting.webhook import ATTEMPTS, Webhook
from nba_pipeline.engine.errors import AlertError, ConfigurationError
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse
from nba_pipeline_tests.listening import SECRETS, Listener, listening

DAY = date(2021, 11, 15)
NOW = datetime(2021, 11, 16, 12, tzinfo=UTC)


def alert(**changed: Any) -> Alert:
    known = {
        "cause": "coverage",
        "day": DAY,
        "severity": Severity.CRITICAL,
        "sentence": "80 of 100 eligible players are predicted",
        "fix": "nba-pipeline run --date 2021-11-15",
    }
    return Alert(**{**known, **changed})


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def webhook(listener: Listener) -> Webhook:
    return Webhook(listener.address, sleep=lambda _: None)


# What is said ------------------------------------------------------------------------------------


def test_a_message_names_date_severity_sentence_and_fix(
    webhook: Webhook, listener: Listener
) -> None:
    webhook.deliver([alert()])
    assert listener.texts == [
        ":red_circle: *NBA 2021-11-15* critical: 80 of 100 eligible players are predicted\n"
        "Fix: `nba-pipeline run --date 2021-11-15`"
    ]


def test_several_causes_of_a_date_are_one_message(webhook: Webhook, listener: Listener) -> None:
    webhook.deliver([alert(), alert(severity=Severity.WARNING, sentence="13 hours old")])
    (text,) = listener.texts
    assert text.endswith("• warning: 13 hours old")


def test_names_call_nobody(webhook: Webhook, listener: Listener) -> None:
    webhook.deliver([alert(sentence='<!channel> Luka Dončić & "<https://x|y>"')])
    assert '&lt;!channel&gt; Luka Dončić &amp; "&lt;https://x|y&gt;"' in listener.texts[0]


def test_a_template_of_one_s_own(webhook: Webhook, listener: Listener, tmp_path: Path) -> None:
    path = tmp_path / "mine.j2"
    path.write_text(
        '{"text": {{ (day ~ " " ~ alerts[0].cause) | tojson }}, "n": {{ alerts|length }}}'
    )
    Webhook(webhook.address, path).deliver([alert()])
    assert listener.bodies == [{"text": "2021-11-15 coverage", "n": 1}]


@pytest.mark.parametrize(
    "text", ["{{ nobody }}", "{% if %}", "no json", '{"text": {{ alerts[0].sentence }}}', None]
)
def test_a_template_that_makes_no_message_is_one_sentence(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "mine.j2"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"mine\.j2 makes no JSON"):
        Webhook("http://127.0.0.1:9/x", path).body([alert()])


# What is tried again -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_host_that_is_busy_is_asked_again(
    webhook: Webhook, listener: Listener, status: int
) -> None:
    listener.answers = [status] * (ATTEMPTS - 1)
    webhook.deliver([alert()])
    assert (len(listener.paths), len(listener.bodies)) == (ATTEMPTS, 1)


def test_a_host_that_stays_broken_is_given_up(webhook: Webhook, listener: Listener) -> None:
    listener.answers = [500] * 10
    with pytest.raises(AlertError, match=rf"status 500 \({ATTEMPTS} tries\)"):
        webhook.deliver([alert()])
    assert len(listener.paths) == ATTEMPTS


@pytest.mark.parametrize("status", [400, 403, 404])
def test_what_a_host_refuses_stays_refused(
    webhook: Webhook, listener: Listener, status: int
) -> None:
    listener.answers = [status]
    with pytest.raises(AlertError, match=f"refused the message: status {status}"):
        webhook.deliver([alert()])
    assert len(listener.paths) == 1


def test_nobody_else_is_told_the_address(webhook: Webhook, listener: Listener) -> None:
    with listening() as other:
        listener.answers, listener.moved_to = [307], f"http://127.0.0.1:{other.port}/elsewhere"
        with pytest.raises(AlertError, match="status 307"):
            webhook.deliver([alert()])
        assert other.paths == []


# What nobody sees --------------------------------------------------------------------------------


def refused(listener: Listener) -> None:
    listener.answers = [403]


def broken(listener: Listener) -> None:
    listener.answers = [500] * 10


def fine(listener: Listener) -> None:
    listener.answers = []


@pytest.mark.parametrize("state", [fine, refused, broken, None])
def test_the_address_is_in_no_log_and_no_error(
    webhook: Webhook,
    listener: Listener,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    state: Any,
) -> None:
    if state:
        state(listener)
    else:
        # Nobody listens on this port.
        address = webhook.address.replace(f":{listener.port}", ":9")
        webhook = Webhook(address, sleep=lambda _: None)
    said = repr(webhook)
    # Whatever runs in the same process may have silenced it.
    monkeypatch.setattr(logging.getLogger("urllib3.connectionpool"), "disabled", False)
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "urllib3.connectionpool"):
        try:
            webhook.deliver([alert()])
        except AlertError as error:
            said += "".join(traceback.format_exception(error))
            told: BaseException | None = error
            while told is not None:
                said += repr(told) + str(told)
                told = told.__cause__ or told.__context__
    said += caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert "POST" in said or state is None, "the transport's log was listened to"
    assert [secret for secret in SECRETS if secret in said] == []


@pytest.mark.parametrize(
    "address", ["ftp://T0PSECRETPATH", "T0PSECRETPATH", "http://[T0PSECRETPATH"]
)
def test_a_wrong_address_is_not_repeated(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Webhook.from_environment({"NBA_ALERT_WEBHOOK": address})
    assert str(caught.value) == "NBA_ALERT_WEBHOOK is no address: write https://host/path"


@pytest.mark.parametrize("environ", [{}, {"NBA_ALERT_WEBHOOK": " "}])
def test_without_an_address_there_is_no_webhook(environ: dict[str, str]) -> None:
    assert Webhook.from_environment(environ) is None


# What is kept ------------------------------------------------------------------------------------


@pytest.fixture
def warehouse(tmp_path: Path) -> LocalWarehouse:
    return LocalWarehouse(tmp_path / "warehouse", list(REGISTRY.values()))


def told_again(warehouse: LocalWarehouse, webhook: Webhook, *found: Alert) -> list[Alert]:
    """What a later look tells, in another process."""
    now = datetime.now(UTC)
    before = told_so_far(warehouse, datetime(2021, 11, 1, tzinfo=UTC), now)
    return tell(found, {("coverage", DAY)}, before, warehouse, webhook, now)


def test_what_was_told_is_kept_where_a_restart_finds_it(
    webhook: Webhook, listener: Listener, warehouse: LocalWarehouse
) -> None:
    assert told_again(warehouse, webhook, alert()) == [alert()]
    assert told_again(warehouse, webhook, alert()) == []
    assert [each.severity for each in told_again(warehouse, webhook)] == [Severity.RESOLVED]
    assert told_again(warehouse, webhook) == []
    assert len(listener.bodies) == 2
    shown = warehouse.query("SELECT cause, severity, delivered FROM nba_processing.alerts")
    assert shown.to_pylist() == [{"cause": "coverage", "severity": "resolved", "delivered": True}]


def test_what_was_not_taken_is_told_by_the_next_look(
    webhook: Webhook, listener: Listener, warehouse: LocalWarehouse
) -> None:
    listener.answers = [500] * 2 * ATTEMPTS
    for _ in range(2):
        with pytest.raises(AlertError):
            told_again(warehouse, webhook, alert())
    history = "SELECT count(*) AS n FROM nba_processing.alerts_history"
    assert warehouse.query(history)["n"].to_pylist() == [1], "waiting is kept once"
    assert len(told_again(warehouse, webhook, alert())) == 1
    assert told_again(warehouse, webhook, alert()) == []
    assert len(listener.bodies) == 1


def test_a_date_whose_message_is_refused_holds_up_no_other(
    webhook: Webhook, listener: Listener, warehouse: LocalWarehouse
) -> None:
    other = alert(day=date(2021, 11, 16))
    listener.answers = [403]
    with pytest.raises(AlertError):
        told_again(warehouse, webhook, alert(), other)
    assert len(listener.bodies) == 1
    assert told_again(warehouse, webhook, alert(), other) == [alert()]


def test_a_word_kept_by_a_clock_a_year_ahead_is_not_the_last_one(
    webhook: Webhook, warehouse: LocalWarehouse
) -> None:
    ahead = datetime.now(UTC) + timedelta(days=365)
    tell([alert()], (), {}, warehouse, webhook, ahead)
    assert [each.severity for each in told_again(warehouse, webhook)] == [Severity.RESOLVED]
    assert told_again(warehouse, webhook) == []


def test_no_secret_is_kept(webhook: Webhook, warehouse: LocalWarehouse) -> None:
    told_again(warehouse, webhook, alert())
    files = [path.read_bytes() for path in warehouse.folder.rglob("*.parquet")]
    assert files
    assert [s for s in SECRETS if any(s.encode() in content for content in files)] == []
