"""Environment variables, declared once beside the code they change and read through that.

``nba_pipeline.catalogue`` lists them all, for the documentation and for the test that nothing reads
a variable nobody declared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nba_pipeline.engine.errors import ConfigurationError


@dataclass(frozen=True)
class Variable:
    """One environment variable.

    One that is set to nothing, or to spaces, counts as not set.

    Attributes:
        name: Its name.
        means: What it changes, in one sentence without a full stop.
        default: What holds where it is not set; empty means nothing does.
        words: The words it may be, where those are all.
        unit: Of a number: ``days``, ``seconds``, …; empty for what is no number.
        whole: Whether the number has to be a whole one.
        minimum: Its smallest value.
        above: What it has to be larger than.
        maximum: Its largest value.
        form: Of other text: what it looks like, for people.
        fallback: For people: what holds where it is not set and that is no fixed value.
        is_secret: Whether nobody may be shown its value.
    """

    name: str
    means: str
    default: str = ""
    words: tuple[str, ...] = ()
    unit: str = ""
    whole: bool = True
    minimum: float = -math.inf
    above: float = -math.inf
    maximum: float = math.inf
    form: str = "text"
    fallback: str = ""
    is_secret: bool = False

    @property
    def values(self) -> str:
        """What it may be, in words."""
        if self.words:
            return ", ".join(self.words)
        if not self.unit:
            return self.form
        kind = "a whole number" if self.whole else "a number"
        if math.isfinite(self.above):
            least = f" above {self.above:g}"
        else:
            least = f" from {self.minimum:g}" if math.isfinite(self.minimum) else ""
        most = f" to {self.maximum:,.0f}" if math.isfinite(self.maximum) else ""
        return f"{kind}{least}{most}"

    def is_set_in(self, environ: Mapping[str, str]) -> bool:
        """Whether the environment says anything."""
        return bool(environ.get(self.name, "").strip())

    def text(self, environ: Mapping[str, str]) -> str:
        """What the environment says, else the default."""
        return environ.get(self.name, "").strip() or self.default

    def word(self, environ: Mapping[str, str]) -> str:
        """The same in small letters, of a variable with words.

        Raises:
            ConfigurationError: When it is none of them.
        """
        word = self.text(environ).lower()
        if word not in self.words:
            raise ConfigurationError(f"{self.name}={word} is none of {', '.join(self.words)}")
        return word

    def number(self, environ: Mapping[str, str]) -> float:
        """The same, of a variable with a unit.

        Raises:
            ConfigurationError: When it is no such number.
        """
        text = self.text(environ)
        number = _number(text, self.whole)
        if number is None or not (self.minimum <= number <= self.maximum and number > self.above):
            raise ConfigurationError(
                f"{self.name}={text} is not a number of {self.unit}: give {self.values}"
            )
        return number


def _number(text: str, whole: bool) -> float | None:
    # ``float`` and ``int`` read digits of every script, and words such as nan and 1_000.
    if not text.isascii() or "_" in text:
        return None
    try:
        number = float(int(text)) if whole else float(text)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
