"""BigQuery as the warehouse, configured through Dagster's own BigQuery resource.

For definitions of one's own, as ``build_definitions(resources={"warehouse": …})`` takes it. Where
the environment chooses BigQuery, the usual resource opens it and this one is not needed.
"""

from dagster_gcp import BigQueryResource
from pydantic import Field

from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.orchestration.resources import WarehouseResource
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.bigquery import BigQuerySettings
from nba_pipeline.warehouse.bigquery import BigQueryWarehouse as Opened


class BigQueryWarehouse(WarehouseResource):
    """Where rows live: BigQuery datasets."""

    bigquery: BigQueryResource = Field(
        description="Project, location and credentials, as everywhere in Dagster."
    )
    dataset_prefix: str = Field(default="", description="Put before every dataset's name.")
    endpoint: str = Field(default="", description="Of an emulator on this machine.")
    storage_endpoint: str = Field(default="", description="Host and port of its Storage Read API.")
    call_seconds: float = Field(default=60.0, description="Longest a single call may take.")
    job_seconds: float = Field(default=600.0, description="Longest a job or its retries may take.")
    max_bytes: int | None = Field(default=None, description="Most bytes a query may read.")

    def open(self) -> Warehouse:
        """The warehouse; a connection of its own for each opening."""
        return Opened(
            BigQuerySettings(
                project=self.bigquery.project or "",
                location=self.bigquery.location or BigQuerySettings.location,
                dataset_prefix=self.dataset_prefix,
                credentials=self.bigquery.gcp_credentials or "",
                endpoint=self.endpoint,
                storage_endpoint=self.storage_endpoint,
                call_seconds=self.call_seconds,
                job_seconds=self.job_seconds,
                max_bytes=self.max_bytes,
            ),
            list(REGISTRY.values()),
        )
