"""What is kept of passwords and keys."""

from __future__ import annotations

import pytest

from habar.model.secret import hash_password, key_digest, password_matches

SALT = b"0123456789abcdef"


def test_a_hash_is_argon2id_with_the_parameters_of_the_design():
    assert hash_password("demo", SALT).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_password_matches_its_own_hash_only():
    kept = hash_password("пароль", SALT)
    assert password_matches(kept, "пароль")
    assert not password_matches(kept, "parol")


def test_the_salt_makes_equal_passwords_differ():
    assert hash_password("demo", SALT) != hash_password("demo", SALT[::-1])


@pytest.mark.parametrize("kept", ["", "plain", "$argon2id$v=19$m=1", "хэш"])
def test_an_unreadable_hash_is_nobodys(kept):
    assert not password_matches(kept, "demo")


def test_half_a_surrogate_pair_is_only_a_wrong_password():
    assert not password_matches(hash_password("demo", SALT), "\ud800")


def test_keys_are_kept_as_digests_of_32_octets():
    assert len(key_digest("abc")) == 32
    assert key_digest("abc") == key_digest("abc") != key_digest("abd")
