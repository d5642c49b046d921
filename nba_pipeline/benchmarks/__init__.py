"""How fast it is, and beside what: scenarios anyone can run, as ratios that hold elsewhere.

=============  =====================================================================
Module         What is in it
=============  =====================================================================
suite          the scenarios by name
bench          what they share: a world, dates, and what was built of them once
ranges         a range from nothing, unchanged, corrected, in every executor
dates          one date, cold and warm
overhead       what Dagster adds, beside assets that do nothing
histories      what predicting an evening costs
rescrapes      what of a week is skipped that is scraped again night after night
beside         three tables beside the same by hand
baselines      those: rows of pandas, a DuckDB query, Polars expressions
growth         players, dates and seasons times 1, 4 and 16
working        one piece of work, as plain values
measuring      wall and CPU seconds, peak memory
plots          the figures as a picture
=============  =====================================================================
"""
