"""A merchant's own week: what to do, what came of it, where it stands, and who may be called by name."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

from contract.settings import Settings
from contract.tables import TABLES
from tests.exports.contents import names_in, texts
from tests.small_warehouse import insert

Export = Callable[..., Path]
Read = Callable[[Path], list[dict[str, str]]]


def plain(path: Path) -> str:
    page = re.sub(r"<style>.*?</style>|<head>.*?</head>|<svg.*?</svg>", " ", path.read_text(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?span class=\"whole\">", "", page))))


def section(page: str, title: str) -> str:
    _, _, after = page.partition(f" {title} ")
    assert after, title
    return after


def test_the_page_says_what_to_do_and_what_is_to_come_of_it(small: Path) -> None:
    todo = section(plain(small / "merchants/m-1/report.html"), "What to do this week")
    first = todo.index("3 fans bought more than once, 250 in all, but nothing in the last 60 days.")
    aim = todo.index("By 2026-03-27: 1 or more of them buy again.")
    second = todo.index("Fill the last seat in Zhejiang: 2 teams there failed for want of one person in the last 28 days.")
    assert first < aim < second
    assert "not pinned" not in todo  # that was last week's


def test_the_page_says_what_came_of_last_week(small: Path) -> None:
    came = section(plain(small / "merchants/m-1/report.html"), "What came of last week")
    assert came.startswith("What stood out on 2026-03-13")
    assert "A product to push: tea it is sold 2 times or more 3 reached" in came
    assert "A new circle 2 or more people of that circle share again 0 not reached" in came


def test_a_merchant_without_tips_is_told_so(small: Path) -> None:
    page = plain(small / "merchants/m-2/report.html")
    assert section(page, "What to do this week").strip().split(".")[1].strip().startswith("Nothing stands out this week")
    assert "What came of last week" not in page
    assert "Zhejiang" not in page


def test_chinese_pages_say_what_to_do(exported: Export, settings: Settings) -> None:
    page = plain(exported(with_settings=replace(settings, language="zh")) / "merchants/m-1/report.html")
    assert "3 位粉丝买过不止一次（累计 250元），但近 60 天没有下单" in page
    assert "截至 2026-03-27 的目标：其中至少 1 人再次下单。" in page
    assert "补上浙江的最后一个名额" in page
    assert "主推商品：tea 至少卖出 2 单 3 已达成" in page


def test_the_csv_has_the_same_tips(small: Path, rows: Read) -> None:
    found = rows(small / "merchants/m-1/csv/tips.csv")
    assert [(row["asked_on"], row["tip"], row["figure"], row["came"], row["is_reached"]) for row in found] == [
        ("2026-03-13", "unpushed", "12", "3", "true"),
        ("2026-03-13", "new_circle", "2", "0", "false"),
        ("2026-03-20", "asleep", "3", "", ""),
        ("2026-03-20", "one_seat", "2", "", ""),
    ]
    assert not (small / "managers/amy/csv/tips.csv").exists()


def test_products_that_sell_and_spread(small: Path, rows: Read) -> None:
    page = section(plain(small / "merchants/m-1/report.html"), "Products that sell and spread")
    assert "1 tea 3 2 90 2 4 5 0 2 =1+1 0 0 0 0 1 0 0" in page
    for name in ("merchants/m-1", "managers/amy"):
        found = rows(small / name / "csv" / "products.csv")
        assert [(row["title"], row["sold_value"], row["orders_via_shares"]) for row in found] == [
            ("tea", "90.00", "2"),
            ("'=1+1", "0.00", "0"),
        ]


def test_a_fan_is_called_by_name_where_the_merchant_may_call(small: Path, rows: Read) -> None:
    """u-3 refused the last outreach; u-2 chose a name that a spreadsheet would run."""
    pack = small / "merchants/m-1"
    for name in ("fan_revenue", "spreaders", "lifetime_value"):
        named = {row["user_id"]: row["display_name"] for row in rows(pack / "csv" / f"{name}.csv")}
        assert named.items() <= {"u-1": "王小雨", "u-2": "'=lee", "u-3": ""}.items()
        assert len(named) >= 2
    assert "u-1 王小雨 10" in plain(pack / "report.html")
    assert "display_name" not in (pack / "csv" / "cascade_nodes.csv").read_text("utf-8-sig")


def test_a_manager_sees_the_first_character_of_a_name(exported: Export, rows: Read) -> None:
    folder = exported("update marts.fan_names set display_name = '李' where user_id = 'u-2'") / "managers"
    assert {row["fan"]: row["masked_name"] for row in rows(folder / "amy/csv/spreaders.csv")} == {"u-1": "王**", "u-2": "'**"}
    shown = [text for _, text in texts(folder / "amy")]
    assert "王**" in shown
    assert [text for text in shown if "王小雨" in text or "李" in text] == []


def test_pseudonyms_have_no_names(exported: Export, settings: Settings, rows: Read) -> None:
    folder = exported(with_settings=replace(settings, pseudonym_key="k" * 32))
    for pack in ("merchants/m-1", "managers/amy"):
        assert [text for _, text in texts(folder / pack) if "王" in text or "=lee" in text] == []
    assert {row["display_name"] for row in rows(folder / "merchants/m-1/csv/fan_revenue.csv")} == {""}


OTHERS = [
    """insert into marts.merchants by name select 'm-' || (100 + i) as merchant_id, 'food' as category,
        'amy' as account_manager, timestamp '2026-01-01' as first_event_at, true as is_money_complete
        from range(1, 12) numbers(i)""",
    """insert into marts.per_fan_revenue by name select 'm-' || (100 + i) as merchant_id, 9 as fans_end,
        101 * i as revenue_per_fan_annualised from range(1, 12) numbers(i)""",
]


def test_a_benchmark_names_nobody(exported: Export, rows: Read) -> None:
    """Eleven others have 101 to 1,111 a fan; the third, the sixth and the ninth are 303, 606 and 909. m-1 has 208.57."""
    pack = exported(*OTHERS) / "merchants" / "m-1"
    assert "Annual revenue per fan 209 300 610 910 below most" in section(plain(pack / "report.html"), "Beside others like you")
    [row] = rows(pack / "csv" / "benchmarks.csv")
    assert [float(row[name]) for name in ("lower_quartile", "median", "upper_quartile")] == [300, 610, 910]
    assert {name for name in names_in(pack) if name.startswith("m-")} == {"m-1"}
    assert [text for _, text in texts(pack) if re.search(r"\b(303|606|909)\b", text)] == []


def test_ten_merchants_are_too_few_for_a_benchmark(exported: Export, rows: Read) -> None:
    fewer = [f"delete from marts.{mart} where merchant_id in ('m-101', 'm-102')" for mart in ("merchants", "per_fan_revenue")]
    pack = exported(*OTHERS, *fewer) / "merchants" / "m-1"
    assert rows(pack / "csv" / "benchmarks.csv") == []
    assert "Beside others like you" not in plain(pack / "report.html")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param("select 1", "30 Revenue, 28 days −40% in 28 days", id="fell"),
        pytest.param(
            "update marts.merchant_churn_flags set revenue_28d = 50.1", "50 Revenue, 28 days ±0% in 28 days", id="same"
        ),
        pytest.param(
            "update marts.merchant_churn_flags set revenue_prev_28d = 0", "30 Revenue, 28 days 3 Fans", id="from nothing"
        ),
        pytest.param(
            insert(TABLES["daily_merchant"], {"date": "2026-02-20", "fans": 2}), "3 Fans +50% in 28 days", id="more fans"
        ),
        pytest.param(
            "update marts.team_formation set opened_date = '2026-02-20', formed_organic = 2 where size_required = 2",
            "Team formation rate ±0 pts in 28 days",
            id="a rate in points",
        ),
    ],
)
def test_a_tile_tells_how_it_moved(exported: Export, change: str, told: str) -> None:
    assert told in plain(exported(change) / "merchants/m-1/report.html")


def test_a_manager_reads_plan_product_and_tickets_of_a_call(small: Path) -> None:
    page = plain(small / "managers/amy/report.html")
    for fact in ("Plan: pro", "Best product: tea", "Tickets, 14 days: 2, last on 2026-03-18"):
        assert fact in page


def test_a_manager_has_the_map_of_a_call_without_its_fans(exported: Export) -> None:
    """A share of u-1 that led to nine of u-2, of another circle: the merchant's own map names u-1."""
    tree = [
        """insert into marts.cascades by name select 'm-1' as merchant_id, 't' as root_share_id, 'u-1' as root_user_id,
            timestamp '2026-03-18' as started_at, 10 as shares, 2 as sharers, 1 as depth, 0 as orders, 0 as revenue""",
        """insert into marts.cascade_layers by name select 'm-1' as merchant_id, 't' as root_share_id, d as depth,
            if(d = 0, 1, 9) as shares, 1 as sharers, 0 as openers, 0 as orders, 0 as revenue from range(2) t(d)""",
        """insert into marts.cascade_nodes by name select 'm-1' as merchant_id, 't' || i as share_id,
            if(i = 0, 'u-1', 'u-2') as user_id, 'group' as channel, timestamp '2026-03-18' as shared_at, 't' as root_share_id,
            if(i = 0, null, 't0') as parent_share_id, 'declared' as parent_status, if(i = 0, 0, 1) as depth,
            if(i = 0, 10, 1) as subtree_shares, 0 as subtree_orders, 0 as subtree_revenue from range(10) numbers(i)""",
        "update marts.spreaders set circle_id = 'other' where user_id = 'u-2' and merchant_id = 'm-1'",
    ]
    folder = exported(*tree)
    own, pages = folder / "merchants/m-1/spread_map.html", folder / "managers/amy"
    assert "u-1" in plain(own)
    assert '<a href="maps/m-1.html">How its shares spread</a>' in (pages / "report.html").read_text()
    assert "The map" in plain(pages / "maps/m-1.html")
    assert not re.search(r"\bu-\d", (pages / "maps/m-1.html").read_text())
    assert '"maps/m-1.html"' in (pages / "manifest.json").read_text()


def test_today_draws_the_weeks_of_each_merchant(small: Path) -> None:
    path = small / "managers/amy/workbook.xlsx"
    with zipfile.ZipFile(path) as book:
        today = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<xm:f>Weeks!C4:N4</xm:f><xm:sqref>H4</xm:sqref>" in today
    with pytest.warns(UserWarning, match="extension"):
        weeks = openpyxl.load_workbook(path)["Weeks"]
    assert [cell.value for cell in weeks[3][2:]][-2:] == ["03-13", "03-20"]
    assert weeks[4][1].value == "m-1"
    assert [cell.value for cell in weeks[4][2:]][-2:] == [0, 30]


def test_pages_that_leak_say_what_they_cost_and_what_to_do(small: Path, rows: Read) -> None:
    """30 of 40 visits of the tea's page end there, 24 of 60 of the other's; 2 bought where 4 were expected."""
    for name in ("merchants/m-1", "managers/amy"):
        page = section(plain(small / name / "report.html"), "Pages that leak")
        assert "1 tea product 40 30 75% 40% 2 4 2 It is read but does not convince: look at price" in page
        found = rows(small / name / "csv" / "leaking_pages.csv")
        assert [(row["title"], row["exits"], row["missing_paid_journeys"], row["advice"]) for row in found] == [
            ("tea", "30", "2.0", "unconvincing")
        ]
    book = openpyxl.load_workbook(small / "managers/amy/workbook.xlsx")
    cells = next(book["Pages that leak"].iter_rows(min_row=4, values_only=True))
    assert cells[2:10] == (1, "tea", "product", 40, 30, 0.75, 0.4, 2)
    assert rows(small / "merchants/m-2/csv/leaking_pages.csv") == []


def test_a_merchant_gets_its_pages_and_nobody_s_journeys(small: Path, rows: Read) -> None:
    found = rows(small / "merchants/m-1/csv/page_funnel.csv")
    assert [(row["object_id"], row["journeys"], row["exits"], row["paid_journeys"]) for row in found] == [
        ("p-1", "40", "30", "2"),
        ("p-2", "60", "24", "8"),
    ]
    assert rows(small / "merchants/m-2/csv/page_funnel.csv") == []
    assert [path for path in small.rglob("*") if path.name.startswith("journeys")] == []


def test_chinese_pages_say_where_people_leave(exported: Export, settings: Settings) -> None:
    report = exported(with_settings=replace(settings, language="zh")) / "merchants/m-1/report.html"
    page = section(plain(report), "离开率偏高的页面")
    assert "1 tea 商品页 40 30 75% 40% 2 4 2 看完了但没有下单：检查价格" in page


MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
X14 = "{http://schemas.microsoft.com/office/spreadsheetml/2009/9/main}"
XM = "{http://schemas.microsoft.com/office/excel/2006/main}"
# The order in which [MS-XLSX] has the children of a group.
_COLOURS = ("Series", "Negative", "Axis", "Markers", "First", "Last", "High", "Low")


def test_sparklines_are_those_of_the_standard(exported: Export) -> None:
    """[MS-XLSX] 2.2.4.8: an extension at the end of the sheet, its groups, and in each a range and a cell for every line."""
    other = "insert into marts.merchants by name select 'm-0' as merchant_id, 'Blue Door' as name, 'amy' as account_manager"
    path = exported(other) / "managers/amy/workbook.xlsx"
    with zipfile.ZipFile(path) as book:
        today = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert [child.tag for child in today].count(f"{MAIN}extLst") == 1
    assert today[-1].tag == f"{MAIN}extLst"
    [extension] = [one for one in today[-1] if one.get("uri") == "{05C60535-1F16-4fd2-B633-F4F36F0B64E0}"]
    [groups] = extension
    assert groups.tag == f"{X14}sparklineGroups"
    assert len(groups) == 1
    for group in groups:
        assert group.tag == f"{X14}sparklineGroup"
        names = [child.tag for child in group]
        assert names == [*(f"{X14}color{name}" for name in _COLOURS), f"{X14}sparklines"]
        for line in group[-1]:
            assert [child.tag for child in line] == [f"{XM}f", f"{XM}sqref"]
    lines = [(line[0].text, line[1].text) for line in groups.iter(f"{X14}sparkline")]
    assert lines == [("Weeks!C5:N5", "H4")]  # m-0 is above m-1 on the sheet of weeks
