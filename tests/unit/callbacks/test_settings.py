"""The configuration's settings in the caller's units."""

from __future__ import annotations

from habar.callbacks.settings import CallerSettings
from habar.config.settings import CallbacksSettings


def test_the_defaults_are_the_configurations():
    assert CallerSettings.of(CallbacksSettings()) == CallerSettings()


def test_every_setting_is_obeyed():
    settings = CallerSettings.of(
        CallbacksSettings(
            give_up_hours=1.5,
            timeout_seconds=3.0,
            subscriber_timeout_seconds=4.0,
            per_host=5,
            total=6,
            allowed_networks=("10.0.0.0/8",),
        )
    )
    assert settings.retry.give_up_after == 5_400_000
    assert (settings.state_seconds, settings.subscriber_seconds) == (3.0, 4.0)
    assert (settings.per_host, settings.total) == (5, 6)
    assert settings.allowed_networks == ("10.0.0.0/8",)
