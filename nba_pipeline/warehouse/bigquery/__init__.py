"""BigQuery as the warehouse: the same protocol as the embedded one, the same data versions."""

from nba_pipeline.warehouse.bigquery.settings import BigQuerySettings
from nba_pipeline.warehouse.bigquery.warehouse import BigQueryWarehouse

__all__ = ["BigQuerySettings", "BigQueryWarehouse"]
