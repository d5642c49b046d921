"""Whether a night did its job: findings about a date, from what the warehouse alone holds.

``night`` reads, the modules of checks judge what was read and have no clock, ``judge`` is the list
of them. Nothing here knows Dagster, and nothing is written: the terminal, the asset check and the
sensor that alerts all ask the same functions.
"""
