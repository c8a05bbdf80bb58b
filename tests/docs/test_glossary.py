"""docs/glossary.md names columns that there are, and says the Chinese words that readers see."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
import yaml

from contract.settings import CHECKOUT
from exports.pages.words import Words
from tests.docs.pages import code, table

PAGE = (CHECKOUT / "docs" / "glossary.md").read_text()
# Sections of the catalogue that are prose, of which a term is a part; the others hold terms.
PROSE = ("about", "map", "sheet", "title")
Row = tuple[str, str, str, str, str]


def rows(page: str) -> list[Row]:
    """Term, meaning, columns, name in the catalogue, words not to use: the rows of all tables of a page."""
    found: list[Row] = []
    for part in page.split("\n## ")[1:]:
        for term, meaning, columns, catalogue, words in table(part):
            found.append((term, meaning, columns, catalogue, words))
    return found


def marts() -> dict[str, set[str]]:
    """The columns of each mart, as dbt's contracts declare them."""
    files = CHECKOUT.glob("dbt_project/models/marts/*/_*__models.yml")
    models = [model for file in files for model in yaml.safe_load(file.read_text())["models"]]
    return {model["name"]: {column["name"] for column in model["columns"]} for model in models}


def unknown_columns(found: list[Row], known: Mapping[str, set[str]]) -> list[str]:
    named = [name for row in found for cell in row[1:] for name in code(cell) if re.fullmatch(r"[a-z_]+\.[a-z_0-9]+", name)]
    catalogued = {name for row in found for name in code(row[3])}
    pairs = [name.split(".") for name in named if name not in catalogued]
    return [f"{mart}.{column}" for mart, column in pairs if column not in known.get(mart, ())]


def other_words(found: list[Row], chinese: Mapping[str, str]) -> list[str]:
    """Terms that are not what readers see under the names beside them."""
    wrong = []
    for term, _, _, catalogue, _ in found:
        word = term.partition(" · ")[0]
        for name in code(catalogue):
            text = chinese.get(name, "")
            if word not in text if name.partition(".")[0] in PROSE else word != text:
                wrong.append(f"{word}: {name} says {text!r}")
    return wrong


def uncatalogued(found: list[Row], chinese: Mapping[str, str]) -> list[str]:
    """Terms that the catalogue has too, under a name that the row does not give."""
    names = {text: name for name, text in chinese.items()}
    return [word for term, _, _, cell, _ in found if (word := term.partition(" · ")[0]) in names and not code(cell)]


def test_every_column_that_is_named_is_one_of_the_marts() -> None:
    known, found = marts(), rows(PAGE)
    assert len(known) > 45
    assert len(found) > 50
    assert sum(len(code(row[2])) for row in found) > 60
    assert unknown_columns(found, known) == []


def test_terms_are_the_words_that_readers_see() -> None:
    found = rows(PAGE)
    assert sum(len(code(row[3])) for row in found) > 30
    assert other_words(found, Words.of("zh").texts) == []
    assert uncatalogued(found, Words.of("zh").texts) == []


def test_every_row_says_what_a_term_means_and_what_not_to_call_it() -> None:
    found = rows(PAGE)
    assert found
    for term, meaning, _, _, words in found:
        assert re.fullmatch(r"[一-鿿]+ · \S.*", term)
        assert meaning.endswith("."), term
        assert words, term
    terms = [row[0].partition(" · ")[0] for row in found]
    assert len(terms) == len({*terms})


def test_the_terms_of_the_field_are_there() -> None:
    wanted = "社交电商 拼团 单粉丝产值 支撑粉丝 裂变 小圈子 数据日期 传播树 私域 复购 流失 带动成交额 平台补位成团"
    assert {row[0].partition(" · ")[0] for row in rows(PAGE)} >= {*wanted.split()}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("`m.a`", "`m.b`"), ("`m.a`", "`n.a`"), ("term.fan", "term.other"), ("粉丝 ·", "粉 ·"), ("`term.fan`", "")],
)
def test_a_wrong_row_is_seen(right: str, wrong: str) -> None:
    head = "## T\n\n| t | m | c | k | n |\n|---|---|---|---|---|\n"
    page = f"# G\n\n{head}| 粉丝 · fan | Somebody. | `m.a` | `term.fan` | foe |\n"

    def faults(text: str) -> list[str]:
        found, chinese = rows(text), {"term.fan": "粉丝", "term.other": "朋友"}
        return unknown_columns(found, {"m": {"a"}}) + other_words(found, chinese) + uncatalogued(found, chinese)

    assert faults(page) == []
    assert len(faults(page.replace(right, wrong))) == 1
