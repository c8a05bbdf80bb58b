"""docs/commands.md documents every command of the packages, with the arguments that its source declares."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from contract.settings import CHECKOUT
from tests.docs.pages import code, modules, section, table

PAGE = (CHECKOUT / "docs" / "commands.md").read_text()


def commands() -> dict[str, Path]:
    """The modules that do something when Python runs them, named as after `python -m`."""
    runs = {name: file for name, file in modules().items() if 'if __name__ == "__main__":' in file.read_text()}
    return {name.removesuffix(".__main__"): file for name, file in runs.items()}


def arguments(source: str) -> dict[str, bool]:
    """The flags that a source declares, and whether each is always required."""
    found: dict[str, bool] = {}
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument":
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            required = isinstance(given.get("required"), ast.Constant) and ast.literal_eval(given["required"])
            for name in (ast.literal_eval(argument) for argument in call.args):
                if name.startswith("-"):
                    found[name] = found.get(name, True) and required
    return found


def words(source: str) -> set[str]:
    """The words that a source takes in place of a flag: the choices of a positional argument, and the names of subcommands."""
    found: set[str] = set()
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        named = [ast.literal_eval(argument) for argument in call.args if isinstance(argument, ast.Constant)]
        if call.func.attr == "add_parser":
            found |= {*named}
        elif call.func.attr == "add_argument" and not str(named[0]).startswith("-"):
            for keyword in call.keywords:
                if keyword.arg == "choices" and isinstance(keyword.value, ast.List):
                    found |= {*ast.literal_eval(keyword.value)}
    return found


def statuses(source: str) -> set[int]:
    """The whole numbers that `main` of a source returns as they stand."""
    mains = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "main"]
    returns = [node.value for main in mains for node in ast.walk(main) if isinstance(node, ast.Return) and node.value]
    numbers = [part.value for value in returns for part in ast.walk(value) if isinstance(part, ast.Constant)]
    return {number for number in numbers if isinstance(number, int)}


def complaints(page: str, name: str, source: str) -> list[str]:
    """What a page says too little, or too much, of a command."""
    text = section(page, f"### `{name}`")
    usage = "\n".join(re.findall(r"```\n(.*?)```", text, re.DOTALL))
    if f"-m {name}" not in usage:
        return [f"{name}: no section with a usage line"]
    found = []
    if "ArgumentParser" in source:
        declared, shown = arguments(source), {*re.findall(r"(?<![\w-])--[a-z][a-z-]*", usage)}
        found += [f"{name}: {flag} is not shown" for flag in declared.keys() - shown]
        found += [f"{name}: {flag} is not declared" for flag in shown - declared.keys()]
        optional = {*re.findall(r"--[a-z][a-z-]*", "".join(re.findall(r"\[.*?\]", usage)))}
        found += [f"{name}: {flag} is required" for flag, required in declared.items() if required and flag in optional]
        found += [f"{name}: {word} is not shown" for word in words(source) if not re.search(rf"\b{word}\b", usage)]
    explained = {0, 1, 2} | {int(number) for number in re.findall(r"\b\d+\b", text)}  # 0 to 2 mean the same everywhere
    return [*found, *(f"{name}: status {status} is not explained" for status in statuses(source) - explained)]


def test_every_command_is_documented_with_its_arguments() -> None:
    found = commands()
    assert len(found) > 20
    assert sum("ArgumentParser" in file.read_text() for file in found.values()) > 15
    assert [complaint for name, file in found.items() for complaint in complaints(PAGE, name, file.read_text())] == []


def test_every_section_is_a_command() -> None:
    documented = re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE)
    assert len(documented) > 20
    assert {*documented} - commands().keys() == set()
    assert len(documented) == len({*documented})


_SOURCE = """
def main():
    parser.add_argument("command", choices=["go", "stop"])
    parser.add_argument("--day", required=True)
    parser.add_argument("--fast", action="store_true")
    ArgumentParser
    return 7
"""
_GOOD = """
### `room.command`

```
python -m room.command [go] --day DAY [--fast]
python -m room.command stop --day DAY
```

Status 7: too late.
"""


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("### `room.command`", "### `room.other`", "no section with a usage line"),
        ("--day DAY [--fast]", "--day DAY", "--fast is not shown"),
        ("[--fast]", "[--fast] [--slow]", "--slow is not declared"),
        ("[go] --day DAY", "[go] [--day DAY]", "--day is required"),
        ("command stop", "command", "stop is not shown"),
        ("Status 7", "Another status", "status 7 is not explained"),
    ],
)
def test_a_wrong_page_is_complained_of(right: str, wrong: str, complaint: str) -> None:
    assert complaints(_GOOD, "room.command", _SOURCE) == []
    assert complaints(_GOOD.replace(right, wrong), "room.command", _SOURCE) == [f"room.command: {complaint}"]


def test_every_target_of_make_is_documented() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    targets = dict(re.findall(r"^([a-z]+):.*?##.*\n((?:\t.*\n)*)", makefile, re.MULTILINE))
    rows = {code(name)[0]: " ".join([name, text]) for name, text in table(section(PAGE, "## make"))}
    assert len(targets) > 10
    assert rows.keys() == {f"make {name}" for name in targets if name != "help"} | {"make"}
    for name, recipe in targets.items():
        for variable in re.findall(r"\$\((ARGS|AS_OF)\)", recipe):
            assert variable in rows[f"make {name}"], f"make {name} takes {variable}"
        for module in re.findall(r"(?:/python|\$\(PYTHON\))(?: -B)? -m ([\w.]+)", recipe):
            assert f"`{module}`" in rows[f"make {name}"], f"make {name} runs {module}"
