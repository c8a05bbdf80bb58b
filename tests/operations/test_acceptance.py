"""Which acceptance tests run after a change: never fewer than it can break; all of them where that is not known."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.settings import CHECKOUT
from operations import acceptance
from operations.acceptance import (
    ACCEPTED,
    ALWAYS,
    EVERYTHING,
    NOTHING,
    TESTS,
    accepted,
    changed_since,
    main,
    renew,
    select,
    unregistered,
)

ROOMS = {room for rooms in TESTS.values() for room in rooms}
KILLS = "tests/end_to_end/test_kills.py"
PIECES = "tests/end_to_end/test_pieces.py"
OF_EXPORTS = {
    f"tests/exports/{name}.py"
    for name in (
        "delivery/test_delivery",
        "packs/test_csv_text",
        "pages/test_workbook",
        "returns/test_returns",
        "test_commands",
    )
}


def git(checkout: Path, *arguments: str) -> str:
    own = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *own, *arguments], cwd=checkout, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(checkout: Path, name: str, content: str = "x") -> str:
    path = checkout / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message", name)
    return git(checkout, "rev-parse", "HEAD")


def accept(checkout: Path, text: str) -> None:
    (checkout / ACCEPTED).parent.mkdir(exist_ok=True)
    (checkout / ACCEPTED).write_text(text)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository of one commit."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "exports/pages/words.py")
    return folder


def test_exports_choose_their_own_tests_and_not_the_kills_of_the_ingest() -> None:
    chosen = select(["exports/pages/words.py"])
    assert chosen.keys() >= OF_EXPORTS | {ALWAYS}
    assert chosen["tests/exports/delivery/test_delivery.py"] == ["exports/pages/words.py"]
    assert not {KILLS, PIECES} & chosen.keys()


def test_the_ingest_chooses_its_kills_and_not_the_deliveries() -> None:
    chosen = select(["spark_jobs/ingest/job.py"])
    assert chosen.keys() >= {KILLS, PIECES, ALWAYS}
    assert not OF_EXPORTS & chosen.keys()


@pytest.mark.parametrize(
    "path",
    [
        *EVERYTHING,
        ".ci/run",
        "tests/conftest.py",
        "tests/small_warehouse.yml",
        "a_room_that_nobody_placed/module.py",
        "a_file_that_nobody_placed",
    ],
)
def test_what_every_test_stands_on_and_what_nobody_placed_choose_all(path: str) -> None:
    assert select([path]).keys() == TESTS.keys()


@pytest.mark.parametrize("path", [*NOTHING, "docs/exports.md", "benchmarks/ingest.py", "tests/exports/pages/test_words.py"])
def test_what_no_acceptance_test_reads_chooses_the_chain_alone(path: str) -> None:
    assert select([path]) == {ALWAYS: []}


def test_a_test_file_chooses_itself_and_its_neighbour_the_folder() -> None:
    assert select([KILLS]).keys() == {KILLS, ALWAYS}
    assert select(["tests/exports/delivery/servers.py"]).keys() == OF_EXPORTS | {ALWAYS}
    assert select(["tests/end_to_end/conftest.py"]).keys() == {test for test in TESTS if test.startswith("tests/end_to_end/")}
    assert select(["tests/spark_jobs/frames.py"]).keys() == {"tests/spark_jobs/engine/test_cluster.py", ALWAYS}
    assert select(["tests/contract/helper.py"]).keys() == {"tests/contract/test_object_store.py", ALWAYS}
    assert select(["tests/publication/kill_everywhere.py"]).keys() == {ALWAYS}
    # One page is run by a test; a change of the others chooses nothing.
    assert select(["docs/deployment.md"]).keys() == {"tests/docker/test_deployment.py", ALWAYS}


def test_the_table_has_every_acceptance_test_and_no_other() -> None:
    assert unregistered(CHECKOUT) == []
    marked = {str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / "tests").rglob("*.py") if acceptance._is_marked(path)}
    assert marked == TESTS.keys()


@pytest.mark.parametrize(
    "line",
    ["pytestmark = pytest.mark.acceptance", "@pytest.mark.acceptance\ndef test(): ...", 'K = [("a", pytest.mark.acceptance)]'],
)
def test_an_acceptance_test_that_nobody_registered_is_refused(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tests" / "exports"
    folder.mkdir(parents=True)
    (folder / "test_words.py").write_text("import pytest\n# pytest.mark.acceptance\n")
    (folder / "test_new.py").write_text(f"import pytest\n{line}\n")
    assert unregistered(tmp_path) == ["tests/exports/test_new.py"]
    monkeypatch.setattr(acceptance, "CHECKOUT", tmp_path)
    assert main([]) == 2
    assert "tests/exports/test_new.py has acceptance tests; name the rooms" in capsys.readouterr().err


def test_everything_at_the_top_is_placed() -> None:
    there = {name.partition("/")[0] for name in git(CHECKOUT, "ls-files").splitlines()}
    placed = (
        {room.partition("/")[0] for room in ROOMS} | {"tests"} | {path.partition("/")[0] for path in (*EVERYTHING, *NOTHING)}
    )
    assert len(there) > 15
    assert there == placed
    assert [path for path in (*EVERYTHING, *NOTHING, *TESTS, *ROOMS) if not (CHECKOUT / path).exists()] == []


def imported(path: Path, checkout: Path) -> Iterator[str]:
    """Modules that a file imports; of a test also those that it names in a text, as tests name what they start."""
    is_test = path.is_relative_to(checkout / "tests")
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module)):
                yield module
                yield from (f"{module}.{name.name}" for name in node.names)
            case ast.Constant(value=str(text)) if is_test and (command := re.match(r"[a-z_]+(\.[a-z_]+)*(?= |$)", text)):
                yield command[0]


def rooms_behind(test: Path, checkout: Path) -> set[str]:
    """Rooms that a test comes to by imports, through helpers below tests/ and through other rooms."""
    rooms: set[str] = set()
    seen, found = set(), [test, test.with_name("conftest.py")]
    while found:
        path = found.pop()
        if path in seen or not path.exists():
            continue
        seen.add(path)
        for module in imported(path, checkout):
            top, *below = module.split(".")
            if top == "tests":
                found.append(checkout.joinpath(top, *below).with_suffix(".py"))
            elif top not in rooms and (checkout / top / "__init__.py").exists():
                rooms.add(top)
                found += (checkout / top).rglob("*.py")
    return rooms


@pytest.mark.parametrize("test", [test for test in TESTS if test != ALWAYS])
def test_a_test_names_every_room_that_it_comes_to(test: str) -> None:
    behind = rooms_behind(CHECKOUT / test, CHECKOUT)
    assert behind
    assert behind - {*TESTS[test], *EVERYTHING} == set()


def test_a_room_that_a_test_comes_to_is_found_through_helpers_rooms_and_commands(tmp_path: Path) -> None:
    files = {
        "tests/exports/test_new.py": 'from tests.exports import helper\nrun("publication --as-of x")',
        "tests/exports/helper.py": "from exports.write_packs import export",
        "exports/write_packs.py": "import contract.settings",
        "contract/settings.py": 'import os\nsimulator = "simulator"',
        "publication/publish.py": "",
        "simulator/world.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).with_name("__init__.py").touch()
        (tmp_path / name).write_text(text)
    found = rooms_behind(tmp_path / "tests/exports/test_new.py", tmp_path)
    assert found == {"exports", "contract", "publication"}


def test_helpers_of_another_folder_are_not_imported() -> None:
    """They would be changed without choosing the test."""
    imports = {
        (test, module) for test in TESTS for module in imported(CHECKOUT / test, CHECKOUT) if module.startswith("tests.")
    }
    assert len(imports) > 10
    for test, module in imports:
        folder = ".".join(Path(test).parts[:2])
        assert module.startswith(f"{folder}.") or (CHECKOUT / "tests" / f"{module.split('.')[1]}.py").exists(), (test, module)


def test_what_changed_since_a_commit(checkout: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    accept(checkout, f"{first}\n")
    assert accepted(checkout) == first
    commit(checkout, "dags/tasks.py")
    git(checkout, "mv", "exports/pages/words.py", "exports/pages/names.py")
    (checkout / "dags" / "tasks.py").write_text("changed")
    (checkout / "名").write_text("new")
    assert changed_since(first, checkout) == [
        ACCEPTED,
        "dags/tasks.py",
        "exports/pages/names.py",
        "exports/pages/words.py",
        "名",
    ]


@pytest.mark.parametrize("fault", ["no file", "no commit", "unknown", "another branch", "shallow", "no repository"])
def test_where_the_accepted_commit_is_not_in_the_history_all_are_run(
    fault: str, checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    accept(checkout, {"no commit": "--all", "unknown": "0" * 40}.get(fault, first))
    if fault == "no file":
        (checkout / ACCEPTED).unlink()
    elif fault == "another branch":
        git(checkout, "switch", "--quiet", "--create", "other")
        accept(checkout, commit(checkout, "dags/tasks.py"))
        git(checkout, "switch", "--quiet", "--force", "main")
        accept(checkout, git(checkout, "rev-parse", "other"))
    elif fault == "shallow":
        commit(checkout, "dags/tasks.py")
        git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{checkout}", "clone")
        checkout = tmp_path / "clone"
    elif fault == "no repository":
        (checkout / ".git").rename(tmp_path / "away")
    assert accepted(checkout) is None
    assert acceptance._choose(checkout) == list(TESTS)
    assert "names no commit of this history" in capsys.readouterr().out


def test_the_choice_is_told_with_its_reason(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accept(checkout, git(checkout, "rev-parse", "HEAD"))
    commit(checkout, "exports/pages/words.py", "y")
    commit(checkout, "exports/pages/zh.toml")
    chosen = acceptance._choose(checkout)
    assert set(chosen) == select(["exports/pages/words.py"]).keys()
    told = capsys.readouterr().out
    assert f"acceptance: {len(chosen)} of {len(TESTS)} test files, for 3 files changed since " in told
    assert "  tests/exports/delivery/test_delivery.py: exports/pages/words.py and 1 more\n" in told
    assert f"  {KILLS}: not run" in told


@pytest.fixture
def run(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Arguments that pytest was given; nothing is run, and all passed."""
    calls: list[list[str]] = []
    (checkout / ".ci").mkdir()
    commit(checkout, ".gitignore", "/build/\n")
    report(checkout, "")

    def pretend(arguments: list[str]) -> int:
        calls.append(arguments)
        return 0

    monkeypatch.setattr(acceptance, "CHECKOUT", checkout)
    monkeypatch.setattr(pytest, "main", pretend)
    return calls


def report(checkout: Path, body: str) -> None:
    (checkout / "build").mkdir(exist_ok=True)
    (checkout / "build" / "acceptance.xml").write_text(f'<testsuite><testcase name="test_a">{body}</testcase></testsuite>')


def test_all_of_them_renew_the_accepted_commit(checkout: Path, run: list[list[str]]) -> None:
    assert main(["--all"]) == 0
    [arguments] = run
    assert [argument for argument in arguments if argument.startswith("tests/")] == list(TESTS)
    assert (checkout / ACCEPTED).read_text() == git(checkout, "rev-parse", "HEAD") + "\n"
    assert main(["--all"]) == 0, "the renewed file itself is no change to commit first"


@pytest.mark.parametrize("fault", ["failed", "skipped", "changed meanwhile", "committed meanwhile"])
def test_a_run_that_proves_less_renews_nothing(
    fault: str, checkout: Path, run: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accept(checkout, "old")
    commit(checkout, "README.md")

    def pretend(arguments: list[str]) -> int:
        if fault == "skipped":
            report(checkout, '<skipped message="../shared/data is missing"/>')
        elif fault == "changed meanwhile":
            (checkout / "README.md").write_text("y")
        elif fault == "committed meanwhile":
            commit(checkout, "README.md", "y")
        return 1 if fault == "failed" else 0

    monkeypatch.setattr(pytest, "main", pretend)
    assert main(["--all"]) == 1
    assert (checkout / ACCEPTED).read_text() == "old"
    assert ("is not renewed" in capsys.readouterr().err) == (fault != "failed")


def test_all_of_them_take_no_arguments_and_a_commit(
    checkout: Path, run: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--all", "-k", "chain"]) == 2
    assert "takes no ARGS: --all -k chain" in capsys.readouterr().err
    (checkout / "README.md").write_text("new")
    assert main(["--all"]) == 2
    assert "commit first: ?? README.md" in capsys.readouterr().err
    assert run == []


def test_named_tests_are_run_instead_of_the_choice(run: list[list[str]]) -> None:
    assert main(["tests/exports", "-x"]) == 0
    [arguments] = run
    assert arguments[-2:] == ["tests/exports", "-x"]
    assert not TESTS.keys() & {*arguments}


def test_the_renewed_commit_is_that_of_the_run(checkout: Path, run: list[list[str]]) -> None:
    assert renew(checkout, "0" * 40, checkout / "build" / "acceptance.xml") == 1
    assert not (checkout / ACCEPTED).exists()
