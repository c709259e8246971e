"""The store on PostgreSQL, for any number of nodes: the same promises, kept by its transactions.

No protocol of our own between the nodes: leases, claims and binds are rows, locked by PostgreSQL.
"""

from habar.store.postgres.connection import Address
from habar.store.postgres.engine import PostgresStore
from habar.store.postgres.node import Who

__all__ = ["Address", "PostgresStore", "Who"]
