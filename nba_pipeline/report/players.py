"""Players: every system's word on each who is predicted, and why the others are not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nba_pipeline.report import drawing, sentences
from nba_pipeline.report.model import Claim, Grade, Player, Unpredicted
from nba_pipeline.report.reading import Evening, Row

#: Games of the sparkline.
FORM_GAMES = 10

#: Points that a sparkline reaches at least, so that small numbers look small.
LEAST_TOP = 10.0

_ORDER = {name: at for at, name in enumerate(sentences.TITLES)}

Who = tuple[str, str]


@dataclass(frozen=True)
class Known:
    """The evening's rows by game and player, and by player alone where they are of other days."""

    claims: Mapping[Who, Sequence[Row]]
    expected: Mapping[Who, Row]
    factors: Mapping[Who, Row]
    features: Mapping[Who, Row]
    results: Mapping[Who, Row]
    form: Mapping[str, tuple[int, ...]]
    names: Mapping[str, str]


def known_of(evening: Evening) -> Known:
    """The rows, laid out for looking up."""
    rows = evening.rows
    claims: dict[Who, list[Row]] = defaultdict(list)
    for row in rows["claims"]:
        claims[row["game_id"], row["player_lookup"]].append(row)
    form: dict[str, list[int]] = defaultdict(list)
    names = {}
    for row in (*rows["form"], *rows["results"]):
        names[row["player_lookup"]] = row["player_full_name"] or row["player_lookup"]
    for row in rows["form"]:
        if row["minutes_played"] and row["points"] is not None:
            form[row["player_lookup"]].append(row["points"])
    lasting = {lookup: tuple(points[-FORM_GAMES:]) for lookup, points in form.items()}
    by = {
        name: {(row["game_id"], row["player_lookup"]): row for row in rows[name]}
        for name in ("expected", "factors", "features", "results")
    }
    return Known(claims=claims, form=lasting, names=names, **by)


def players_of(evening: Evening, known: Known, top: float) -> Iterable[Player]:
    """Everybody who is predicted, in no particular order.

    Args:
        evening: The evening.
        known: Its rows.
        top: Points at the end of the scale.
    """
    grades = {_key(row): row for row in evening.rows["grades"]}
    silent = _silent(evening)
    for who, rows in known.claims.items():
        made = sorted(rows, key=lambda row: _place(row["system_id"]))
        claims = [_claim(row, grades.get(_key(row))) for row in made]
        claims += sorted(silent[who], key=lambda claim: _place(claim.system_id))
        yield _player(who, made[0], claims, known, top)


def _key(row: Row) -> tuple[str, ...]:
    return row["game_id"], row["player_lookup"], row["system_id"], row["line_rule"]


def _place(system_id: str) -> tuple[int, str]:
    """The ensemble speaks first, and a system we have no title for last."""
    return _ORDER.get(system_id, len(_ORDER)), system_id


def _claim(row: Row, grade: Row | None) -> Claim:
    return Claim(
        title=_title(row["system_id"]),
        system_id=row["system_id"],
        points=row["predicted_points"],
        low=row["interval_low"],
        high=row["interval_high"],
        over=row["over_probability"],
        side=row["recommendation"],
        confidence=row["confidence_score"],
        reasons=tuple(map(_reason, row["key_factors"])),
        grade=None if grade is None else _grade(row, grade),
    )


def _title(system_id: str) -> str:
    return sentences.TITLES.get(system_id, system_id)


def _reason(factor: str) -> str:
    """A system's reason with systems by their titles, and features in words."""
    name, _, rest = factor.partition(" ")
    return f"{sentences.TITLES.get(name, name.replace('_', ' '))} {rest}".replace(" -", " −")


def _grade(row: Row, grade: Row) -> Grade:
    return Grade(
        word=sentences.verdict(
            grade["outcome"], row["recommendation"], grade["prediction_correct"]
        ),
        actual=grade["actual_points"],
        error=grade["signed_error"],
        is_inside=grade["within_interval"],
        correction=grade["first_actual_points"] if grade["is_regraded"] else None,
    )


def _silent(evening: Evening) -> dict[Who, list[Claim]]:
    """Of each player the systems that abstained or failed."""
    found: dict[Who, list[Claim]] = defaultdict(list)
    about = evening.stored.get("system_forecasts")
    for outcome in about.outcomes if about else ():
        game_id, lookup, system_id = outcome.entity.split("|")
        found[game_id, lookup].append(
            Claim(
                title=_title(system_id),
                system_id=system_id,
                silence=outcome.reason.removeprefix(f"{lookup}, {system_id}: "),
                has_failed=outcome.is_broken,
            )
        )
    return found


def _player(who: Who, row: Row, claims: Sequence[Claim], known: Known, top: float) -> Player:
    """One player; ``row`` is the claim that leads."""
    expected, factors = known.expected.get(who), known.factors.get(who)
    form, line = known.form.get(who[1], ()), row["line_value"]
    grade = claims[0].grade
    opening = expected["opening_points_line"] if expected else None
    return Player(
        name=known.names.get(who[1], who[1]),
        lookup=who[1],
        team=row["team_abbr"],
        opponent=row["opponent_team_abbr"],
        is_home=row["is_home"],
        game_id=who[0],
        status=(expected["player_status"] or "") if expected else "",
        minutes=row["projected_minutes"],
        line=line,
        estimate=row["estimated_line_value"],
        claims=tuple(claims),
        form=form,
        spark=drawing.sparkline(form, line, max(LEAST_TOP, line or 0.0, *form)),
        span=drawing.span(
            row["interval_low"],
            row["interval_high"],
            row["predicted_points"],
            line,
            grade.actual if grade else None,
            top,
        ),
        drivers=tuple(sentences.drivers(factors, expected)),
        why=(
            sentences.line_sentence(row, opening),
            *sentences.form_sentences(form, expected),
            *sentences.factor_sentences(factors, expected),
        ),
        quality=row["feature_quality_score"],
        is_ready=row["is_production_ready"],
        trust=tuple(sentences.quality_sentences(row, known.features.get(who), factors)),
    )


def unpredicted_of(evening: Evening, known: Known) -> Iterable[Unpredicted]:
    """Those who are expected and whom nobody predicts, in order of the reason."""
    why = _turned_away(evening)
    left = [who for who in known.expected if who not in known.claims]
    for who in sorted(left, key=lambda who: (why.get(who, ("", False)), who)):
        reason, has_failed = why.get(who, ("nobody has looked yet", False))
        result = known.results.get(who)
        yield Unpredicted(
            name=known.names.get(who[1], who[1]),
            team=known.expected[who]["team_abbr"],
            game_id=who[0],
            reason=reason,
            has_failed=has_failed,
            actual=result["points"] if result and result["minutes_played"] else None,
        )


def _turned_away(evening: Evening) -> dict[Who, tuple[str, bool]]:
    """Why a player has no prediction, and whether that is because something broke."""
    found = {}
    for table in ("player_prop_predictions", "system_forecasts", "prediction_requests"):
        about = evening.stored.get(table)
        for outcome in about.outcomes if about else ():
            game_id, lookup = outcome.entity.split("|")[:2]
            reason = outcome.reason.removeprefix(lookup).lstrip(" ,")
            found[game_id, lookup] = reason, outcome.is_broken
    return found
