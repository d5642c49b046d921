"""The slate as a web page: what is known and claimed of one evening, and how it turned out.

``reading`` fetches the rows of one NBA day, ``model`` turns them into what a reader sees,
``sentences`` into words, ``drawing`` into shapes, and ``page`` puts all of it into one file that
needs no network. Nothing here computes a figure that a table holds.
"""
