"""The store on PostgreSQL, for any number of nodes: the same promises, kept by its transactions.

No protocol of our own between the nodes: leases, claims and binds are rows, locked by PostgreSQL.
"""

from habar.store.postgres.engine import PostgresStore

__all__ = ["PostgresStore"]
