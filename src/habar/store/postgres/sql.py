"""The engine's statements, read by name from the SQL files. Values are parameters, always."""

from __future__ import annotations

from habar.store.named_sql import named_statements

QUERIES = named_statements(__package__)
"""Every statement of a node by its name."""
CHECKS = named_statements(__package__, "checks.sql")
"""Those of `habar db status` and `check`."""
COPYING = named_statements(__package__, "copying.sql")
"""Those of `habar db copy`."""
NETWORK = named_statements(__package__, "network.sql")
"""Those of operators, ranges, ported numbers, routes and reports."""
CALLBACKS = named_statements(__package__, "callbacks.sql")
"""Those of what customers are owed to be told."""
FIGURES = named_statements(__package__, "figures.sql")
"""What a copy is compared by, by the name of the table."""
INBOX = named_statements(__package__, "inbox.sql")
"""Those of subscribers' messages and short codes."""
