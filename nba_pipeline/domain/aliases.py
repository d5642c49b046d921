"""The reviewed aliases: names a provider writes for a player whom nba.com calls otherwise.

``player_aliases.csv`` beside this file holds one alias a line. A person adds a line after having
seen that the name means that player; nothing is ever added by likeness.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from nba_pipeline.domain.players import player_lookup

FILE = "player_aliases.csv"


class AliasError(ValueError):
    """A line of the aliases file that cannot be right."""


@dataclass(frozen=True)
class Alias:
    """One reviewed alias.

    Attributes:
        name: As the provider writes it.
        nba_player_id: Whom it means.
        player_name: What nba.com calls him.
        source: Provider in whose data the name was found.
        note: Why the two are one person.
    """

    name: str
    nba_player_id: int
    player_name: str
    source: str
    note: str


class Aliases(dict[str, int]):
    """From the lookup key of an alias to the nba.com id it means."""

    @classmethod
    def read(cls, lines: Iterable[str], origin: str = FILE) -> Aliases:
        """Read and check an aliases file.

        Args:
            lines: The file's lines, the first one naming the columns.
            origin: What an error calls the file.

        Raises:
            AliasError: Naming the file, the line and what is wrong with it.
        """
        expected = [field.name for field in fields(Alias)]
        head, *rest = [*lines] or [""]
        if head.split(",") != expected:
            raise AliasError(f"{origin} line 1: the columns have to be {','.join(expected)}")
        found = cls()
        for number, line in enumerate(rest, start=2):
            try:
                _add(found, _alias(line))
            except (csv.Error, AliasError) as error:
                raise AliasError(f"{origin} line {number}: {error}") from error
        return found

    @property
    def digest(self) -> str:
        """Of what the aliases say, whatever the order of the lines and their notes."""
        return hashlib.sha256(repr(sorted(self.items())).encode()).hexdigest()[:16]


@cache
def reviewed_aliases() -> Aliases:
    """The aliases that come with the code.

    Raises:
        AliasError: When a line of the file is wrong.
    """
    text = files("nba_pipeline.domain").joinpath(FILE).read_text(encoding="utf-8")
    return Aliases.read(text.splitlines())


def _alias(line: str) -> Alias:
    cells = [cell.strip() for row in csv.reader([line], strict=True) for cell in row]
    if len(cells) != len(fields(Alias)) or not all(cells):
        raise AliasError(
            f"{len(fields(Alias))} filled cells are needed: name, id, whom, where, why"
        )
    name, nba_player_id, *rest = cells
    if not (nba_player_id.isascii() and nba_player_id.isdigit() and int(nba_player_id)):
        raise AliasError(f"{nba_player_id} is no nba.com player id")
    return Alias(name, int(nba_player_id), *rest)


def _add(found: Aliases, alias: Alias) -> None:
    key = player_lookup(alias.name)
    if not key:
        raise AliasError(f"{alias.name} has no letter in it")
    if key == player_lookup(alias.player_name):
        raise AliasError(f"{alias.name} is found by its own name and needs no alias")
    if key in found:
        raise AliasError(f"{alias.name} is there twice")
    found[key] = alias.nba_player_id
