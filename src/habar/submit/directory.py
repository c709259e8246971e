"""The accounts in memory, so that no request reads them from the database.

Guarantees: a look-up sees one whole view, the old or the new one; a failed reload leaves the old
one. What another process changed is seen within the second in which `refresh_if_changed` is called.
As large as the table of accounts. Knows no passwords, only their hashes.
"""

from __future__ import annotations

from typing import NamedTuple

from habar.model.account import Account, Credentials
from habar.model.secret import key_digest
from habar.store.books import AccountRow, Books


class _View(NamedTuple):
    logins: dict[str, Credentials]
    keys: dict[bytes, Account]
    ids: dict[int, Account]


class Directory:
    """Accounts by login, by API key and by id."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._version: int | None = None
        self._view = _View({}, {}, {})

    async def load(self) -> None:
        """Read all accounts anew. Raises what the store raises; the old view then stays."""
        # The version first: a change that comes between the two reads is then seen once more.
        version = await self._books.version()
        self._view = _view_of(await self._books.accounts())
        self._version = version

    async def refresh_if_changed(self) -> bool:
        """Reload where another version is there; whether that was so."""
        if await self._books.version() == self._version:
            return False
        await self.load()
        return True

    def by_login(self, login: str) -> Credentials | None:
        """The account of that login with its hash."""
        return self._view.logins.get(login)

    def by_key(self, key: str) -> Account | None:
        """The account that the API key opens; keys are compared by their digests."""
        return self._view.keys.get(key_digest(key))

    def by_id(self, account_id: int) -> Account | None:
        """The account of that id."""
        return self._view.ids.get(account_id)

    def __len__(self) -> int:
        return len(self._view.logins)


def _view_of(rows: list[AccountRow]) -> _View:
    view = _View({}, {}, {})
    for row in rows:
        account = row.credentials.account
        view.logins[account.login] = row.credentials
        view.ids[account.id] = account
        for digest in row.key_digests:
            view.keys[digest] = account
    return view
