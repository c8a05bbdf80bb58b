"""What the pages say and draw: pictures worth looking at, lists in the order they show, parts that add up, words, phones."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from contract.settings import Settings
from exports.pages.figures import LEAST_PASSED_ON
from exports.pages.report import LONGEST_TABLE

Export = Callable[..., Path]


def text_of(path: Path) -> str:
    page = re.sub(r"<style>.*?</style>|<head>.*?</head>", " ", path.read_text(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"</?span[^>]*>", "", page)).replace("<", " <"))


def plain(path: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text_of(path)))


def star(merchant: str, root: str, passed_on: int, day: str) -> list[str]:
    """A share of u-1 that led to so many others of u-2."""
    shares = passed_on + 1
    return [
        f"""insert into marts.cascades by name select '{merchant}' as merchant_id, '{root}' as root_share_id,
            'u-1' as root_user_id, timestamp '{day}' as started_at, {shares} as shares, 2 as sharers, 1 as depth, 0 as orders,
            0 as revenue""",
        f"""insert into marts.cascade_layers by name select '{merchant}' as merchant_id, '{root}' as root_share_id, d as depth,
            if(d = 0, 1, {passed_on}) as shares, 1 as sharers, 0 as openers, 0 as orders, 0 as revenue from range(2) t(d)""",
        f"""insert into marts.cascade_nodes by name select '{merchant}' as merchant_id,
            '{root}' || if(i = 0, '', '/' || i) as share_id, if(i = 0, 'u-1', 'u-2') as user_id, 'group' as channel,
            timestamp '{day}' + interval (i) minute as shared_at, '{root}' as root_share_id,
            if(i = 0, null, '{root}') as parent_share_id, 'declared' as parent_status, if(i = 0, 0, 1) as depth,
            if(i = 0, {shares}, 1) as subtree_shares, 0 as subtree_orders, 0 as subtree_revenue
            from range({shares}) numbers(i)""",
    ]


WEEK, BEFORE = "2026-03-18", "2026-02-10"
PICTURE = r'<svg[^>]*aria-label="(The (?:week|largest)[^"]*)"'


@pytest.mark.parametrize(
    ("changes", "drawn"),
    [
        pytest.param(star("m-1", "t-1", LEAST_PASSED_ON, WEEK), ["The week's largest share tree"], id="a tree of the week"),
        pytest.param(
            star("m-1", "t-1", LEAST_PASSED_ON - 1, WEEK), ["The largest share trees of the last 90 days"], id="a map"
        ),
        pytest.param(
            star("m-1", "t-1", LEAST_PASSED_ON, BEFORE), ["The largest share trees of the last 90 days"], id="no week"
        ),
        pytest.param(star("m-1", "t-1", 2, WEEK), [], id="a few dots"),
        pytest.param([sql for i in range(9) for sql in star("m-1", f"t-{i}", 0, WEEK)], [], id="trees of one share"),
        pytest.param(["delete from marts.cascades where merchant_id = 'm-1'"], [], id="no share"),
    ],
)
def test_a_picture_is_drawn_where_there_is_something_to_see(exported: Export, changes: list[str], drawn: list[str]) -> None:
    folder = exported(*changes)
    for pack in ("merchants/m-1", "managers/amy"):
        page = folder / pack / "report.html"
        assert [unescape(title) for title in re.findall(PICTURE, page.read_text())] == drawn
        assert ("No share tree of the last 90 days is large enough for a picture." in plain(page)) == (not drawn)


def test_a_manager_sees_the_largest_tree_of_the_week_before_any_map(exported: Export) -> None:
    folder = exported(
        "update marts.merchants set account_manager = 'amy'",
        *star("m-1", "t-1", 50, BEFORE),
        *star("m-2", "t-2", LEAST_PASSED_ON, WEEK),
    )
    assert "m-2: 9 shares by 2 people in 2 layers; 0 orders, 0." in plain(folder / "managers" / "amy" / "report.html")


def test_a_manager_whose_largest_trees_are_of_one_size_sees_one(exported: Export) -> None:
    trees = [*star("m-1", "t-1", 9, WEEK), *star("m-2", "t-2", 9, WEEK)]
    page = exported("update marts.merchants set account_manager = 'amy'", *trees) / "managers" / "amy" / "report.html"
    assert plain(page).count("10 shares by 2 people") == 1
    assert len(re.findall(r"<circle (?![^>]*fill=\"none\")", page.read_text())) == 10


def test_a_map_counts_the_trees_that_it_shows(exported: Export) -> None:
    """m-1 has a tree of four shares and this one."""
    text = plain(exported(*star("m-1", "t-1", 9, BEFORE)) / "merchants" / "m-1" / "report.html")
    assert "14 shares in 3 layers; 2 orders, 30." in text
    assert "its largest share trees of the last 90 days, 2 in all" in text


def thanked(folder: Path) -> list[list[Any]]:
    """Fan and revenue led."""
    page = openpyxl.load_workbook(folder / "managers" / "amy" / "workbook.xlsx")["Spreaders to thank"]
    return [[row[2].value, row[4].value] for row in page.iter_rows(min_row=4) if row[2].value]


def fans(count: int) -> list[str]:
    """So many fans of m-1 whose shares others open, the most influential first, each with an order less than the next."""
    return [
        f"""insert into marts.fan_revenue by name select 'm-1' as merchant_id, 'v-' || i as user_id, 0 as direct_revenue,
            0 as orders, true as is_window_fan, true as is_fan_at_end, false as is_supporting_fan from range({count}) t(i)""",
        f"""insert into marts.spreaders by name select 'm-1' as merchant_id, 'v-' || i as user_id, 1 as shares, 5 as opens,
            5 as openers, i as revenue_led, 10 + i as influence_rank, false as is_connector from range({count}) t(i)""",
    ]


def test_spreaders_are_thanked_in_the_order_of_what_they_led(exported: Export) -> None:
    """Five at most; u-2 led 20, u-1 10 as v-10 did, with fewer openers; u-3, who led most, refused contact."""
    folder = exported(*fans(12), "update marts.spreaders set revenue_led = 900, openers = 9 where user_id = 'u-3'")
    expected = [["u-2", 20], ["v-11", 11], ["v-10", 10], ["u-1", 10], ["v-9", 9]]
    assert thanked(folder) == expected
    cells = re.findall(
        r"<tr><td>([uv]-\d+)</td><td>[^<]*</td><td class=\"n\">(\d+)</td>",
        text_of(folder / "merchants/m-1/report.html").replace(" <", "<"),
    )
    assert [[fan, int(led)] for fan, led in cells[:5]] == expected


def test_the_best_seller_is_thanked_though_nobody_opened_a_share_of_late(exported: Export) -> None:
    folder = exported(*fans(15), "update marts.spreaders set revenue_led = 500, opens = 0, openers = 0 where user_id = 'v-0'")
    assert thanked(folder)[0] == ["v-0", 500]


def test_each_step_of_the_funnel_is_among_the_one_before(exported: Export) -> None:
    """Of four fans u-1 and u-2 bought, u-1 three times; both are supporting fans."""
    change = "update marts.fan_revenue set is_supporting_fan = true where merchant_id = 'm-1' and user_id in ('u-1', 'u-2')"
    page = exported(change) / "merchants" / "m-1" / "report.html"
    funnel = re.search(r'aria-label="From fans to supporting fans">(.*?)</svg>', page.read_text(), re.S)
    assert funnel is not None
    numbers = re.findall(r"<text [^>]*>(\d+)</text>", funnel.group(1))
    assert numbers == ["4", "2", "1", "1"]
    assert "The merchant has 2 supporting fans in all" in plain(page)


def test_regions_show_how_every_team_ended(exported: Export, rows: Callable[[Path], list[dict[str, str]]]) -> None:
    """10 opened = 1 still open + 9 closed; 9 closed = 4 formed + 3 filled by the platform + 2 failed. The same of leaders."""
    counts = "opened = 10, open_at_as_of = 1, closed = 9, formed_organic = 4, formed_auto_filled = 3, failed = 2"
    folder = exported(
        f"update marts.merchant_team_regions set {counts} where merchant_id = 'm-1'",
        f"update marts.team_leaders set {counts} where user_id = 'u-1'",
    )
    cells = list(openpyxl.load_workbook(folder / "managers/amy/workbook.xlsx")["Regions"].iter_rows(values_only=True))
    shown = ["Zhejiang", 10, 1, 9, 4, 3, 2]
    assert list(cells[2][2:9]) == ["Region", "Opened", "Still open", "Closed", "Formed", "Auto-filled", "Failed"]
    assert list(cells[3][2:9]) == shown
    assert [row[2:9] for row in cells if row[2] == "u-1"] == [("u-1", "王**", 10, 1, 4, 3, 2)]
    assert "Zhejiang 10 1 9 4 3 2 67%" in plain(folder / "merchants" / "m-1" / "report.html")
    [region] = rows(folder / "managers" / "amy" / "csv" / "regions.csv")
    [leader] = rows(folder / "managers" / "amy" / "csv" / "leaders.csv")
    assert region["region"] == "CN-ZJ"
    assert (region["formed_auto_filled"], leader["formed_auto_filled"]) == ("3", "3")


def growth(change: str, users: str, per_fan: str) -> str:
    return f"""update marts.growth_split set is_complete = true, revenue_change = {change}, user_effect = {users},
        per_fan_effect = {per_fan} where merchant_id = 'm-1' and month = '2026-03'"""


@pytest.mark.parametrize(
    ("figures", "shown"),
    [
        pytest.param(("0.80", "0.40", "0.40"), ("+1", "+1", "0"), id="both round down, the whole up"),
        pytest.param(("-1.20", "-0.60", "-0.60"), ("-1", "0", "-1"), id="both round up, the whole down"),
        pytest.param(("-20.00", "7.14", "-27.14"), ("-20", "+7", "-27"), id="nothing to do"),
        pytest.param(("1000000", "2000000.60", "-1000000.60"), ("+1.00M", "+2.00M", "-1.00M"), id="millions"),
    ],
)
def test_the_parts_of_a_change_add_up_as_they_are_written(
    exported: Export, figures: tuple[str, str, str], shown: tuple[str, str, str]
) -> None:
    text = plain(exported(growth(*figures)) / "merchants" / "m-1" / "report.html")
    whole, users, per_fan = shown
    assert f"Change of revenue {whole} from the number of fans {users} from revenue per fan {per_fan} " in text


def test_a_change_without_parts_speaks_of_none(exported: Export) -> None:
    text = plain(exported(growth("-20.00", "null", "null")) / "merchants" / "m-1" / "report.html")
    assert "Net revenue in 2026-03 against the month before. Change of revenue -20 Where teams form" in text


def test_the_layers_of_a_map_add_up_to_its_revenue(exported: Export) -> None:
    """0.40, 0.40 and 0.40 are 1.20."""
    text = plain(exported("update marts.cascade_layers set revenue = 0.40") / "merchants" / "m-1" / "spread_map.html")
    assert "1 net revenue" in text
    assert [int(row.split()[-1]) for row in re.findall(r"(?<= )[012](?: \d+){5}(?= )", text)] == [1, 0, 0]


def test_a_table_that_is_cut_says_so(exported: Export) -> None:
    """One dying group is there already; more than ten a merchant are in no list."""
    many = [
        f"""insert into marts.merchants by name select 'w-' || i as merchant_id, 'w' as name, 'amy' as account_manager,
        timestamp '2026-02-01 00:00:00' as first_event_at from range({LONGEST_TABLE}) t(i)""",
        f"""insert into marts.group_activity by name select 'h-' || i as group_id, 'w-' || i as merchant_id, 'product' as kind,
        5 as members, 8 as silent_days, 0 as messages_7d, 4 as messages_prev_7d, 'dying' as state
        from range({LONGEST_TABLE}) t(i)""",
        f"""insert into marts.group_health by name select 'h-' || i as group_id, 'w-' || i as merchant_id
        from range({LONGEST_TABLE}) t(i)""",
    ]
    folder = exported(*many)
    assert f"The first {LONGEST_TABLE} of {LONGEST_TABLE + 1} rows." in plain(folder / "managers" / "amy" / "report.html")
    assert f"The first {LONGEST_TABLE}" not in plain(exported() / "managers" / "amy" / "report.html")


def test_chinese_pages_read_as_an_operator_writes(exported: Export, settings: Settings) -> None:
    week = [*star("m-1", "t-1", 9, WEEK), growth("123500", "9300", "114200")]
    revenue = "update marts.merchant_churn_flags set revenue_28d = 12345, revenue_prev_28d = 20000 where merchant_id = 'm-1'"
    folder = exported(*week, revenue, with_settings=replace(settings, language="zh"))
    report, spread = folder / "merchants" / "m-1" / "report.html", folder / "merchants" / "m-1" / "spread_map.html"
    text = plain(report)
    assert "数据日期：2026-03-20 · 金额单位：元" in text
    assert "1.23万元 近 28 天收入" in text
    assert "收入变化 +12.35万 粉丝数的贡献 +0.93万 单粉丝产值的贡献 +11.42万" in text
    assert "浙江 3 0 3 2 0 1 67% 21% 94% 24" in text
    assert "带动成交额" in text
    assert "传播树" in text
    for page in (report, spread, folder / "managers" / "amy" / "report.html"):
        assert not re.search(r"CN-ZJ|分享树|子树|[\d.][GMk]\b", plain(page))
    book = openpyxl.load_workbook(folder / "managers" / "amy" / "workbook.xlsx")
    assert [cell.value for cell in book["地区"]["C"]][3] == "浙江"
    assert [cell.value for cell in book["地区"][3]][10:12] == ["置信下限", "置信上限"]
    assert {"被打开次数", "带动成交额"} <= {cell.value for cell in book["商家"][3]}


def test_ids_and_days_do_not_break_and_tables_scroll_with_a_cue(exported: Export) -> None:
    """On a phone: every table but About is in a frame that scrolls and has a shadow where it goes on."""
    page = (exported(*star("m-1", "t-1", 9, WEEK)) / "managers" / "amy" / "report.html").read_text()
    tables = re.findall(r'(<div class="scroll" tabindex="0">)?<table(?: class="(\w+)")?>', page)
    assert len(tables) >= 2
    assert {frame != "" for frame, kind in tables if kind != "about"} == {True}
    assert re.search(r"\.scroll \{ overflow-x: auto; background:[^}]*scroll no-repeat", page)
    assert '<td><span class="whole">g-1</span></td>' in page
    assert '<span class="whole">2026-03-12</span>' in page
    assert re.search(r"\.whole \{ white-space: nowrap; \}", page)
    assert re.search(r"@media \(max-width: 40rem\) \{\s*\.about, [^}]*display: block", page)


def test_long_texts_may_break(exported: Export) -> None:
    long = [
        f"update marts.{mart} set group_id = repeat('g-', 200) where group_id = 'g-1'"
        for mart in ("group_activity", "group_health")
    ]
    page = (exported(*long) / "managers" / "amy" / "report.html").read_text()
    assert f'<td class="long">{"g-" * 200}</td>' in page
