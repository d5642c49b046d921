"""The same tables as others would write them by hand, to measure ours beside.

Nothing of the product imports this. Three tables, as rows of pandas, as one DuckDB query and as
Polars expressions; each reads the stored Parquet files, makes every hashed column, hashes every row
as the warehouse's contract says, and writes a file a date. A test holds their rows to ours, hash
for hash.

What they leave out, ours is measured with: columns that are in no hash, the plan of every entity,
the hashes of what it was computed from, and files that are synced and carry checksums.
"""
