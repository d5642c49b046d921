"""What the environment says about BigQuery, and when a thing may pass by itself."""

from __future__ import annotations

import pytest
import requests
from google.api_core import exceptions

from nba_pipeline.engine.errors import ConfigurationError, WarehouseError
from nba_pipeline.warehouse.bigquery import BigQuerySettings
from nba_pipeline.warehouse.bigquery.calls import may_pass
from nba_pipeline.warehouse.bigquery.connection import Connection
from nba_pipeline.warehouse.bigquery.cost import refuse_bytes

PROJECT = {"NBA_BIGQUERY_PROJECT": "p"}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"NBA_BIGQUERY_PROJECT": ""}, "names no Google Cloud project"),
        ({"NBA_BIGQUERY_CALL_SECONDS": "soon"}, "NBA_BIGQUERY_CALL_SECONDS=soon is not a number"),
        ({"NBA_BIGQUERY_JOB_SECONDS": "0"}, "NBA_BIGQUERY_JOB_SECONDS=0 is not a number"),
        ({"NBA_BIGQUERY_MAX_BYTES": "1e9"}, "NBA_BIGQUERY_MAX_BYTES=1e9 is not a number of bytes"),
        ({"NBA_BIGQUERY_ENDPOINT": "http://example.com"}, "example.com is not this machine"),
        ({"NBA_BIGQUERY_ENDPOINT": "http://127.0.0.1:1"}, "go together"),
    ],
)
def test_a_wrong_setting_is_named(variables, said):
    with pytest.raises(ConfigurationError, match=said):
        BigQuerySettings.from_environment({**PROJECT, **variables})


def test_credentials_that_are_no_key_are_refused_without_being_shown():
    settings = BigQuerySettings("p", credentials="c2VjcmV0")
    with pytest.raises(ConfigurationError, match="NBA_BIGQUERY_CREDENTIALS") as told:
        _ = Connection(settings).client
    assert told.value.__cause__ is None
    assert "c2VjcmV0" not in f"{told.value} {settings!r}"


def refused(reason: str) -> exceptions.Forbidden:
    return exceptions.Forbidden("refused", errors=[{"reason": reason}])


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (exceptions.ServiceUnavailable("away"), True),
        (exceptions.TooManyRequests("busy"), True),
        (exceptions.GatewayTimeout("late"), True),
        (exceptions.DeadlineExceeded("late"), True),
        (exceptions.Unknown("the stream broke"), True),
        (refused("rateLimitExceeded"), True),
        (exceptions.BadRequest("Could not serialize access due to concurrent update"), True),
        (requests.exceptions.ReadTimeout(), True),
        (requests.exceptions.ChunkedEncodingError(), True),
        (ConnectionResetError(), True),
        (refused("quotaExceeded"), False),
        (refused("accessDenied"), False),
        (exceptions.BadRequest("a typing error"), False),
        (exceptions.NotFound("no table"), False),
        (exceptions.MethodNotImplemented("never"), False),
        (requests.exceptions.SSLError(), False),
        (ValueError(), False),
    ],
)
def test_only_what_may_pass_by_itself_is_tried_again(error, passes):
    assert may_pass(error) == passes


def test_more_bytes_than_allowed_are_refused_with_both_numbers():
    with pytest.raises(WarehouseError, match=r"would read 2,000 bytes, .* allows 1,999"):
        refuse_bytes("the query", 2000, 1999)


@pytest.mark.parametrize(("wanted", "most"), [(2000, 2000), (2000, None), (None, 0)])
def test_no_more_bytes_than_allowed_are_not_refused(wanted, most):
    refuse_bytes("the query", wanted, most)
