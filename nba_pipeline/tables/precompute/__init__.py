"""Precompute tables: what is known before tip-off, one row per player, team or league and date."""
