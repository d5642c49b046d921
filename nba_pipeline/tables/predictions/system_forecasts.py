"""What every system that knows no line expects of every player who is predicted.

One row per player and system. A player's history, his features and the model that serves are read
once for all players of a date and handed over as windows: no system asks for anything. A system
that fails for a player costs that answer and no other; one that abstains has no row and a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from nba_pipeline.domain import features
from nba_pipeline.engine.columns import Column, Texts
from nba_pipeline.engine.declared_inputs import days_before, days_up_to, reads
from nba_pipeline.engine.table import FanOut, Partly, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns
from nba_pipeline.tables.points_features import NAMES
from nba_pipeline.tables.predictions.systems import SYSTEMS
from nba_pipeline.tables.predictions.systems.asking import Asked, ask
from nba_pipeline.tables.predictions.systems.slate import ADJUSTMENTS, Games, Slate

#: Days of games that systems look at.
HISTORY_DAYS = 90

#: Days within which the newest model was trained.
MODEL_DAYS = 7

INPUTS = {
    "requests": reads(
        "prediction_requests",
        "player_lookup game_id universal_player_id team_abbr days_rest",
        on="game_id player_lookup",
    ),
    "features": reads(
        "ml_feature_store_v2", "features feature_quality_score", on="game_id player_lookup"
    ),
    "learned": reads("player_points_features", " ".join(NAMES), on="game_id player_lookup"),
    "games": reads(
        "player_game_summary",
        "game_id points minutes_played home_game",
        window=days_before(HISTORY_DAYS),
        on="player_lookup",
    ),
    "contexts": reads(
        "player_points_features",
        "game_id days_rest opponent_def_rating",
        window=days_before(HISTORY_DAYS),
        on="player_lookup",
    ),
    "models": reads(
        "points_model", "model model_version feature_names", window=days_up_to(MODEL_DAYS)
    ),
}


def _points(name: str, what: str, decimals: int = 2) -> Column:
    return Column(name, float, what, unit="points", decimals=decimals)


COLUMNS = (
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("universal_player_id", str, "one for each person"),
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("system_id", str, "which system", nullable=False),
    Column("predicted_points", float, "", unit="points", nullable=False, decimals=2, minimum=0),
    Column(
        "confidence_score",
        float,
        "0 to 1, on the system's own scale",
        nullable=False,
        decimals=4,
        minimum=0,
        maximum=1,
    ),
    Column("season_average", float, "points_avg_season", unit="points", decimals=4),
    *(_points(name, f"for {what}") for name, what in ADJUSTMENTS.items()),
    _points("similarity_baseline", "mean of the similar games", 1),
    Column("similar_games_count", int, "games the baseline is a mean of", minimum=0),
    Column(
        "avg_similarity_score", float, "their mean likeness to tonight", unit="of 100", decimals=2
    ),
    Column("min_similarity_score", float, "that of the least like", unit="of 100", decimals=2),
    Column("prediction_variance", float, "spread of the components", unit="points", decimals=2),
    Column(
        "system_agreement_score", float, "how close the components are", unit="percent", decimals=2
    ),
    Column("contributing_systems", int, "components that spoke", minimum=0),
    Column("model_version", str, "of a learned system: which model spoke"),
    Column("key_factors", Texts, "what drove it, in short", nullable=False),
    Column(
        "feature_quality_score",
        float,
        "of the player's features",
        unit="of 100",
        nullable=False,
        decimals=2,
    ),
    Column("historical_games_count", int, "games read", nullable=False, minimum=0),
)

_DETAILS = (
    *ADJUSTMENTS,
    "similarity_baseline",
    "similar_games_count",
    "avg_similarity_score",
    "min_similarity_score",
    "prediction_variance",
    "system_agreement_score",
    "contributing_systems",
)


def compute(cells: Cells) -> Partly:
    """Ask every system once about all players of the chunk, then hand out the answers."""
    owner, players = _players(cells)
    asked = ask(SYSTEMS, slate_of(players))
    told, abstained, broken = [], {}, {}
    for cell, (player, system) in enumerate(zip(owner.tolist(), cells["system_id"], strict=True)):
        if reason := asked.broken.get((system, player)):
            broken[cell] = reason
        elif reason := asked.forecasts[system].silence[player]:
            abstained[cell] = f"{cells['player_lookup'][cell]}, {system}: {reason}"
        else:
            told.append(cell)
    return Partly(_rows(cells.only(np.array(told, dtype=np.int64)), owner[told], players, asked),
                  abstained, broken)  # fmt: skip


def _players(cells: Cells) -> tuple[Array, Cells]:
    """The number of each cell's player, and one cell of each player."""
    seen: dict[tuple[object, str, str], int] = {}
    owner = np.array(
        [
            seen.setdefault(who, len(seen))
            for who in zip(
                cells["game_date"].tolist(), cells["game_id"], cells["player_lookup"], strict=True
            )
        ],
        dtype=np.int64,
    )
    first = np.unique(owner, return_index=True)[1]
    return owner, cells.only(first)


def slate_of(players: Cells) -> Slate:
    """What the systems are handed, one player a cell."""
    found = players.one("features")
    vectors = np.full((len(players), len(features.NAMES)), np.nan)
    for at, vector in enumerate(found["features"].tolist()):
        if vector is not None:
            vectors[at] = [np.nan if value is None else value for value in vector]
    learned, models = players.one("learned"), players.window("models").last(1).one()
    return Slate(
        features={name: vectors[:, at] for at, name in enumerate(features.NAMES)},
        quality=found["feature_quality_score"],
        days_rest=players.one("requests")["days_rest"],
        games=_games(players),
        learned={name: learned[name] for name in NAMES},
        model=_of_these_features(models.columns),
        model_version=models["model_version"],
    )


def _of_these_features(models: Columns) -> Array:
    """The models, of those that were trained on the features there are now."""
    names = models["feature_names"].tolist()
    known = np.array([tuple(told or ()) == NAMES for told in names], dtype=bool)
    chosen = models["model"].copy()
    chosen[~known] = None
    return chosen


def _games(players: Cells) -> Games:
    """Earlier games with what was known before each."""
    games, contexts = players.window("games").rows(), players.window("contexts").rows()
    before = {
        who: at
        for at, who in enumerate(
            zip(contexts.cell.tolist(), contexts["game_id"].tolist(), strict=True)
        )
    }
    asked = zip(games.cell.tolist(), games["game_id"].tolist(), strict=True)
    at = np.array([before.get(who, -1) for who in asked], dtype=np.int64)
    return Games(
        games.cell,
        {
            "points": games["points"],
            "minutes": games["minutes_played"],
            "is_home": games["home_game"],
            "days_rest": np.append(contexts["days_rest"], np.nan)[at],
            "opponent_def_rating": np.append(contexts["opponent_def_rating"], np.nan)[at],
        },
    )


def _rows(cells: Cells, owner: Array, players: Cells, asked: Asked) -> Columns:
    """The answers of the cells that have one."""
    systems = cells["system_id"].tolist()
    request, found = players.one("requests"), players.one("features")
    average = slate_average(players)
    games = players.window("games").count()

    def picked(column: str) -> Array:
        return np.array(
            [getattr(asked.forecasts[s], column)[p] for s, p in zip(systems, owner, strict=True)]
        )

    def detail(name: str) -> list[object]:
        nothing = {name: np.full(len(players), None, dtype=object)}
        return [
            (nothing | dict(asked.forecasts[s].details))[name][p]
            for s, p in zip(systems, owner, strict=True)
        ]

    factors = np.empty(len(cells), dtype=object)
    factors[:] = [asked.forecasts[s].reasons[p] for s, p in zip(systems, owner, strict=True)]
    return {
        **{name: cells[name] for name in ("player_lookup", "game_id", "game_date", "system_id")},
        "universal_player_id": request["universal_player_id"][owner],
        "predicted_points": picked("points"),
        "confidence_score": picked("confidence"),
        "season_average": average[owner],
        **{name: np.array(detail(name), dtype=np.float64) for name in _DETAILS},
        "model_version": np.array(detail("model_version"), dtype=object),
        "key_factors": factors,
        "feature_quality_score": found["feature_quality_score"][owner],
        "historical_games_count": games[owner],
    }


def slate_average(players: Cells) -> Array:
    """Season average of each player, by the features."""
    at = features.NAMES.index("points_avg_season")
    vectors = players.one("features")["features"].tolist()
    values = [np.nan if v is None or v[at] is None else v[at] for v in vectors]
    return np.array(values, dtype=np.float64)


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Every requested player with every system."""
    players = each("requests", "game_id", "player_lookup")(inputs)
    many = len(players["game_date"])
    return {
        **{name: np.repeat(values, len(SYSTEMS)) for name, values in players.items()},
        "system_id": np.array([system.id for system in SYSTEMS] * many, dtype=object),
    }


TABLE = Table(
    name="system_forecasts",
    dataset="nba_predictions",
    description=__doc__,
    entity=("game_id", "player_lookup", "system_id"),
    key=("game_id", "player_lookup", "system_id"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=2,
    fan_out=FanOut(
        "player", "PREDICTION_WORKERS", default_workers=10, together=("game_id", "player_lookup")
    ),
    clustering=("player_lookup", "system_id", "game_date"),
    answered_by="system_id",
    plot=("player_lookup", "predicted_points"),
)
