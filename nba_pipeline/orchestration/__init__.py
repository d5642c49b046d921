"""The only package that speaks Dagster. There is no basketball in here."""
