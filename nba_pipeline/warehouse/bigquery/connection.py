"""BigQuery's two clients."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.warehouse.bigquery.settings import BigQuerySettings

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.cloud import bigquery
    from google.cloud.bigquery_storage_v1.services.big_query_read import BigQueryReadClient


class Connection:
    """BigQuery's two clients, opened when first needed; threads may share them."""

    def __init__(self, settings: BigQuerySettings) -> None:
        """Use ``settings``; nothing is opened yet."""
        self.settings = settings
        self._client: bigquery.Client | None = None
        self._reader: BigQueryReadClient | None = None

    @property
    def client(self) -> bigquery.Client:
        """The client for jobs and tables."""
        if self._client is None:
            from google.cloud import bigquery

            settings = self.settings
            self._client = bigquery.Client(
                project=settings.project,
                location=settings.location,
                credentials=self._credentials(),
                client_options={"api_endpoint": settings.endpoint} if settings.endpoint else None,
            )
        return self._client

    @property
    def reader(self) -> BigQueryReadClient:
        """The client of the Storage Read API.

        The generated one: the one around it takes up a broken stream again for as long as it
        breaks, whatever the limit.
        """
        if self._reader is None:
            from google.cloud.bigquery_storage_v1.services.big_query_read import BigQueryReadClient

            if self.settings.storage_endpoint:
                self._reader = BigQueryReadClient(transport=_plain_transport(self.settings))
            else:
                self._reader = BigQueryReadClient(credentials=self._credentials())
        return self._reader

    def _credentials(self) -> Credentials | None:
        if self.settings.endpoint:
            from google.auth.credentials import AnonymousCredentials

            return AnonymousCredentials()
        if not self.settings.credentials:
            return None
        from google.oauth2 import service_account

        try:
            key = json.loads(base64.b64decode(self.settings.credentials, validate=True))
            found: Credentials = service_account.Credentials.from_service_account_info(key)
        except ValueError:
            # The error's own text may quote the key.
            raise ConfigurationError(
                "NBA_BIGQUERY_CREDENTIALS is not a service account's key in base64"
            ) from None
        return found


def _plain_transport(settings: BigQuerySettings) -> Any:
    import grpc
    from google.cloud.bigquery_storage_v1.services.big_query_read.transports import (
        BigQueryReadGrpcTransport,
    )

    channel = grpc.insecure_channel(
        settings.storage_endpoint, options=[("grpc.max_receive_message_length", -1)]
    )
    return BigQueryReadGrpcTransport(channel=channel)
