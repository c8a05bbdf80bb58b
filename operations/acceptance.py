"""Selects the acceptance tests that a change can break, and runs them.

    python -m operations.acceptance [pytest's arguments]     # what `make acceptance` does
    python -m operations.acceptance --all                    # all of them; `.ci/accepted` is renewed when all passed

`.ci/accepted` names the commit at which everything last passed. What has changed since then, committed or not, selects tests by
`TESTS`. If pytest's arguments name tests, those are run instead.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

import pytest

from contract.settings import CHECKOUT

ACCEPTED = ".ci/accepted"
REPORT = "build/acceptance.xml"
ALWAYS = "tests/end_to_end/test_chain.py"

_TO_MARTS = ("dbt_project", "expectations", "publication", "spark_jobs")

# Test file → the rooms, or single files, whose change can break it. Its own folder below tests/ belongs to each without being
# named.
TESTS: dict[str, tuple[str, ...]] = {
    "tests/contract/test_object_store.py": _TO_MARTS,
    "tests/dags/test_postgres.py": (
        *_TO_MARTS,
        "benchmarks",
        "dags",
        "dashboards",
        "exports",
        "maintenance",
        "operations",
        "static_site",
    ),
    "tests/dashboards/test_superset.py": (*_TO_MARTS, "dags", "dashboards", "docker", "exports", "operations"),
    "tests/dbt_project/test_build.py": ("dbt_project", "expectations"),
    "tests/dbt_project/test_metricflow.py": (*_TO_MARTS, "exports"),
    "tests/dbt_project/test_spark_sql.py": (
        *_TO_MARTS,
        "benchmarks",
        "dags",
        "dashboards",
        "exports",
        "maintenance",
        "operations",
        "static_site",
    ),
    "tests/docker/test_deployment.py": (
        *_TO_MARTS,
        "dags",
        "dashboards",
        "docker",
        "docs/deployment.md",
        "exports",
        "operations",
    ),
    "tests/end_to_end/test_absurd_lines.py": (*_TO_MARTS, "exports"),
    ALWAYS: (*_TO_MARTS, "dags", "exports", "operations", "static_site"),
    "tests/end_to_end/test_kills.py": _TO_MARTS,
    "tests/end_to_end/test_landings.py": (*_TO_MARTS, "exports"),
    "tests/end_to_end/test_other_names.py": _TO_MARTS,
    "tests/end_to_end/test_pieces.py": ("expectations", "spark_jobs"),
    "tests/end_to_end/test_real_data.py": (*_TO_MARTS, "dags", "dashboards", "exports", "operations", "static_site"),
    "tests/exports/delivery/test_delivery.py": ("dbt_project", "expectations", "exports", "publication"),
    "tests/exports/packs/test_csv_text.py": ("dbt_project", "expectations", "exports", "publication"),
    "tests/exports/pages/test_workbook.py": ("dbt_project", "expectations", "exports", "publication"),
    "tests/exports/returns/test_returns.py": ("dbt_project", "expectations", "exports", "publication"),
    "tests/exports/test_commands.py": ("dbt_project", "expectations", "exports", "publication"),
    "tests/maintenance/test_kills.py": (*_TO_MARTS, "dags", "dashboards", "exports", "maintenance", "operations"),
    "tests/simulator/test_landing.py": ("expectations", "simulator", "spark_jobs"),
    "tests/spark_jobs/engine/test_cluster.py": ("expectations", "spark_jobs"),
    "tests/static_site/test_browser.py": ("dbt_project", "expectations", "exports", "publication", "static_site"),
}

# What every test depends on, in a room or beside the rooms. Files that nobody has placed count as this, too.
EVERYTHING = (
    ".ci",
    "Makefile",
    "contract",
    "lineage",
    "operations/setup.py",
    "pyproject.toml",
    "requirements.lock",
)

# What no acceptance test reads; lint, `make test` and `make soak` (the image) check it.
NOTHING = (
    ACCEPTED,
    ".dockerignore",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".sqlfluff",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "DECISIONS.md",
    "LICENSE",
    "README.md",
    "benchmarks",
    "docker/build.sh",
    "docs",
)


def tests_of(path: str) -> Collection[str]:
    """Acceptance test files that a change of this file can break."""
    top, *below = PurePosixPath(path).parts
    if path in TESTS:
        return (path,)
    if below and (named := [test for test, places in TESTS.items() if path in places]):
        return named
    if _lies_in(path, NOTHING) or (top == "tests" and below[-1].startswith("test_")):
        return ()
    if top == "tests" and len(below) > 1:
        return [test for test in TESTS if test.startswith(f"tests/{below[0]}/")]
    of_room = [test for test, rooms in TESTS.items() if top in rooms]
    return TESTS if _lies_in(path, EVERYTHING) or not of_room else of_room


def select(changed: Iterable[str]) -> dict[str, list[str]]:
    """Test files to run, each with the changed files that chose it."""
    chosen: dict[str, list[str]] = {test: [] for test in TESTS}
    for path in changed:
        for test in tests_of(path):
            chosen[test].append(path)
    return {test: paths for test, paths in chosen.items() if paths or test == ALWAYS}


def accepted(checkout: Path) -> str | None:
    """The commit at which everything last passed, if HEAD descends from it."""
    file = checkout / ACCEPTED
    commit = file.read_text().strip() if file.exists() else ""
    if not re.fullmatch("[0-9a-f]{40}", commit):
        return None
    try:
        is_ancestor = _git(checkout, "merge-base", "--is-ancestor", commit, "HEAD").returncode == 0
    except FileNotFoundError:  # no git
        return None
    return commit if is_ancestor else None


def changed_since(commit: str, checkout: Path) -> list[str]:
    """Files that differ from the commit, committed or not; a moved file counts under both names."""
    differing = _git(checkout, "diff", "--name-only", "--no-renames", "-z", commit, check=True).stdout
    new = _git(checkout, "ls-files", "--others", "--exclude-standard", "-z", check=True).stdout
    return sorted(filter(None, (differing + new).split("\0")))


def unregistered(checkout: Path) -> list[str]:
    """Files with acceptance tests that are missing in `TESTS`."""
    files = (str(path.relative_to(checkout)) for path in sorted((checkout / "tests").rglob("*.py")) if _is_marked(path))
    return [file for file in files if file not in TESTS]


def _is_marked(path: Path) -> bool:
    nodes = ast.walk(ast.parse(path.read_text()))
    marks = (node for node in nodes if isinstance(node, ast.Attribute) and node.attr == "acceptance")
    return any(ast.unparse(mark) == "pytest.mark.acceptance" for mark in marks)


def _lies_in(path: str, places: Iterable[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _git(checkout: Path, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=checkout, capture_output=True, text=True, check=check)


def _choose(checkout: Path) -> list[str]:
    """Test files to run for what has changed; prints which and why."""
    commit = accepted(checkout)
    if commit is None:
        print(f"acceptance: all {len(TESTS)} test files, since {ACCEPTED} names no commit of this history")
        return list(TESTS)
    changed = changed_since(commit, checkout)
    chosen = select(changed)
    print(f"acceptance: {len(chosen)} of {len(TESTS)} test files, for {len(changed)} files changed since {commit[:12]}")
    for test in TESTS:
        paths = chosen.get(test, [])
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        why = f"{paths[0]}{more}" if paths else "always" if test == ALWAYS else "not run, nothing that it depends on"
        print(f"  {test}: {why}")
    return list(chosen)


def _uncommitted(checkout: Path) -> list[str]:
    return _git(checkout, "status", "--porcelain", "--", ".", f":!{ACCEPTED}", check=True).stdout.splitlines()


def _run(tests: Iterable[str], arguments: Iterable[str] = ()) -> int:
    sys.stdout.flush()
    shared = ("--numprocesses=2", "--dist=loadfile")  # they wait for servers half of the time
    return int(pytest.main(["-m", "acceptance and not soak", f"--junit-xml={REPORT}", *shared, *tests, *arguments]))


def renew(checkout: Path, tested: str, report: Path) -> int:
    """Write the tested commit to `.ci/accepted`, if the checkout is still at it and no test of the report was skipped."""
    tests = ET.parse(report).iter("testcase")
    faults = [f"skipped: {test.get('name')}: {skip.get('message')}" for test in tests for skip in test.iter("skipped")]
    faults += [f"changed meanwhile: {line}" for line in _uncommitted(checkout)]
    if _head(checkout) != tested:
        faults.append(f"HEAD is no longer {tested}")
    for fault in faults:
        print(f"{ACCEPTED} is not renewed: {fault}", file=sys.stderr)
    if faults:
        return 1
    (checkout / ACCEPTED).write_text(f"{tested}\n")
    print(f"{ACCEPTED} names {tested} now: commit it")
    return 0


def _head(checkout: Path) -> str:
    return _git(checkout, "rev-parse", "HEAD", check=True).stdout.strip()


def main(arguments: list[str]) -> int:
    """Exit status of pytest; 2 if it is refused to run a test at all."""
    if unknown := unregistered(CHECKOUT):
        for test in unknown:
            print(f"refused: {test} has acceptance tests; name the rooms it depends on in TESTS of {__file__}", file=sys.stderr)
        return 2
    if "--all" not in arguments:
        named = any(argument.startswith("tests/") for argument in arguments)
        return _run(() if named else _choose(CHECKOUT), arguments)
    if arguments != ["--all"]:
        print(f"refused: ALL=1 runs everything and takes no ARGS: {' '.join(arguments)}", file=sys.stderr)
        return 2
    if changes := _uncommitted(CHECKOUT):
        print(f"refused: {ACCEPTED} is to name a commit, so commit first: {', '.join(changes)}", file=sys.stderr)
        return 2
    tested = _head(CHECKOUT)
    return _run(TESTS) or renew(CHECKOUT, tested, CHECKOUT / REPORT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
