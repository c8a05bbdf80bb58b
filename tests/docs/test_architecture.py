"""docs/architecture.md says what the code does: which room imports which, which command a task starts."""

from __future__ import annotations

import ast
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

from contract.events import SOURCES, Fate
from contract.settings import CHECKOUT
from spark_jobs.families import SESSIONS
from tests.docs.pages import ROOMS, code, modules, section, table

PAGE = (CHECKOUT / "docs" / "architecture.md").read_text()
PICTURE = CHECKOUT / "docs" / "architecture.svg"
# What stands for several tasks of the page.
EACH = {"<session>": (*SESSIONS,), "<source>": SOURCES}
WIRING = json.loads((CHECKOUT / "tests" / "dags" / "wiring.json").read_text())


def imports(sources: Mapping[str, Path]) -> dict[str, set[str]]:
    """The other rooms that each room imports, at the top of a module or inside of it."""
    found: dict[str, set[str]] = {name.partition(".")[0]: set() for name in sources}
    for name, file in sources.items():
        room = name.partition(".")[0]
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found[room] |= {imported.partition(".")[0] for imported in names} & {*ROOMS} - {room}
    return found


def told() -> dict[str, set[str]]:
    return {code(room)[0]: {*code(others)} for room, others, *_ in table(section(PAGE, "## Rooms"))}


def test_a_room_imports_what_the_page_says() -> None:
    found = imports(modules())
    assert len(found) > 8
    assert any(found.values())
    assert told() == found


def test_an_import_that_the_page_does_not_know_is_seen(tmp_path: Path) -> None:
    curious = tmp_path / "curious.py"
    curious.write_text("def f():\n    import spark_jobs.lake\n    from exports import day\n")
    assert imports({"simulator.curious": curious}) == {"simulator": {"spark_jobs", "exports"}}


def test_every_task_and_its_commands_are_in_the_table_of_processes() -> None:
    dags: list[str] = []
    shown: dict[tuple[str, str], str] = {}
    for dag_ids, task, command, works in table(section(PAGE, "## Processes")):
        dags = code(dag_ids) or dags
        (name,) = code(task)
        several = next((word for word in EACH if word in name), "")
        for each in EACH.get(several, ("",)):
            shown |= {(dag, name.replace(several, each) if several else name): f"{command} {works}" for dag in dags}
    started = {(dag, task): wired["commands"] for dag, wiring in WIRING.items() for task, wired in wiring["tasks"].items()}
    assert len(started) > 10
    assert shown.keys() == started.keys()
    for key, commands in started.items():
        for module in commands:
            assert f"`{module.split()[0]}" in shown[key], (key, module)


def test_the_picture_names_every_dag_and_every_fate_of_a_line() -> None:
    texts = {"".join(element.itertext()).strip() for element in ET.parse(PICTURE).iter("{http://www.w3.org/2000/svg}text")}
    joined = " ".join(texts) + "".join(sorted(texts))
    assert len(texts) > 30
    assert {dag for dag in WIRING if dag not in joined and dag != "export_merchant_success"} == set()
    assert {"export_", "merchant_", "success"} <= texts  # one name on three lines
    assert {fate.value for fate in Fate if fate not in (Fate.READ, Fate.UNREADABLE)} <= texts


def test_the_page_is_short_enough_to_be_read() -> None:
    assert 50 < len(PAGE.splitlines()) < 150


def test_the_package_of_the_spread_graph_names_modules_that_it_has() -> None:
    text = ast.get_docstring(ast.parse(modules()["spark_jobs.spread_graph.__init__"].read_text())) or ""
    named = {*re.findall(r"`(\w+)`", text)}
    assert len(named) > 5
    assert {name for name in named if f"spark_jobs.spread_graph.{name}" not in modules()} == set()


def test_every_module_that_the_page_names_by_its_path_is_there() -> None:
    named = {path for path in code(PAGE) if re.fullmatch(r"(?:[a-z_]+/)+\w+\.py", path)}
    assert len(named) > 5
    assert {path for path in named if not (CHECKOUT / path).exists()} == set()
