"""Ids are found however they are written, and nobody else's is taken for them."""

from __future__ import annotations

from io import BytesIO

import pyarrow as pa
import pytest

from maintenance.needles import Needles

PEOPLE = ("u-00017", "张三-1", "ab", "x&y-12", "o'n'e-99")


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("u-00017", True),
        ("u-000171", False),
        ("1u-00017", False),
        ("[u-1, u-00017]", True),
        ("https://x.example/?ref=u-00017&b=1", True),
        ('{"by":"line\\nu-00017"}', True),
        ("\\u5f20\\u4e09-1", True),
        ("%E5%BC%A0%E4%B8%89-1", True),
        ("张三-1", True),
        ("张三-12", False),
        ("x&amp;y-12", True),
        ("o&#x27;n&#x27;e-99", True),
        ("ab", True),
        ("cab", False),
        ("ab ab", False),  # so short an id stands in any text
        ('{"user":"ab"}', True),
    ],
)
def test_an_id_is_found_as_a_value_and_in_text(text: str, is_named: bool) -> None:
    needles = Needles(PEOPLE)
    assert needles.in_values(pa.array([text, None])).to_pylist() == [is_named, None]
    if text != "ab":
        assert needles.in_stream(BytesIO(text.encode())) is is_named


def test_nested_columns_are_searched_row_by_row() -> None:
    rows = pa.table(
        {
            "list": [["u-1"], [], None, ["u-1", "u-00017"], ["u-1"], None],
            "struct": [{"a": 1, "b": "u-00017"}, {"a": 1, "b": "u-2"}, None, None, {"a": 1, "b": None}, None],
            "lists": [None, None, [[{"c": "u-00017"}]], None, None, None],
            "map": pa.array([None, [("a", "u-00017")], [], [("u-1", None)], None, None], pa.map_(pa.string(), pa.string())),
            "number": [1, 2, 3, 4, 5, 6],
            "dictionary": pa.array(["x", "x", "x", "x", "x", "u-00017"]).dictionary_encode(),
        }
    )
    assert Needles(["u-00017"]).rows(rows).to_pylist() == [True, True, True, True, False, True]
    assert Needles([]).rows(rows).to_pylist() == [False] * 6


@pytest.mark.parametrize("before", [(4 << 20) - 7, (4 << 20) - 4, 4 << 20])
def test_an_id_across_two_reads_is_found(before: int) -> None:
    assert Needles(PEOPLE).in_stream(BytesIO(b" " * before + b"u-00017"))
    assert not Needles(PEOPLE).in_stream(BytesIO(b"x" * before + b"u-00017"))


def test_many_people_are_found_each() -> None:
    people = [f"u-{number:05}" for number in range(1000)]
    needles = Needles(people)
    assert all(needles.in_values(pa.array(people)).to_pylist())
    assert not any(needles.in_values(pa.array([f"{person}9" for person in people])).to_pylist())


def test_a_masked_text_is_as_long_and_names_nobody() -> None:
    text = b'u-00017,u-000171,"ab",u-00017'
    assert Needles(PEOPLE).masked(text) == b'*******,u-000171,"**",*******'


def test_an_employee_with_the_id_of_a_person_is_another() -> None:
    rows = pa.table({"rep_id": ["u-00017", "u-1"], "user_id": ["u-1", "u-00017"]})
    assert Needles(["u-00017"]).rows(rows).to_pylist() == [False, True]
