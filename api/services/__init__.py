"""
What the room can do, as plain functions over a database session.

No web framework in here: the pages, the HTTP interface, the worker and the command line call the same functions.
The caller owns the transaction (``Store.reading`` or ``Store.writing``); a service neither commits nor rolls back.
"""
