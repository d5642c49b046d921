"""What must never be kept or shown: keys and tokens in addresses, parameters and headers.

Everything that writes a request down (the landing zone's envelopes, logs, errors) passes through
here, so that a secret has one place to be forgotten in. What counts as one goes by its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

#: What stands where a secret stood.
HIDDEN = "***"

_NAMES = (
    r"(?:x-)?api[-_]?key|(?:access[-_]?|auth[-_]?)?token|authorization|proxy-authorization|key|"
    r"password|secret|cookie"
)
_SECRET_NAME = re.compile(_NAMES, re.IGNORECASE)
_IN_QUERY = re.compile(rf"(?<![\w-])({_NAMES})=[^&\s'\"#]*", re.IGNORECASE)
_IN_AUTHORITY = re.compile(r"://[^/@\s]+@")


def without_secrets(parameters: Mapping[str, str]) -> dict[str, str]:
    """A request's parameters fit to be kept: secrets hidden, in names and inside addresses.

    Args:
        parameters: Names and values, of a query, of headers, or of both.

    Returns:
        The same names in the same order.
    """
    return {
        name: HIDDEN if _SECRET_NAME.fullmatch(name) else text_without_secrets(value)
        for name, value in parameters.items()
    }


def text_without_secrets(text: str) -> str:
    """A sentence or an address with the secrets in its addresses hidden.

    Args:
        text: For example ``https://host/odds?apiKey=abc&regions=us``.

    Returns:
        ``https://host/odds?apiKey=***&regions=us``.
    """
    hidden = _IN_QUERY.sub(rf"\1={HIDDEN}", text)
    return _IN_AUTHORITY.sub(f"://{HIDDEN}@", hidden)
