"""Names of folders and files from identifiers that anybody may have chosen."""

from __future__ import annotations

import pytest

from exports.policy.names import safe_name

ODD = ["..", "../../etc/passwd", "a/b", "a\\b", "M-1", "con", "", "小店", "a" * 300, ".hidden", "-x", "m 1", "x\0y"]


@pytest.mark.parametrize("identifier", ODD)
def test_an_identifier_never_becomes_a_path(identifier: str) -> None:
    name = safe_name(identifier)
    assert name != identifier
    assert len(name) <= 64
    assert all(character.isalnum() or character in "-~" for character in name)


def test_two_identifiers_never_share_a_name() -> None:
    identifiers = ["m-1", "M-1", "m_1", "m 1", "m-1~", "m/1", safe_name("M-1")]
    names = {safe_name(identifier) for identifier in identifiers}
    assert len(names) == len(identifiers)
    assert safe_name("m-1") == "m-1"
