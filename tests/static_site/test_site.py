"""The site as files: versions, one file a page, nothing from outside, names of others."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from contract.settings import Settings
from contract.tables import marts
from publication.publish import roll_back
from publication.versions import PublicationError
from static_site.__main__ import main
from static_site.published_day import label, open_day
from static_site.render import in_script
from static_site.write import make_pages, write
from tests.small_warehouse import AS_OF, published
from tests.static_site.reading import Read, read

NAMES = {"index", "platform", "merchants", "regions", "groups", "spread", "live", "ingest"}
HOSTILE = "</script><script>alert(1)</script>"
LESS = "<!--\u2028\"'&\u202e"
# Two merchants and a live stream by other people's names.
NAMED = (
    f"update marts.merchants set name = '{HOSTILE}' where merchant_id = 'm-1'",
    "update marts.merchants set name = '" + LESS.replace("'", "''") + "' where merchant_id = 'm-2'",
    f"update marts.live_sessions set title = '{HOSTILE}'",
    f"update marts.unreadable_files set error = '{HOSTILE}'",
    f"update marts.claim_checks set claim = '{HOSTILE}'",
    "update marts.per_fan_revenue set avg_fans = 30",
)


def current(settings: Settings) -> Path:
    return settings.site / "current"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The pages of the small warehouse with names that attack them."""
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("site"))})
    published(settings, *NAMED)
    write(settings, AS_OF)
    return {Path(name).stem: content for name, content in contents(current(settings)).items()}


@pytest.fixture(scope="module")
def found(pages: dict[str, bytes]) -> dict[str, Read]:
    return {name: read(content) for name, content in pages.items()}


def test_there_is_a_page_of_each_kind_below_five_megabytes(pages: dict[str, bytes]) -> None:
    assert pages.keys() == NAMES
    assert max(map(len, pages.values())) < 1_500_000
    assert len(pages["index"]) < 20_000  # no chart, no library


def test_a_page_says_of_what_it_is(found: dict[str, Read]) -> None:
    for page in found.values():
        assert "Figures up to 2026-03-20 · money in CNY · business days of Asia/Shanghai · version v000001" in page.text
        links = {attributes["href"] for tag, attributes in page.elements if tag == "a"}
        assert {f"{name}.html" for name in NAMES} == links


def from_outside(page: Read) -> list[str]:
    """What a page would fetch."""
    attributes = ("src", "srcset", "href", "action", "data", "poster", "background", "style")
    values = [f"{tag} {name}={value}" for tag, given in page.elements for name, value in given.items() if name in attributes]
    fetched = [value for value in values if not re.fullmatch(r"a href=[a-z]+\.html", value)]
    return [*fetched, *re.findall(r"@import|url\([^)]*\)", " ".join(page.styles))]


def test_nothing_comes_from_outside(found: dict[str, Read]) -> None:
    assert {name: from_outside(page) for name, page in found.items() if from_outside(page)} == {}
    assert {tag for page in found.values() for tag, _ in page.elements} & {"link", "img", "iframe", "object", "base"} == set()


def test_what_comes_from_outside_is_seen() -> None:
    page = b'<style>@import "x"; a { background: url(http://x) }</style><img src="//x"><a href="https://x">x</a>'
    assert len(from_outside(read(page))) == 4


def test_the_policy_admits_the_scripts_of_the_page_and_no_others(found: dict[str, Read]) -> None:
    for name, page in found.items():
        [policy] = [
            attributes["content"] or ""
            for tag, attributes in page.elements
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src ")
        hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in page.programs]
        assert len(hashes) == (0 if name == "index" else 2)
        assert policy.partition("script-src ")[2] == (" ".join(hashes) or "'none'")


def test_a_name_that_attacks_is_a_text(found: dict[str, Read], pages: dict[str, bytes]) -> None:
    for name, page in found.items():
        assert {json.dumps(attributes.get("class")) for attributes, _ in page.scripts} <= {"null", '"chart-data"'}, name
        assert b"alert(1)</script>" not in pages[name]
        assert not any("\u2028" in text for _, text in page.scripts)
    options = found["platform"].charts["Revenue by week"]["labels"]["merchant"]
    assert options[1][1] == label(HOSTILE, "m-1") == "</script><script>alert(1)</…  · m-1".replace("  ", " ")
    assert options[2][1] == "<!--\u2028\"'& · m-2"
    assert found["live"].rows("The streams that brought most")[0]["stream"].startswith("</script>")
    assert "</script><script>alert(1)</script>" in found["ingest"].text
    assert "</script><script>alert(1)</script>" in found["platform"].text


def test_every_character_survives_the_way_into_a_script() -> None:
    text = "".join(map(chr, range(0x20, 0x3000))) + "</script><!--<script>🎉"
    written = in_script([text])
    assert json.loads(written) == [text]
    assert not re.search("[<>&\u2028\u2029]", written)


def plain(value: Any) -> Any:
    return json.loads(in_script(value))


def test_the_pages_hold_the_rows_that_were_queried(settings: Settings) -> None:
    published(settings)
    report = write(settings, AS_OF)
    with open_day(settings, AS_OF) as day:
        made = make_pages(day)
    checked = 0
    for page in made:
        shown = read((current(settings) / f"{page.name}.html").read_bytes())
        for section in page.sections:
            assert section.title in shown.text
            if section.chart is not None and section.rows:
                assert shown.rows(section.title) == plain(section.rows)
                checked += 1
    assert checked > 10
    assert report["rows"] == sum(len(section.rows) for page in made for section in page.sections)


def test_a_page_without_rows_says_so(settings: Settings) -> None:
    published(settings, *(f"delete from marts.{table.name}" for table in marts()))
    write(settings, AS_OF)
    found = {path.stem: read(path.read_bytes()) for path in current(settings).iterdir()}
    assert found.keys() == NAMES
    assert {name for name, page in found.items() if page.programs} == set()
    assert found["regions"].text.count("No region has 30 closed teams.") == 2


def draw(chart: dict[str, Any], **chosen: object) -> str:
    """A chart as Vega draws it, with something chosen."""
    spec = chart["spec"] | {
        "datasets": {"rows": [dict(zip(chart["data"], row, strict=True)) for row in zip(*chart["data"].values(), strict=True)]}
    }
    for parameter in spec["params"]:
        parameter.pop("bind", None)
        parameter["value"] = chosen.get(parameter["name"], parameter["value"])
    spec["width"] = 600
    return str(vl_convert.vegalite_to_svg(spec))


def test_every_chart_is_drawn_and_follows_the_choice(found: dict[str, Read]) -> None:
    charts = {title: chart for page in found.values() for title, chart in page.charts.items()}
    assert len(charts) > 10
    drawn = {title: draw(json.loads(json.dumps(chart))) for title, chart in charts.items()}
    assert [title for title, svg in drawn.items() if "mark-" not in svg] == []
    weekly = charts["Revenue by week"]
    assert "12.5" in drawn["Revenue by week"]  # the tooltip of m-2's week is the label of its bar
    assert "12.5" not in draw(json.loads(json.dumps(weekly)), merchant=1)


def test_a_choice_stands_once_above_the_charts(found: dict[str, Read]) -> None:
    for name in NAMES - {"index"}:
        bound = [
            parameter["bind"]["element"]
            for chart in found[name].charts.values()
            for parameter in chart["spec"]["params"]
            if "bind" in parameter
        ]
        places = [
            f"#{attributes['id']}"
            for _, attributes in found[name].elements
            if (attributes.get("id") or "").startswith("choice-")
        ]
        assert len({*bound}) == len(bound), name
        assert {*bound} <= {*places}, name


def test_the_same_version_is_the_same_bytes_and_replaces_nothing(settings: Settings, tmp_path: Path) -> None:
    published(settings, *NAMED)
    assert write(settings, AS_OF)["is_new"]
    before = {path: path.stat().st_mtime_ns for path in current(settings).iterdir()}
    report = write(settings, AS_OF)
    assert not report["is_new"]
    assert {path: path.stat().st_mtime_ns for path in current(settings).iterdir()} == before
    elsewhere = Settings.from_environment({"FANOUT_HOME": str(tmp_path / "elsewhere")})
    published(elsewhere, *NAMED)
    write(elsewhere, AS_OF)
    assert contents(current(elsewhere)) == contents(current(settings))


def test_versions_follow_those_that_are_published(settings: Settings) -> None:
    published(settings)
    write(settings, AS_OF)
    published(settings, "update marts.merchants set name = 'other'")
    assert write(settings, AS_OF)["version"] == "v000002"
    assert b"other \xc2\xb7 m-1" in (current(settings) / "platform.html").read_bytes()
    roll_back(settings, AS_OF, None)
    report = write(settings, AS_OF)
    assert (report["version"], report["is_new"]) == ("v000001", False)
    assert current(settings).resolve() == settings.site / "2026-03-20" / "v000001"


def test_pages_of_another_release_are_replaced_and_leftovers_removed(settings: Settings) -> None:
    published(settings)
    write(settings, AS_OF)
    folder = current(settings).resolve()
    right = contents(folder)
    (folder / "index.html").chmod(0o644)
    (folder / "index.html").write_text("of another release")
    killed = folder.parent / ".building"
    killed.mkdir()
    (killed / "index.html").touch()
    assert write(settings, AS_OF)["is_new"]
    assert contents(folder) == right
    assert sorted(path.name for path in folder.parent.iterdir()) == ["current", "v000001"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}


def test_marts_of_another_release_are_refused(settings: Settings) -> None:
    published(settings, "alter table marts.live_sessions drop column peak_viewers")
    with pytest.raises(
        PublicationError, match=r"has not the marts that the site reads .*peak_viewers.* build and publish 2026-03-20"
    ):
        write(settings, AS_OF)
    assert not current(settings).exists()


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def run(*arguments: str) -> int:
        monkeypatch.setenv("FANOUT_HOME", str(settings.home))
        monkeypatch.setattr(sys, "argv", ["static_site", *arguments])
        return main()

    return run


def test_the_command_reports(settings: Settings, command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert command() == 1
    assert "nothing is published in" in capsys.readouterr().err
    assert command("--as-of", "2026-03-20") == 1
    assert "run: python -m publication --as-of 2026-03-20" in capsys.readouterr().err
    assert command("--as-of", "20.3.2026") == 2
    published(settings)
    assert command() == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["step"], report["pages"], report["is_newest_day"]) == ("site", 8, True)
    assert Path(report["site"]).read_bytes().startswith(b"<!doctype html>")
