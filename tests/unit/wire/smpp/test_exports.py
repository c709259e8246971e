"""What the package offers is what it names."""

import habar.wire.smpp as smpp


def test_every_name_is_there_once() -> None:
    assert len(set(smpp.__all__)) == len(smpp.__all__)
    assert all(hasattr(smpp, name) for name in smpp.__all__)
