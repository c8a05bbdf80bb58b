"""Single changes in the pure modules of the Spark jobs (an operator turned, a number one larger), against the tests that
need no Spark session: what lives is a rule that no such test holds, unless `known_mutants.txt` says why.

mutmut makes the changes, inside functions, and tries each on the tests that call the function (`tool.mutmut` in
pyproject.toml names modules and tests). Of each module a sample is tried that hangs on the changes alone, so that other
code does not move it.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest

from contract.settings import CHECKOUT

KNOWN = Path(__file__).with_name("known_mutants.txt")
SAMPLED = 25  # of each module
MEMORY = 8 << 30  # bytes of address space: some mutants would write out a number of a million million digits
LIVED, UNREACHED = 0, 33  # mutmut's codes: the tests passed; no test calls the function
MUTMUT = (sys.executable, "-c", "from mutmut.__main__ import cli; cli()", "run", "--max-children", "2")


class Mutant(NamedTuple):
    """A single change: its name for mutmut, and `module function: line` with the change in braces."""

    name: str
    text: str


def tokens(line: str) -> list[tokenize.TokenInfo]:
    """The tokens of a line, which may be one of several of a statement."""
    found: list[tokenize.TokenInfo] = []
    with suppress(tokenize.TokenError):  # a bracket that stays open
        found += tokenize.generate_tokens(StringIO(line).readline)
    return found


def change(before: list[str], after: list[str]) -> str | None:
    """The changed line with the change in braces, if one operator or number has become another."""
    changed = [(one.strip(), other.strip()) for one, other in zip(before, after, strict=False) if one != other]
    if len(before) != len(after) or len(changed) != 1:
        return None
    line = changed[0][0]
    one, other = map(tokens, changed[0])
    differing = [(was, became) for was, became in zip(one, other, strict=False) if was.string != became.string]
    if len(one) != len(other) or len(differing) != 1:
        return None
    was, became = differing[0]
    is_operator_or_number = was.type in (tokenize.OP, tokenize.NUMBER) or was.string in ("and", "or")
    if not is_operator_or_number or became.string == "None":
        return None
    return f"{line[: was.start[1]]}{{{was.string} -> {became.string}}}{line[was.end[1] :]}"


def single_changes(checkout: Path) -> Iterator[Mutant]:
    """The single changes among the mutants that mutmut has made, one of each text."""
    for spans in sorted(checkout.glob("mutants/spark_jobs/**/*.spans")):
        source = spans.with_suffix("")
        module = ".".join(source.relative_to(checkout / "mutants").with_suffix("").parts)
        lines = source.read_text().splitlines()
        places = json.loads(spans.read_text())["spans"].items()
        bodies = {name: [line for line in lines[begin:end] if name not in line] for name, (begin, end) in places}
        seen = set()
        for name, body in bodies.items():
            function = name.partition("__mutmut_")[0]
            found = change(bodies[f"{function}__mutmut_orig"], body)
            text = f"{module.removeprefix('spark_jobs.')} {function.removeprefix('x_').lstrip('xǁ').replace('ǁ', '.')}: {found}"
            if found is not None and text not in seen:
                seen.add(text)
                yield Mutant(f"{module}.{name}", text)


def sample(mutants: Iterator[Mutant], size: int) -> list[Mutant]:
    """So many of each module, or all: those of the smallest digests."""
    of_module = defaultdict(list)
    for mutant in mutants:
        of_module[mutant.text.split()[0]].append(mutant)
    return [
        mutant
        for found in of_module.values()
        for mutant in sorted(found, key=lambda mutant: blake2b(mutant.text.encode()).digest())[:size]
    ]


def tried(checkout: Path, first: str, size: int) -> dict[Mutant, int]:
    """What became of a sample of the single changes, by mutmut's codes.

    Args:
        checkout: a copy, in which mutmut writes.
        first: the name of any mutant; with the first it tries, mutmut makes all, and learns which tests call what.
        size: of the sample of each module.
    """

    def run(*names: str) -> None:
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(
            [*MUTMUT, *names],
            cwd=checkout,
            env=environment,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"mutmut ended with {done.returncode}: {(done.stdout + done.stderr)[-3000:]}"

    run(first)
    chosen = sample(single_changes(checkout), size)
    called = json.loads((checkout / "mutants/mutmut-stats.json").read_text())["tests_by_mangled_function_name"]
    reached = [mutant.name for mutant in chosen if mutant.name.partition("__mutmut_")[0] in called]
    run(*reached)
    codes: dict[str, int] = {}
    for path in checkout.glob("mutants/spark_jobs/**/*.meta"):
        codes |= json.loads(path.read_text())["exit_code_by_key"]
    return {mutant: codes[mutant.name] if mutant.name in reached else UNREACHED for mutant in chosen}


def survivors(codes: dict[Mutant, int]) -> list[str]:
    return sorted(mutant.text for mutant, code in codes.items() if code in (LIVED, UNREACHED))


def known(path: Path) -> dict[str, str]:
    """Text of each known survivor → why it may live: the comment above it."""
    found: dict[str, str] = {}
    reason = ""
    for is_comment, lines in groupby(path.read_text().splitlines(), key=lambda line: line.startswith("#")):
        if is_comment:
            reason = " ".join(line.removeprefix("#").strip() for line in lines)
        else:
            found |= dict.fromkeys(filter(None, lines), reason)
    return found


@pytest.mark.soak
def test_no_more_single_changes_live_than_are_known(tmp_path: Path) -> None:
    rooms = ("contract", "dbt_project", "expectations", "exports", "operations", "publication", "simulator", "spark_jobs")
    for name in (*rooms, "static_site", "tests"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    codes = tried(tmp_path, "spark_jobs.ingest.files.x_entries__mutmut_1", SAMPLED)
    lived, excused = survivors(codes), known(KNOWN)
    print(f"\n{len(lived)} of {len(codes)} single changes live; beside the {len(excused)} known ones:")
    print(*(text for text in lived if text not in excused), sep="\n")
    print("Known, but dead or gone:", *(text for text in excused if text not in lived), sep="\n")
    assert len(codes) > 300
    assert len({mutant.text.split()[0] for mutant in codes}) == 19
    assert len(lived) <= len(excused)


@pytest.mark.soak
def test_a_rule_without_a_test_is_found(tmp_path: Path) -> None:
    """Twin: of two rules one is tested, the other only called; a third is not even that."""
    (tmp_path / "spark_jobs").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "spark_jobs/__init__.py").touch()
    (tmp_path / "spark_jobs/toy.py").write_text(
        "def held(x):\n    return x > 3\n\ndef called(x):\n    return x > 5\n\ndef unreached(x):\n    return x > 7\n"
    )
    (tmp_path / "tests/test_toy.py").write_text(
        "from spark_jobs import toy\n\ndef test():\n    assert toy.held(4) and not toy.held(3)\n    toy.called(9)\n"
    )
    (tmp_path / "pyproject.toml").write_text('[tool.mutmut]\nsource_paths = ["spark_jobs"]\n')
    assert survivors(tried(tmp_path, "spark_jobs.toy.x_held__mutmut_1", 9)) == [
        "toy called: return x > {5 -> 6}",
        "toy called: return x {> -> >=} 5",
        "toy unreached: return x > {7 -> 8}",
        "toy unreached: return x {> -> >=} 7",
    ]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("    if a > b:", "    if a >= b:", "if a {> -> >=} b:"),
        ("x = f(1,", "x = f(2,", "x = f({1 -> 2},"),
        ("return a and b", "return a or b", "return a {and -> or} b"),
        ("return 'a'", "return 'XXaXX'", None),
        ("x = f(a)", "x = None", None),
        ("x = f(a)", "x = f(None)", None),
        ("x = f(a, b)", "x = f(b)", None),
        ("x = f(1, b)", "x = f(None, b)", None),
        ("zip(a, b, strict=True)", "zip(a, b, strict=False)", None),
        ("x = a", "x = a", None),
    ],
)
def test_a_single_change_is_one_token(before: str, after: str, found: str | None) -> None:
    assert change([before, "same"], [after, "same"]) == found


def test_a_sample_is_that_of_the_changes_alone() -> None:
    mutants = [Mutant(str(number), f"module function: {number}") for number in range(50)]
    chosen = sample(iter(mutants), 10)
    assert len(chosen) == 10
    assert sample(reversed(mutants), 10) == chosen
    others = [Mutant(str(number), f"other function: {number}") for number in range(5)]
    assert sorted(sample(iter([*others, *mutants]), 10)) == sorted([*chosen, *others])


def test_every_known_survivor_has_a_reason() -> None:
    excused = known(KNOWN)
    assert len(excused) > 20
    assert all(excused.values())
    assert all(" -> " in text for text in excused)
    assert len(excused) == sum(1 for line in KNOWN.read_text().splitlines() if line and not line.startswith("#"))
