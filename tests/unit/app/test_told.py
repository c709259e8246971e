"""What keeps a process from starting, in one sentence."""

import errno
import socket
import ssl

import pytest

from habar.app.told import StartError, told
from habar.errors import AlreadyOpen, SchemaMismatch


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.EROFS, "Read-only file system"), "/data: Read-only file system"),
        (OSError(errno.ENOENT, "x", "/data/cert.pem"), "/data/cert.pem: No such file or directory"),
        (OSError(errno.EADDRINUSE, "a loop's long story", "h:80"), "h:80: Address already in use"),
        (
            OSError(errno.EACCES, "x", "0.0.0.0:80"),
            "0.0.0.0:80: Permission denied; ports below 1024 need CAP_NET_BIND_SERVICE",
        ),
        (OSError(errno.EACCES, "x", "/data/habar.db"), "/data/habar.db: Permission denied"),
        (socket.gaierror(-2, "Name or service not known"), "/data: Name or service not known"),
        (OSError(-2, "Name or service not known", "sms:80"), "sms:80: Name or service not known"),
        (ssl.SSLError(9, "[SSL] PEM lib"), "/data: [SSL] PEM lib"),
        (OSError("no number"), "/data: no number"),
        (SchemaMismatch("the database has schema 9"), "/data: the database has schema 9"),
        (
            SchemaMismatch(
                "the database has schema 1, this version needs 2; run: habar db migrate"
            ),
            "/data: the database has schema 1, this version needs 2; run: habar db migrate",
        ),
        (AlreadyOpen("another gateway has /data open"), "another gateway has /data open"),
    ],
)
def test_the_sentence_names_the_place_and_the_reason(error: Exception, sentence: str) -> None:
    with pytest.raises(StartError) as caught, told("/data"):
        raise error
    assert str(caught.value) == sentence


def test_what_nobody_can_mend_stays_as_it_is() -> None:
    with pytest.raises(LookupError), told("/data"):
        raise LookupError("a fault of ours")
