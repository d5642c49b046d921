"""The webhook: one message, made from a template, sent until it is taken or refused.

Its address is a secret. It is read from the environment when it is needed and appears nowhere: in
no error, no log of ours or of the transport, no event.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tenacity

from nba_pipeline.alerting.alerts import Alert, Severity
from nba_pipeline.engine.errors import AlertError, ConfigurationError
from nba_pipeline.engine.variables import Variable
from nba_pipeline.sources.live.client import BUSY_OR_BROKEN, in_words
from nba_pipeline.sources.secrets import HIDDEN

ADDRESS = Variable(
    "NBA_ALERT_WEBHOOK",
    "webhook that alerts are posted to, for example of Slack",
    form="https://…",
    fallback="nobody is told, and the sensors that alert say so",
    is_secret=True,
)
TEMPLATE = Variable(
    "NBA_ALERT_TEMPLATE",
    "Jinja template of the webhook's JSON body",
    form="a file",
    fallback="a message for Slack and what speaks like it",
)
VARIABLES = (ADDRESS, TEMPLATE)

#: Posts of one message: the first and two more. All of them fit into a sensor's minute.
ATTEMPTS = 3

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 5.0
_CONNECT_SECONDS, _ANSWER_SECONDS = 5.0, 10.0
_DEFAULT_TEMPLATE = Path(__file__).with_name("alert.json.j2")
_WHAT = "the alert webhook (NBA_ALERT_WEBHOOK)"


class _TryAgainError(AlertError):
    """What may go better the next time."""


@dataclass(frozen=True)
class Webhook:
    """Where alerts go.

    Attributes:
        address: The secret.
        template: File of the body's template; None for the one that comes with us.
        sleep: Waits between tries.
    """

    address: str = field(repr=False)
    template: Path | None = None
    sleep: Callable[[float], None] = tenacity.nap.sleep

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], template: str = "") -> Webhook | None:
        """The webhook the environment names; None where it names none.

        Args:
            environ: The environment.
            template: File of the template, where it is not as the environment says.

        Raises:
            ConfigurationError: When it is no address; the sentence does not repeat it.
        """
        address = ADDRESS.text(environ)
        if not address:
            return None
        try:
            parts = urlsplit(address)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            is_address = False
        if not is_address:
            raise ConfigurationError(f"{ADDRESS.name} is no address: write https://host/path")
        file = template or TEMPLATE.text(environ)
        return cls(address, Path(file).expanduser() if file else None)

    def body(self, alerts: Sequence[Alert]) -> str:
        """The message as JSON.

        Args:
            alerts: What is told at once, of one date, the worst or first cause first.

        Raises:
            ConfigurationError: When the template cannot be read or makes no JSON.
        """
        import jinja2
        from jinja2.sandbox import SandboxedEnvironment

        path = self.template or _DEFAULT_TEMPLATE
        environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
        environment.filters["slack"] = _for_slack
        try:
            made = environment.from_string(path.read_text("utf-8")).render(
                day=alerts[0].day.isoformat(),
                severity=max(alerts, key=lambda alert: alert.severity.rank).severity.value,
                alerts=[_told(alert) for alert in alerts],
            )
            json.loads(made)
        except (OSError, UnicodeDecodeError, ValueError, jinja2.TemplateError) as error:
            raise ConfigurationError(f"the alert template {path} makes no JSON: {error}") from error
        return made

    def deliver(self, alerts: Sequence[Alert]) -> None:
        """Post one message.

        Raises:
            AlertError: When it is not taken; one sentence without the address.
            ConfigurationError: When the template makes no message.
        """
        body = self.body(alerts)
        retrying = tenacity.Retrying(
            sleep=self.sleep,
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT),
            retry=tenacity.retry_if_exception_type(_TryAgainError),
            reraise=True,
        )
        with _unheard(self.address):
            try:
                retrying(self._post, body)
            except _TryAgainError as error:
                raise AlertError(f"{error} ({ATTEMPTS} tries)") from None

    def _post(self, body: str) -> None:
        import requests

        status, problem = 0, ""
        try:
            with requests.post(
                self.address,
                data=body.encode(),
                headers={"Content-Type": "application/json"},
                timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
                # The address is a secret: nobody else may be told it.
                allow_redirects=False,
            ) as response:
                status = response.status_code
        except requests.RequestException as error:
            problem = in_words(error)
        # Raised here, where the library's own error, which holds the address, is out of reach.
        if problem or status in BUSY_OR_BROKEN:
            raise _TryAgainError(f"{_WHAT} was not reached: {problem or f'status {status}'}")
        if not 200 <= status < 300:
            raise AlertError(f"{_WHAT} refused the message: status {status}")


def _told(alert: Alert) -> dict[str, Any]:
    return {
        "cause": alert.cause,
        "severity": alert.severity.value,
        "resolved": alert.severity is Severity.RESOLVED,
        "sentence": alert.sentence,
        "fix": alert.fix,
        "run_id": alert.run_id,
    }


def _for_slack(text: str) -> str:
    """A text in which nothing is a mention, a link or a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Hidden(logging.Filter):
    """Takes an address out of what the transport logs: whole, and its path and query alone."""

    def __init__(self, address: str) -> None:
        super().__init__()
        parts = urlsplit(address)
        query = f"?{parts.query}" if parts.query else ""
        named = [address, f"{parts.path}{query}", parts.path, parts.query, parts.netloc]
        self._secrets = [text for text in named if len(text) > 1]

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        record.msg, record.args = text, ()
        return True


@contextmanager
def _unheard(address: str) -> Iterator[None]:
    """While this lasts, the transport's log holds nothing of an address."""
    hidden, loggers = _Hidden(address), [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addFilter(hidden)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(hidden)


_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")
