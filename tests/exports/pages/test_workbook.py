"""The workbook by a second library, and by LibreOffice; the report as a page."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from contract.settings import Settings
from contract.tables import TABLES
from tests.small_warehouse import AS_OF, insert

Export = Callable[..., Path]
NASTY = [
    '=HYPERLINK("http://evil","click")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "http://evil.example",
    "mailto:a@b",
    "00123",
    "a" + chr(0) + chr(7) + "b" + chr(0x202E) + "c",
    "两行\n小圈子 🎉",
    "<script>alert(1)</script>",
    '&amp; "quoted"',
    "x" * 40_000,
]


def named(*names: str) -> list[str]:
    """Merchants of amy with these names, every one with a call."""

    def text(name: str) -> str:
        return " || ".join(
            f"chr({ord(char)})" if char in "'\n\t\"" or ord(char) < 32 else f"'{char}'" for char in name[:50]
        ) + (f" || repeat('{name[0]}', {len(name) - 50})" if len(name) > 50 else "")

    statements = []
    for number, name in enumerate(names, 10):
        statements.append(
            f"""insert into marts.merchants by name select 'm-{number}' as merchant_id, {text(name)} as name,
            'amy' as account_manager, timestamp '2026-02-01 00:00:00' as first_event_at"""
        )
        statements.append(
            insert(
                TABLES["merchant_churn_flags"],
                {
                    "merchant_id": f"m-{number}",
                    "stage": "at_risk",
                    "days_since_last_order": 4,
                    "days_since_last_login": 9,
                    "revenue_28d": 30,
                    "revenue_prev_28d": 50,
                    "churn_probability": 0.6,
                    "is_churn_flagged": True,
                    "at_risk_since": date(2026, 3, 18),
                    "reasons": [{"topic": "logins", "days": 9, "gap": None, "now": None, "before": None}],
                    "expected_loss": number,
                    "at_stake": number,
                },
            )
        )
    return statements


def sheet(book: Any, title: str) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in book[title].iter_rows()]


def test_a_row_is_as_high_as_its_wrapped_texts(exported: Export) -> None:
    third = "update marts.merchant_churn_flags set churn_probability = 1 / 3.0"
    folder = exported(*named("x" * 15, "x" * 25, "两" * 15), third) / "managers" / "amy"
    page = openpyxl.load_workbook(folder / "workbook.xlsx")["Merchants"]
    heights = {page[f"B{row}"].value: page.row_dimensions[row].height or 15 for row in range(4, len(page["B"]) + 1)}
    assert (heights["m-10"], heights["m-11"], heights["m-12"]) == (15, 30, 30)  # 22 wide; a long number needs no second line


def test_every_day_has_room(small: Path) -> None:
    """A spreadsheet shows ### for a day of ten characters, the indent beside it, in a column that is narrower."""
    book = openpyxl.load_workbook(small / "managers" / "amy" / "workbook.xlsx")
    cells = [(page, cell) for page in book for row in page.iter_rows() for cell in row if isinstance(cell.value, datetime)]
    assert {page.title for page, _ in cells} >= {"Today", "Regions", "Groups to revive"}
    assert all(page.column_dimensions[cell.column_letter].width >= 12.5 for page, cell in cells)


def test_the_workbook_says_whom_to_call(small: Path) -> None:
    book = openpyxl.load_workbook(small / "managers" / "amy" / "workbook.xlsx")
    assert book.sheetnames == [
        "Today",
        "What came of it",
        "Merchants",
        "Regions",
        "Red this morning",
        "Where people come from",
        "Fan statement",
        "Products that sell and spread",
        "Pages that leak",
        "Leads to call",
        "Outreach that few accept",
        "Representatives off the mean",
        "Fans to wake",
        "Spreaders to thank",
        "Inviters to thank",
        "Groups to revive",
        "Owners of groups",
        "Sellers who share too often",
        "People by month",
        "Campaigns",
        "Lives that did not pay back",
        "Red packets",
        "Weeks",
        "About",
    ]
    rows = sheet(book, "Today")
    assert rows[2] == [
        "#",
        "Name",
        "Id",
        "On the list",
        "Stage",
        "Risk of leaving",
        "At stake in a year",
        "12 weeks",
        "Why",
        "Suggested next step",
        "Plan",
        "In this stage since",
        "Revenue, 365 days",
        "Best product",
        "Tickets, 14 days",
        "Since last time",
        "Why, this morning",
        "Called on",
        "Result",
        "Next call on",
        "Note",
        "Reference, leave as it is",
    ]
    row = dict(zip(rows[2], rows[3], strict=True))
    assert row.pop("Name").startswith("小店")
    assert row.pop("Suggested next step").startswith("Ask about stock, prices and campaigns")
    assert row == {
        "#": 1,
        "Id": "m-1",
        "On the list": "day 3",
        "Stage": "at risk",
        "Risk of leaving": 0.6,
        "At stake in a year": 391.07,
        "12 weeks": None,
        "Why": "net revenue 30 in the last 28 days, 50 in the 28 days before; no login for 9 days",
        "Plan": "pro",
        "In this stage since": datetime(2026, 3, 18),
        "Revenue, 365 days": 80,
        "Best product": "tea",
        "Tickets, 14 days": 2,
        "Since last time": "first time",
        "Why, this morning": "a smaller share bought: paid 0, expected 50",
        "Called on": None,
        "Result": None,
        "Next call on": None,
        "Note": None,
        "Reference, leave as it is": "fanout/2026-03-20/v000001/amy/m-1/*.revenue",
    }
    assert {row[0] for row in sheet(book, "About")} >= {
        "Business date",
        "Version of the warehouse",
        "Who needs a call",
        "Privacy",
    }
    assert [row[2:5] for row in sheet(book, "Spreaders to thank")[3:]] == [["u-2", "=**", 20], ["u-1", "王**", 10]]
    assert sheet(book, "Groups to revive")[3][2:6] == [1, "g-1", "goes quiet; red: activity", "survival"]
    assert sheet(book, "Owners of groups")[3][2:5] == ["u-1", "王**", "needs help"]
    assert sheet(book, "Sellers who share too often")[3][5] == "at most 1 in thirty days into one group, not 3"
    # u-1 bought, u-3 refused, u-4 is no fan
    assert [row[2:7] for row in sheet(book, "Leads to call")[3:]] == [["u-2", "=**", "Call", "Hot", 81.5]]
    assert [row[2:5] for row in sheet(book, "Outreach that few accept")[3:]] == [
        ["2026-02", "All", "All"],
        ["2026-02", "Hour", "09"],
        ["2026-02", "Kind", "Call"],
        ["2026-02", "Script", "cold"],
    ]


def test_the_workbook_is_ready_to_use(small: Path) -> None:
    path = small / "managers" / "amy" / "workbook.xlsx"
    book = openpyxl.load_workbook(path)
    for title in (
        "Today",
        "Merchants",
        "Regions",
        "Products that sell and spread",
        "Pages that leak",
        "Spreaders to thank",
        "Groups to revive",
        "Campaigns",
        "Lives that did not pay back",
        "Red packets",
        "Weeks",
    ):
        page = book[title]
        assert page.freeze_panes is not None
        assert page.freeze_panes.endswith("4")
        assert page.auto_filter.ref is not None
        assert page.page_setup.orientation == "landscape"
    assert book["Today"]["F4"].number_format == "0.0%"
    assert book["Today"]["G4"].number_format == "#,##0.00"
    assert len(book["Today"].conditional_formatting) == 2
    with zipfile.ZipFile(path) as files:
        assert len([name for name in files.namelist() if name.startswith("xl/charts/chart")]) == 3
        assert '<c:tickLblSkip val="1"/>' in files.read("xl/charts/chart1.xml").decode()  # a name at every bar


def test_what_is_to_be_filled_in_can_be_and_says_what_is_allowed(small: Path) -> None:
    page = openpyxl.load_workbook(small / "managers" / "amy" / "workbook.xlsx")["Today"]
    for cell in page["R4:U4"][0]:
        assert not cell.protection.locked
        assert cell.fill.fgColor.rgb == "FFFFF9E0"
        assert page[f"Q{cell.row}"].protection.locked
    assert page.column_dimensions["V"].hidden
    assert not page.column_dimensions["U"].hidden
    assert page.auto_filter.ref == "A3:V4"  # the hidden reference is sorted with its row
    rules = {str(rule.sqref): rule for rule in page.data_validations.dataValidation}
    assert {place: rule.type for place, rule in rules.items()} == {"R4": "date", "S4": "list", "T4": "date", "U4": "textLength"}
    assert (rules["R4"].formula1, rules["R4"].formula2) == ("46041", "TODAY()")  # 2026-01-19, sixty days before
    assert rules["S4"].formula1 == '"no answer,talked,step agreed,call later,declined,is leaving"'
    assert "yellow columns" in page["A2"].value
    assert rules["T4"].error == "A date after 2026-03-20, such as 2026-03-28."


def test_no_cell_of_a_workbook_can_run(exported: Export) -> None:
    path = exported(*named(*NASTY)) / "managers" / "amy" / "workbook.xlsx"
    book = openpyxl.load_workbook(path)
    names = [row[1] for row in book["Today"].iter_rows(min_row=4)]
    assert len([cell for cell in names if cell.value]) >= len(NASTY)
    for page in book.worksheets:
        for row in page.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.coordinate
                assert cell.hyperlink is None
                if isinstance(cell.value, str) and cell.value[:1] in "=+-@":
                    assert cell.quotePrefix, cell.coordinate
    texts = {str(cell.value) for cell in names}
    assert "00123" in texts
    assert "a b c" in texts
    assert "两行 小圈子 🎉" in texts
    with zipfile.ZipFile(path) as files:
        assert not [name for name in files.namelist() if "external" in name.lower() or "macro" in name.lower()]
        assert "hyperlink" not in files.read("xl/worksheets/sheet1.xml").decode()


def test_the_workbook_has_no_clock(small: Path) -> None:
    with zipfile.ZipFile(small / "managers" / "amy" / "workbook.xlsx") as book:
        assert {entry.date_time[0] for entry in book.infolist()} == {1980}
        assert "2026-03-20T00:00:00Z" in book.read("docProps/core.xml").decode()


def test_a_manager_without_a_call_reads_that_there_is_none(small: Path) -> None:
    folder = small / "managers" / "unassigned"
    rows = sheet(openpyxl.load_workbook(folder / "workbook.xlsx"), "Today")
    assert rows[1][0] == "Nobody needs a call today."
    assert "Nobody needs a call today." in (folder / "report.html").read_text()


def test_the_workbook_speaks_chinese(exported: Export, settings: Settings) -> None:
    folder = exported(with_settings=replace(settings, language="zh")) / "managers" / "amy"
    book = openpyxl.load_workbook(folder / "workbook.xlsx")
    assert book.sheetnames == [
        "今日待办",
        "联系成效",
        "商家",
        "地区",
        "今早亮红灯",
        "客从何来",
        "粉丝变动表",
        "商品排行",
        "离开率偏高的页面",
        "待联系潜客",
        "接受率偏低的触达",
        "业绩偏离的销售代表",
        "待唤醒的老顾客",
        "值得感谢的传播者",
        "待致谢的邀请人",
        "待激活社群",
        "群主",
        "分享过频的粉丝",
        "每月人群变动",
        "活动复盘",
        "未回本的直播投放",
        "红包效果",
        "每周收入明细",
        "说明",
    ]
    head, first = sheet(book, "今日待办")[2:4]
    assert head[3:7] == ["清单状态", "阶段", "流失风险", "预计年损失"]
    assert (first[3], first[8]) == ("第 3 天", "近 28 天净收入 30，前 28 天 50；已 9 天没有登录")
    assert '<html lang="zh">' in (folder / "report.html").read_text()


def test_today_tells_what_changed(exported: Export) -> None:
    from datetime import timedelta

    before = "update marts.merchant_churn_flags set stage = 'operating', churn_probability = 0.3, revenue_28d = 50"
    exported(before, as_of=AS_OF - timedelta(days=1))
    folder = exported(*named("new")) / "managers" / "amy"
    rows = {row[2]: row[15] for row in sheet(openpyxl.load_workbook(folder / "workbook.xlsx"), "Today")[3:] if row[2]}
    assert rows["m-1"] == "was operating; risk 30% → 60%; revenue 50 → 30"
    assert rows["m-10"] == "new merchant"


LEFT = """update marts.merchant_churn_flags
    set stage = 'churned', is_churn_flagged = false, at_risk_since = null, revenue_prev_28d = 0"""


@pytest.mark.parametrize(
    ("change", "called"),
    [
        pytest.param("select 1", {"m-1"}, id="at risk"),
        pytest.param(
            "update marts.merchant_churn_flags set stage = 'operating', is_churn_flagged = false", {"m-1"}, id="fell by 40 %"
        ),
        pytest.param(
            "update marts.merchant_churn_flags set stage = 'operating', is_churn_flagged = false, revenue_28d = 36",
            set(),
            id="fell by 28 %",
        ),
        pytest.param(
            f"{LEFT}; update marts.merchant_stage_history set entered_on = date '2026-03-18' where merchant_id = 'm-1'",
            {"m-1"},
            id="left lately",
        ),
        pytest.param(
            f"{LEFT}; update marts.merchant_stage_history set entered_on = date '2026-03-17' where merchant_id = 'm-1'",
            set(),
            id="left long ago",
        ),
    ],
)
def test_who_needs_a_call(
    exported: Export, rows: Callable[[Path], list[dict[str, str]]], change: str, called: set[str]
) -> None:
    found = rows(exported(change) / "managers" / "amy" / "csv" / "calls.csv")
    assert {row["merchant_id"] for row in found} == called


@pytest.mark.parametrize(
    ("onboarded", "called"),
    [
        pytest.param("2026-03-13 01:00:00", {"m-2": "no paid order ever, 7 days after the start"}, id="seven days"),
        pytest.param(
            "2026-03-13 15:59:59", {"m-2": "no paid order ever, 7 days after the start"}, id="the end of the day there"
        ),
        pytest.param("2026-03-13 16:00:00", {}, id="the next day there"),
        pytest.param("2026-03-14 01:00:00", {}, id="six days"),
    ],
)
def test_a_start_without_an_order_needs_a_call(
    exported: Export, rows: Callable[[Path], list[dict[str, str]]], onboarded: str, called: dict[str, str]
) -> None:
    changes = [
        f"update marts.merchants set onboarded_at = timestamp '{onboarded}' where merchant_id = 'm-2'",
        "update marts.merchant_churn_flags set revenue_28d = 0, days_since_last_order = null where merchant_id = 'm-2'",
    ]
    found = rows(exported(*changes) / "managers" / "unassigned" / "csv" / "calls.csv")
    assert {row["merchant_id"]: row["reason_1"] for row in found} == called


def merchant(name: str, *figures: Any) -> list[str]:
    """A merchant of amy without reasons of the model: stage, since, days since the last order and login, revenue of 28 days
    and of the 28 before, probability, flag, at stake, and revenue of a day of last autumn."""
    stage, since, order, login, now, before, risk, flag, stake, year = figures
    entered, at_risk = ("operating", f"date '{since}'") if stage == "at_risk" else (stage, "null")
    return [
        f"insert into marts.merchants (merchant_id, account_manager) values ('{name}', 'amy')",
        f"""insert into marts.merchant_churn_flags by name select '{name}' as merchant_id, date '2026-03-20' as as_of,
            '{stage}' as stage, {order} as days_since_last_order, {login} as days_since_last_login, {now} as revenue_28d,
            {before} as revenue_prev_28d, {risk} as churn_probability, {flag} as is_churn_flagged, [] as reasons,
            {at_risk} as at_risk_since, 0 as expected_loss, {stake} as at_stake, 'base rate' as model_version""",
        f"""insert into marts.merchant_stage_history by name
            select '{name}' as merchant_id, '{entered}' as stage, date '{since}' as entered_on""",
        f"""insert into marts.daily_merchant (merchant_id, date, revenue)
            values ('{name}', date '2025-10-01', {year}), ('{name}', date '2025-03-20', 1000000)""",  # the second a year ago
    ]


def test_calls_are_ranked_by_what_is_at_stake(exported: Export, rows: Callable[[Path], list[dict[str, str]]]) -> None:
    """Those that left come after everybody who can be kept, the larger first; the tile sums the column that ranks."""
    folder = (
        exported(
            *merchant("left-small", "churned", "2026-03-19", 70, 70, 0, 0, 0.9, False, 0, 800),
            *merchant("left-large", "churned", "2026-03-18", 79, "null", 0, -5, 0.9, False, 0, 90_000),
            *merchant("stopped", "at_risk", "2026-02-27", 29, 29, 0, 9445, 0.947, True, 116_596.88, 9445),
            *merchant("grows", "at_risk", "2026-03-19", 1, 1, 500, 100, 0.7, True, 4562.5, 600),
        )
        / "managers"
        / "amy"
    )
    found = sorted(rows(folder / "csv" / "calls.csv"), key=lambda row: row["rank"])
    assert [(row["rank"], row["merchant_id"], row["at_stake"], row["revenue_365d"], row["since"]) for row in found] == [
        ("1", "stopped", "116596.88", "9445.00", "2026-02-27"),
        ("2", "grows", "4562.50", "600.00", "2026-03-19"),
        ("3", "m-1", "391.07", "80.00", "2026-03-18"),
        ("4", "left-large", "0.00", "90000.00", "2026-03-18"),
        ("5", "left-small", "0.00", "800.00", "2026-03-19"),
    ]
    assert {row["merchant_id"]: row["reason_1"] for row in found} == {
        "stopped": "net revenue 0 in the last 28 days, 9,445 in the 28 days before",
        "grows": "risk of leaving 70%",
        "m-1": "net revenue 30 in the last 28 days, 50 in the 28 days before",
        "left-large": "has left: no paid order for 79 days, no login ever",
        "left-small": "has left: no paid order for 70 days, no login for 70 days",
    }
    today = [row for row in sheet(openpyxl.load_workbook(folder / "workbook.xlsx"), "Today")[3:] if row[2]]
    reasons = [
        (row["merchant_id"], "; ".join(filter(None, (row["reason_1"], row["reason_2"], row["reason_3"])))) for row in found
    ]
    assert [(row[2], row[8]) for row in today] == reasons
    steps = {row[2]: row[9].partition(":")[0] for row in today}
    assert steps["left-large"] == "Win-back call"
    assert "; risk of leaving 95%; " in today[0][8]
    assert steps["stopped"] == "Ask what stopped the sales"
    report = (folder / "report.html").read_text()
    assert "<b>121,550</b><span>At stake in a year, of those to call</span>" in report


class Page(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("pack", ["managers/amy", "merchants/m-1", "merchants/m-10"])
def test_a_report_needs_nothing_and_runs_nothing(exported: Export, pack: str) -> None:
    week = "update marts.cascades set started_at = timestamp '2026-03-18 00:00:00' where shares = 4"
    folder = exported(week, *named(*NASTY)) / pack
    text = (folder / "report.html").read_text()
    page = Page(text)
    assert {"html", "meta", "style", "svg", "table"} <= {tag for tag, _ in page.tags}
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & {tag for tag, _ in page.tags}
    attributes = {name for _, attributes in page.tags for name in attributes}
    assert not {"src", "style", "srcset", "action"} & attributes
    links = [value or "" for _, found in page.tags for name, value in found.items() if name == "href"]
    pages = r"community\.html|lives/[^/]+\.html"
    assert [link for link in links if not re.fullmatch(pages, link) or not (folder / link).is_file()] == []
    assert not {name for name in attributes if name.startswith("on")}
    assert "@import" not in text
    assert "url(" not in text
    assert len(text.encode()) < 300_000
    assert "default-src 'none'" in text


def test_a_merchants_report_tells_nothing_of_how_it_is_judged(small: Path) -> None:
    folder = small
    text = (folder / "merchants" / "m-1" / "report.html").read_text()
    for judged in ("at risk", "Risk of leaving", "At stake in a year", "no login for 9 days", "391", "60%"):
        assert judged not in text
        assert judged in (folder / "managers" / "amy" / "report.html").read_text()
    assert "From fans to supporting fans" in text


def test_a_large_cascade_is_drawn_in_part(exported: Export) -> None:
    """3,000 shares in a chain and a star: the report stays small and says what it leaves out."""
    many = [
        "update marts.cascades set started_at = timestamp '2026-03-18 00:00:00', shares = 3004 where shares = 4",
        """insert into marts.cascade_nodes by name select 'm-1' as merchant_id, 't-' || i as share_id, 'u-2' as user_id,
            'group' as channel, timestamp '2026-03-18 00:00:00' as shared_at, 's-1' as root_share_id,
            if(i % 3 = 0 or i = 1, 's-1', 't-' || (i - 1)) as parent_share_id, 'declared' as parent_status,
            1 + (i + 2) % 3 as depth, 3 - i % 3 as subtree_shares, 0 as subtree_orders, 0 as subtree_revenue
            from range(1, 3001) numbers(i)""",
    ]
    text = (exported(*many) / "managers" / "amy" / "report.html").read_text()
    assert "Only the 300 shares" in text
    assert len(re.findall(r"<circle (?![^>]*fill=\"none\")", text)) == 300  # the rings are not filled
    assert len(text.encode()) < 300_000


@pytest.mark.acceptance
def test_libreoffice_opens_every_sheet(exported: Export, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    assert office is not None, "LibreOffice is missing: apt-get install libreoffice-calc-nogui"
    path = exported(*named(*NASTY)) / "managers" / "amy" / "workbook.xlsx"
    command = [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to"]
    subprocess.run(
        [
            *command,
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1",
            "--outdir",
            str(tmp_path),
            str(path),
        ],
        check=True,
        capture_output=True,
    )
    files = {file.name: file.read_text() for file in tmp_path.glob("*.csv")}
    assert len(files) == len(openpyxl.load_workbook(path, read_only=True).sheetnames) > 20
    today = next(text for name, text in files.items() if "Today" in name)
    assert "m-1,day 3,at risk,60%,391.07" in today
    for name in NASTY[:8]:
        assert re.sub(r"\s", " ", name).strip().replace('"', '""') in today
    assert not [name for name, text in files.items() if re.search(r"#(REF|NAME|VALUE|N/A)|Err:", text)]
