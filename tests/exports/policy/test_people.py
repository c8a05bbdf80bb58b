"""Pseudonyms of people."""

from __future__ import annotations

from exports.policy.people import pseudonym


def test_pseudonyms_do_not_run_together() -> None:
    """A merchant and a person that are written alike when put together are not the same."""
    names = {pseudonym("k" * 32, merchant, user) for merchant, user in [("m", "1u"), ("m1", "u"), ("m", "1u ")]}
    assert len(names) == 3
