"""The ops application without a listener."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from habar.northbound.http.ops import OPS_PATHS, ops_app, unready_reasons


def broken() -> str | None:
    raise RuntimeError("with a s3cret")


def test_only_the_reasons_are_told():
    probes = {"a": lambda: None, "b": lambda: "full", "c": lambda: None}
    assert unready_reasons(probes) == {"b": "full"}
    assert unready_reasons({}) == {}


def test_a_probe_that_raises_is_not_content_and_its_words_stay_here(capsys):
    assert unready_reasons({"b": broken, "c": lambda: "x"}) == {"b": "probe failed", "c": "x"}
    assert "probe failed" in capsys.readouterr().out


def test_it_has_the_paths_it_is_said_to_have():
    routes = ops_app({}, CollectorRegistry()).routes
    assert {getattr(route, "path", None) for route in routes} == OPS_PATHS
