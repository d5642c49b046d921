"""NBA player-prop features as one Dagster asset graph, with data versions that never lie."""
