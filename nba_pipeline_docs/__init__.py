"""The reference part of the documentation, written from what the code declares.

One module for each kind of page, each a function from declarations to Markdown. No page says
anything of its own about a table or a variable: what is missing there is missing in the
declaration.
"""
