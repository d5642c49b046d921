"""What is written down holds no secret, whatever it is called and wherever it stands."""

from __future__ import annotations

import pytest

from nba_pipeline.sources.secrets import text_without_secrets, without_secrets


@pytest.mark.parametrize(
    "name", ["apiKey", "api-key", "X-API-Key", "api_key", "access_token", "Authorization", "key"]
)
def test_a_secret_goes_by_its_name(name: str) -> None:
    assert without_secrets({name: "planted", "market": "player_points"}) == {
        name: "***",
        "market": "player_points",
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://h/odds?apiKey=planted&regions=us", "https://h/odds?apiKey=***&regions=us"),
        ("https://h/odds?regions=us&apiKey=planted", "https://h/odds?regions=us&apiKey=***"),
        ("GET /odds?api_key=planted HTTP/1.1", "GET /odds?api_key=*** HTTP/1.1"),
        ("http://someone:planted@proxy:8080/x", "http://***@proxy:8080/x"),
        ("https://h/turkey=1?monkey=2&keyword=3", "https://h/turkey=1?monkey=2&keyword=3"),
        ("no secret at all", "no secret at all"),
    ],
)
def test_an_address_is_shown_without_its_secret(text: str, shown: str) -> None:
    assert text_without_secrets(text) == shown
