"""The store on one SQLite file: nothing to install but the package.

One process writes it as a gateway (a lock beside the file keeps a second one out); commands may
use its books beside the running gateway.
"""

from habar.store.sqlite.engine import SqliteStore

__all__ = ["SqliteStore"]
