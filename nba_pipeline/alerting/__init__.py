"""Telling people: what is new about a date, once, in one sentence, to a webhook.

``alerts`` decides what is news, ``telling`` keeps what was told beside the runs in
``nba_processing.alerts`` and survives every restart with it, ``webhook`` delivers. Nothing here
knows Dagster; its sensors call this.
"""
