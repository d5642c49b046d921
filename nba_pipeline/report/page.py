"""The page as HTML: one file with its style and script inside, which asks for nothing else.

Everything that comes from a source is escaped, and a policy in the page lets no other style or
script run than the two whose hashes it names.
"""

from __future__ import annotations

import base64
import hashlib
import tempfile
from datetime import date
from functools import lru_cache
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.report.model import Page
from nba_pipeline.report.players import FORM_GAMES
from nba_pipeline.report.reading import TRUST_DAYS
from nba_pipeline.report.sentences import signed

_COLUMNS = (
    "Player",
    "Line",
    "Forecast",
    "Edge",
    "P(over)",
    "Call",
    f"Last {FORM_GAMES}",
    "What drove it",
    "Data",
)
_GRADED = ("Scored", "Result", "Error")

# Sorted by what is done with it, not by the alphabet.
_RANK = {"OVER": 0, "UNDER": 1, "PASS": 2, "NO_LINE": 3}


def html_of(page: Page) -> str:
    """The page as one HTML document."""
    style, script = _text("page.css"), _text("page.js")
    template = _environment().get_template("page.html.j2")
    return template.render(
        page=page,
        columns=(*_COLUMNS, *(_GRADED if page.is_graded else ())),
        rank=_RANK,
        form_games=FORM_GAMES,
        trust_days=TRUST_DAYS,
        # Both are ours and hold nothing of the page.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        style_hash=_allowed(style),
        script_hash=_allowed(script),
    )


def version_of(html: str) -> str:
    """The data version of a page: a digest of all it says."""
    return hashlib.sha256(html.encode()).hexdigest()


def path_of(folder: Path, day: date) -> Path:
    """Where the page of a day is kept."""
    return folder / f"slate_{day}.html"


def store(html: str, path: Path) -> bool:
    """Write a page where it is not there already, whole or not at all.

    Returns:
        Whether it had to be written.

    Raises:
        ConfigurationError: When it cannot be.
    """
    content = html.encode()
    try:
        if path.is_file() and path.read_bytes() == content:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
            made = Path(file.name)
            file.write(content)
        made.chmod(0o644)
        made.replace(path)
    except OSError as error:
        raise ConfigurationError(f"the page {path} cannot be written: {error.strerror}") from error
    return True


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("nba_pipeline.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["signed"] = signed
    return environment


def _text(name: str) -> str:
    return resources.files("nba_pipeline.report").joinpath(name).read_text("utf-8")


def _allowed(text: str) -> str:
    """The hash by which a browser knows a style or a script."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
