"""Raw tables: one row per thing a source told us, with when we could first have known it."""
