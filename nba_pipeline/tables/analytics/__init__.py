"""Analytics tables: what happened, one row per player or team per finished game."""
