"""How any table is brought up to date. Knows neither Dagster nor a SQL dialect."""
