"""One request and its answer: retries, limits, and what counts as an answer.

There is one layer of retries, around all of it: a request is repeated when the host is busy or
broken (429, 500, 502, 503, 504), when the connection fails or falls silent, and when what came is
cut off or not what was asked for (a web page in place of JSON). What a host refuses stays refused.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import tenacity

from nba_pipeline.engine.errors import FetchError
from nba_pipeline.engine.wording import counted
from nba_pipeline.sources.landing import LARGEST_PAYLOAD
from nba_pipeline.sources.live.clock import Clock, Turnstile
from nba_pipeline.sources.live.hosts import Reach
from nba_pipeline.sources.secrets import HIDDEN, text_without_secrets

if TYPE_CHECKING:
    import requests

#: Requests for one thing: the first and three more.
ATTEMPTS = 4
#: Seconds one thing may take with all its repetitions.
CALL_BUDGET = 180.0

#: Statuses of a host that may well answer the next time.
BUSY_OR_BROKEN = frozenset({429, 500, 502, 503, 504})

_FIRST_WAIT, _LONGEST_WAIT, _JITTER = 3.0, 60.0, 0.2
_OK = 200
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What a host answered.

    Attributes:
        status: The HTTP status, 200 or one that the caller called fine.
        content: The body as it arrived.
        url: What was asked, without secrets.
        fetched_at: When it had arrived, UTC.
        headers: The answer's headers.
        document: What the body says, where it is JSON.
    """

    status: int
    content: bytes
    url: str
    fetched_at: datetime
    headers: Mapping[str, str]
    document: Any = None


class _TryAgainError(FetchError):
    """What may go better the next time.

    Attributes:
        wait: Seconds the host asked us to wait, or 0.
    """

    def __init__(self, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait = wait


class Client:
    """Asks hosts, politely and from any number of threads. Close it when done."""

    def __init__(
        self, clock: Clock | None = None, jitter: Callable[[], float] | None = None
    ) -> None:
        """Ask by ``clock``; ``jitter`` gives numbers from -1 to 1 that spread the waits."""
        self._clock = clock or Clock()
        self._jitter = jitter or _dice
        self._turnstiles: dict[str, Turnstile] = {}
        self._of_thread = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Client:
        _quiet_transport()
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._sessions:
            session.close()

    def get(
        self,
        reach: Reach,
        path: str,
        parameters: Mapping[str, str],
        *,
        extension: str,
        fine: frozenset[int] = frozenset(),
        deadline: float = float("inf"),
    ) -> Answer:
        """Ask for one thing.

        Args:
            reach: Whom.
            path: The path of the address, with a slash first.
            parameters: The query, without the key.
            extension: ``json``, ``pdf`` or ``csv``: what must come.
            fine: Statuses other than 200 that are an answer, too.
            deadline: By the clock's seconds, when to give up at the latest.

        Raises:
            FetchError: When there is no answer; one sentence with the address and no secret.
        """
        asked = _Asked(reach, path, dict(parameters), extension, fine)
        started = self._clock.seconds()
        if started > deadline:
            raise FetchError(f"{asked}: not asked, the time for all of its kind was used up")
        deadline = min(deadline, started + CALL_BUDGET)
        retrying = tenacity.Retrying(
            sleep=self._clock.sleep,
            wait=self._wait,
            stop=lambda state: self._is_over(state, deadline),
            retry=tenacity.retry_if_exception_type(_TryAgainError),
            before_sleep=_log_wait,
            reraise=True,
        )
        try:
            return retrying(self._once, asked, deadline)
        except _TryAgainError as error:
            tries = retrying.statistics["attempt_number"]
            raise FetchError(f"{error} ({counted(tries, 'try', 'tries')})") from None

    # Waiting -------------------------------------------------------------------------------------

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Seconds before the next try: doubling from 3, spread by a fifth, 60 at the most."""
        error = state.outcome.exception() if state.outcome else None
        grown = _FIRST_WAIT * 2.0 ** (state.attempt_number - 1) * (1 + _JITTER * self._jitter())
        wanted = error.wait if isinstance(error, _TryAgainError) else 0.0
        return min(max(grown, wanted), _LONGEST_WAIT)

    def _is_over(self, state: tenacity.RetryCallState, deadline: float) -> bool:
        too_late = self._clock.seconds() + state.upcoming_sleep > deadline
        return state.attempt_number >= ATTEMPTS or too_late

    def _retry_after(self, text: str) -> float:
        """Seconds a host asks us to wait: a number, or a date."""
        if text.isascii() and text.strip().isdigit():
            return float(text)
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return 0.0
        return (moment - self._clock.now()).total_seconds() if moment.tzinfo else 0.0

    # Asking --------------------------------------------------------------------------------------

    def _once(self, asked: _Asked, deadline: float) -> Answer:
        import requests

        with self._turnstile(asked.reach).passed():
            try:
                return self._received(asked, deadline)
            except (
                requests.ConnectionError,
                requests.Timeout,
                requests.exceptions.ChunkedEncodingError,
                requests.exceptions.ContentDecodingError,
            ) as error:
                # The library's own message holds the address with the key in it.
                said = in_words(error)
                raise _TryAgainError(f"{asked}: {said}") from None
            except requests.RequestException as error:
                raise FetchError(f"{asked}: {type(error).__name__}") from None

    def _received(self, asked: _Asked, deadline: float) -> Answer:
        reach = asked.reach
        with self._session().get(
            f"{reach.host.url}{asked.path}",
            params={**asked.parameters, **reach.parameters},
            headers=dict(reach.headers),
            proxies={"http": reach.proxy, "https": reach.proxy} if reach.proxy else None,
            timeout=(reach.host.connect_timeout, reach.host.timeout),
            stream=True,
            # A key must not follow a redirect to somebody else.
            allow_redirects=reach.host.key is None,
        ) as response:
            if response.status_code in BUSY_OR_BROKEN:
                wait = self._retry_after(response.headers.get("Retry-After", ""))
                raise _TryAgainError(f"{asked}: status {response.status_code}", wait)
            if response.status_code not in {_OK, *asked.fine}:
                raise FetchError(f"{asked}: status {response.status_code}")
            content = b"".join(self._chunks(asked, response, deadline))
        return Answer(
            response.status_code,
            content,
            asked.url,
            self._clock.now(),
            dict(response.headers),
            _document(asked, content) if response.status_code == _OK else None,
        )

    def _chunks(
        self, asked: _Asked, response: requests.Response, deadline: float
    ) -> Iterator[bytes]:
        """The body piece by piece, so that neither size nor time runs away."""
        size = 0
        for chunk in response.iter_content(_CHUNK_BYTES):
            size += len(chunk)
            if size > LARGEST_PAYLOAD:
                raise FetchError(f"{asked}: more than {LARGEST_PAYLOAD:,} bytes")
            if self._clock.seconds() > deadline:
                raise FetchError(f"{asked}: still answering when its time was over")
            yield chunk

    def _session(self) -> requests.Session:
        """This thread's own connections."""
        import requests

        session: requests.Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = self._of_thread.session = requests.Session()
            with self._lock:
                self._sessions.append(session)
        return session

    def _turnstile(self, reach: Reach) -> Turnstile:
        host = reach.host
        with self._lock:
            if host.name not in self._turnstiles:
                self._turnstiles[host.name] = Turnstile(host.at_once, host.pause, self._clock)
            return self._turnstiles[host.name]


@dataclass(frozen=True)
class _Asked:
    """One request; as text it is its address without secrets."""

    reach: Reach
    path: str
    parameters: Mapping[str, str]
    extension: str
    fine: frozenset[int]

    @property
    def url(self) -> str:
        query = urlencode({**self.parameters, **dict.fromkeys(self.reach.parameters, HIDDEN)})
        query = query.replace(urlencode({"": HIDDEN})[1:], HIDDEN)
        address = f"{self.reach.host.url}{self.path}{'?' if query else ''}{query}"
        for secret in self.reach.secrets:
            address = address.replace(secret, HIDDEN)
        return text_without_secrets(address)

    def __str__(self) -> str:
        return self.url


def _document(asked: _Asked, content: bytes) -> Any:
    """What a body says, once it is known to be whole and of the kind that was asked for.

    Raises:
        _TryAgainError: When it is not; the next one may be.
    """
    if asked.extension == "pdf" and not (content[:5] == b"%PDF-" and b"%%EOF" in content[-1024:]):
        raise _TryAgainError(f"{asked}: {_looks_like(content)} instead of a whole PDF")
    if asked.extension != "json":
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise _TryAgainError(f"{asked}: {_looks_like(content)} instead of whole JSON") from None


def _looks_like(content: bytes) -> str:
    start = content[:200].lstrip().lower()
    if not start:
        return "nothing"
    if start.startswith((b"<!doctype", b"<html")):
        return "a web page"
    return f"{len(content):,} bytes that end too early or are broken"


def in_words(error: Exception) -> str:
    """What went wrong with a request; the library's own message holds the address."""
    import requests

    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy cannot be reached"
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection"
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the answer was cut off"
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return "the answer cannot be unpacked"
    return "no connection"


def _dice() -> float:
    return secrets.SystemRandom().uniform(-1.0, 1.0)


def _log_wait(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    logging.getLogger("nba_pipeline").info("%s; next try in %.1f s", error, state.upcoming_sleep)


class _Redacted(logging.Filter):
    """Takes secrets out of the addresses the transport writes to its log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = text_without_secrets(record.getMessage()), ()
        return True


_REDACTED = _Redacted()


def _quiet_transport() -> None:
    logging.getLogger("urllib3.connectionpool").addFilter(_REDACTED)
