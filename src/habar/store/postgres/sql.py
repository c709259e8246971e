"""The engine's statements, read by name from queries.sql. Values are parameters, always."""

from __future__ import annotations

from habar.store.named_sql import named_statements

QUERIES = named_statements(__package__)
"""Every statement by its name."""
