"""Where facts come from: fetched and kept, never interpreted."""
