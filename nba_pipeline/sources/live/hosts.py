"""Whom we ask: addresses, headers, keys and manners, host by host.

``NBA_URL_<HOST>`` (``NBA_URL_STATS``, …) sends a host's requests elsewhere. A key comes from the
environment only and travels in the query or in a header, as the host wants it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.variables import Variable

_BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/145.0.0.0 Safari/537.36"
)
_FROM_NBA = {
    "User-Agent": _BROWSER,
    "Referer": "https://www.nba.com/",
    "Origin": "https://www.nba.com",
}
_FOR_STATS = {
    **_FROM_NBA,
    "Accept": "application/json, text/plain, */*",
    "Accept-Language": "en-US,en;q=0.9",
    "Sec-Ch-Ua": '"Not:A-Brand";v="99", "Google Chrome";v="145", "Chromium";v="145"',
    "Sec-Ch-Ua-Mobile": "?0",
    "Sec-Ch-Ua-Platform": '"Windows"',
}
_ADDRESS = "an address that begins with http:// or https://"

PROXY = Variable(
    "NBA_PROXY_URL",
    "proxy for hosts that block cloud addresses: nba.com's statistics, reports, gamebooks and "
    "officials, and BettingPros",
    form=_ADDRESS,
    # Proxies carry a password in their address.
    is_secret=True,
)


@dataclass(frozen=True)
class Key:
    """How a host is told who asks.

    Attributes:
        setting: What holds the key.
        parameter: Name of the query parameter it travels in, or empty.
        header: Name of the header it travels in, or empty.
        scheme: What stands before it in the header, or empty.
        scheme_setting: What replaces ``scheme``, where anything does.
    """

    setting: Variable
    parameter: str = ""
    header: str = ""
    scheme: str = ""
    scheme_setting: Variable | None = None


@dataclass(frozen=True)
class Host:
    """A host and how it is to be treated.

    Attributes:
        name: Its short name.
        url: Its address, without a slash at the end.
        headers: Sent with every request.
        key: How it is told who asks, where it wants to know.
        at_once: Requests under way at the same time, at the most.
        pause: Seconds between the starts of two requests, at the least.
        timeout: Seconds without a byte after which a request is given up.
        connect_timeout: Seconds after which connecting is given up.
        is_proxied: Whether ``NBA_PROXY_URL`` applies: these hosts block cloud addresses.
    """

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    key: Key | None = None
    at_once: int = 2
    pause: float = 0.25
    timeout: float = 20.0
    connect_timeout: float = 10.0
    is_proxied: bool = False

    @property
    def address(self) -> Variable:
        """What sends its requests elsewhere."""
        return Variable(
            f"NBA_URL_{self.name.upper()}",
            f"where requests to {urlsplit(self.url).hostname} go instead",
            default=self.url,
            form=_ADDRESS,
        )

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Everything the environment can say about it alone."""
        key = (self.key.setting, self.key.scheme_setting) if self.key else ()
        return (*(variable for variable in key if variable), self.address)


@dataclass(frozen=True)
class Reach:
    """A host as the environment says it is reached.

    Attributes:
        host: The host, at the address to use.
        parameters: What its key adds to a query.
        headers: The headers to send, the key among them.
        proxy: The proxy's address, or empty.
        secrets: Texts that must not be shown.
    """

    host: Host
    parameters: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    proxy: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def _key(name: str, publisher: str) -> Variable:
    return Variable(name, f"key of {publisher}, which is not asked without", is_secret=True)


HOSTS: dict[str, Host] = {
    host.name: host
    for host in (
        Host("stats", "https://stats.nba.com", _FOR_STATS, pause=0.6, is_proxied=True),
        Host("cdn", "https://cdn.nba.com", _FROM_NBA),
        Host("reports", "https://ak-static.cms.nba.com", _FROM_NBA, is_proxied=True),
        Host(
            "gamebooks",
            "https://statsdmz.nba.com",
            _FROM_NBA,
            at_once=1,
            pause=0.5,
            timeout=60.0,
            is_proxied=True,
        ),
        Host("officials", "https://official.nba.com", _FROM_NBA, at_once=1, is_proxied=True),
        Host(
            "odds",
            "https://api.the-odds-api.com",
            {"Accept": "application/json"},
            Key(_key("ODDS_API_KEY", "The Odds API"), parameter="apiKey"),
        ),
        Host(
            "bettingpros",
            "https://api.bettingpros.com",
            {"Accept": "application/json", "User-Agent": _BROWSER},
            Key(_key("BETTINGPROS_API_KEY", "BettingPros"), header="x-api-key"),
            at_once=1,
            pause=2.5,
            is_proxied=True,
        ),
        Host("espn", "https://site.api.espn.com", {"Accept": "application/json"}),
        Host(
            "balldontlie",
            "https://api.balldontlie.io",
            {"Accept": "application/json"},
            Key(
                _key("BALLDONTLIE_API_KEY", "balldontlie"),
                header="Authorization",
                scheme_setting=Variable(
                    "BALLDONTLIE_AUTH_SCHEME",
                    "what stands before its key in the header",
                    form="a word, for example Bearer",
                ),
            ),
            at_once=1,
            pause=1.0,
            timeout=15.0,
            connect_timeout=5.0,
        ),
    )
}


def is_configured(host: Host, environ: Mapping[str, str]) -> bool:
    """Whether a host can be asked: it wants no key, or there is one."""
    return host.key is None or host.key.setting.is_set_in(environ)


def reached(host: Host, environ: Mapping[str, str]) -> Reach:
    """A host with its address, key and proxy.

    Raises:
        ConfigurationError: When the key is missing, or an address is no web address.
    """
    url = _address(host.address, environ)
    proxy = _address(PROXY, environ) if host.is_proxied else ""
    parameters: dict[str, str] = {}
    headers = dict(host.headers)
    secret = ""
    if host.key:
        secret = host.key.setting.text(environ)
        if not secret:
            raise ConfigurationError(f"{host.key.setting.name} is not set: {host.name} wants a key")
        if host.key.parameter:
            parameters[host.key.parameter] = secret
        else:
            chosen = host.key.scheme_setting
            scheme = (chosen.text(environ) if chosen else "") or host.key.scheme
            headers[host.key.header] = f"{scheme} {secret}".strip()
    return Reach(
        replace(host, url=url), parameters, headers, proxy, tuple(t for t in (secret, proxy) if t)
    )


def _address(variable: Variable, environ: Mapping[str, str]) -> str:
    text = variable.text(environ)
    if text and not text.startswith(("http://", "https://")):
        raise ConfigurationError(
            f"{variable.name} is no web address: it begins with http:// or https://"
        )
    return text.rstrip("/")
