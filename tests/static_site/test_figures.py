"""The figures in the pages are those of the marts, by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from contract.settings import Settings
from contract.tables import marts
from static_site.published_day import NAMED_MERCHANTS, open_day
from static_site.section import Form, Page, Section
from static_site.write import make_pages
from tests.small_warehouse import AS_OF, published

# The marts begin on New Year's Day, so that January and February are whole months.
SINCE_JANUARY = "insert into marts.daily_merchant by name select 'm-1' as merchant_id, date '2026-01-01' as date, 0 as revenue"
Row = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """What a page shows before it is written."""

    page: Page

    def section(self, title: str) -> Section:
        [found] = [section for section in self.page.sections if section.title == title]
        return found

    def rows(self, title: str) -> list[Row]:
        return self.section(title).rows

    def weeks(self, title: str) -> list[str]:
        """What the axis of a chart over time holds."""
        chart = self.section(title).chart
        assert chart is not None
        domain: list[str] = chart.to_dict()["encoding"]["x"]["scale"]["domain"]
        return domain

    @property
    def text(self) -> str:
        return " ".join([*(" ".join(tile) for tile in self.page.tiles), *(section.note for section in self.page.sections)])


Site = Callable[..., dict[str, Shown]]


@pytest.fixture
def site(settings: Settings) -> Site:
    """The pages of the small warehouse with some changes."""

    def make(*changes: str) -> dict[str, Shown]:
        published(settings, *changes)
        with open_day(settings, AS_OF) as day:
            return {page.name: Shown(page) for page in make_pages(day)}

    return make


def test_revenue_is_of_whole_weeks(site: Site) -> None:
    page = site(SINCE_JANUARY)["platform"]
    # Order o-2 was paid on a Monday whose week is not over on 2026-03-20.
    assert page.rows("Revenue by week") == [
        {"merchant": 0, "week": "2026-03-02", "kind": "later orders", "net": 12.5, "orders": 1},
        {"merchant": 0, "week": "2026-02-09", "kind": "later orders", "net": 50, "orders": 1},
        {"merchant": 1, "week": "2026-02-09", "kind": "later orders", "net": 50, "orders": 1},
        {"merchant": 2, "week": "2026-03-02", "kind": "later orders", "net": 12.5, "orders": 1},
    ]
    weeks = page.weeks("Revenue by week")
    assert (weeks[0], weeks[-1], len(weeks)) == ("2026-01-05", "2026-03-09", 10)
    assert "from 2026-03-09, brought 0 CNY" in page.text


def test_a_week_that_began_before_the_marts_is_left_out(site: Site) -> None:
    page = site()["platform"]  # first day: Tuesday, 2026-02-10
    assert page.weeks("Revenue by week")[0] == "2026-02-16"
    assert [row["week"] for row in page.rows("Revenue by week")] == ["2026-03-02"] * 2


def test_growth_is_of_months_that_are_over(site: Site) -> None:
    complete = """
        update marts.growth_split set is_complete = true, revenue_change = 10, user_effect = 4, per_fan_effect = 6;
        insert into marts.growth_split by name
        select 'm-2' as merchant_id, '2026-02' as month, 1 as revenue, 1 as avg_fans, true as is_complete, 1 as revenue_change,
            3 as user_effect, -2 as per_fan_effect
    """
    page = site(SINCE_JANUARY, complete)["platform"]
    everyone = [row for row in page.rows("Where growth comes from") if row["merchant"] == 0]
    assert [(row["month"], row["effect"], row["value"], row["merchants"]) for row in everyone] == [
        ("2026-02", "revenue per fan", 4, 2),
        ("2026-02", "the number of fans", 7, 2),
    ]
    assert "In 2026-02: +4 CNY from revenue per fan and +7 CNY from the number of fans." in page.text


def test_retention_is_pooled_over_merchants(site: Site) -> None:
    complete = """
        insert into marts.cohort_retention by name
        select merchant_id, '2026-01' as cohort_month, 1 as period, size as cohort_size, retained as retained_on,
            retained as retained_on_or_after, 0 as orders, 0 as revenue, 0 as cumulative_revenue_per_fan, true as is_complete
        from (values ('m-1', 10, 5), ('m-2', 90, 9)) t(merchant_id, size, retained)
    """
    page = site(SINCE_JANUARY, complete)["platform"]
    assert [(row["merchant"], row["retained"], row["fans"], row["rate"]) for row in page.rows("Who orders again")] == [
        (0, 14, 100, 0.14),
        (1, 5, 10, 0.5),
        (2, 9, 90, 0.1),
    ]
    assert "14 of 100 (14.0%) ordered in the month after" in page.text


def test_merchants_are_counted_under_their_region_and_under_all(site: Site) -> None:
    rows = site()["merchants"].rows("Merchants by stage")
    assert [(row["region"], row["stage"], row["merchants"], row["at_stake"]) for row in rows] == [
        ("CN-ZJ", "at risk", 1, Decimal("391.07")),
        ("all", "at risk", 1, Decimal("391.07")),
        ("all", "launching", 1, Decimal("16.29")),
        ("unknown", "launching", 1, Decimal("16.29")),
    ]


def test_a_fan_s_worth_is_told_of_merchants_with_fans(site: Site) -> None:
    changes = """
        update marts.per_fan_revenue set revenue_per_fan_lo = revenue_per_fan - 1, revenue_per_fan_hi = revenue_per_fan + 2;
        update marts.per_fan_revenue set avg_fans = if(merchant_id = 'm-1', 20, 19.9)
    """
    rows = site(changes)["merchants"].rows("What a fan is worth")
    assert [row["region"] for row in rows] == ["CN-ZJ", "all"]
    assert rows[1]["revenue_per_fan_hi"] - rows[1]["revenue_per_fan"] == pytest.approx(2)


def test_thin_regions_are_left_out(site: Site) -> None:
    regions = """
        insert into marts.team_formation_by_region by name
        select region, 'all' as month, closed as opened, closed, 15 as formed_organic, 15 / closed as formation_rate,
            0.1 as formation_rate_lo, 0.9 as formation_rate_hi, 0.5 as formation_rate_shrunk, 100 as registered_users,
            10 * closed as opens_per_1000_users, 'many_opens_high_rate' as quadrant
        from (values ('CN-SH', 30), ('CN-BJ', 29), ('DE-BE', 60)) t(region, closed);
        update marts.team_formation_by_region set closed = 99, formation_rate = 0.5 where region = 'unknown'
    """
    page = site(regions)["regions"]
    rows = page.rows("Where teams form")
    assert [(row["name"], row["closed"], row["formation_rate"]) for row in rows] == [
        ("Shanghai · CN-SH", 30, 0.5),
        ("DE-BE", 60, 0.25),
    ]
    assert "fewer than 30 closed teams are left out (2 over all months)" in page.text  # CN-BJ, CN-ZJ


def test_groups_of_no_merchant_count_among_all(site: Site) -> None:
    more = """
        insert into marts.group_activity by name
        select 'g-9' as group_id, 'product' as kind, 'interest' as driver, date '2026-01-01' as born_date, 2 as members,
            0 as messages_7d, 0 as messages_prev_7d, 'alive' as state
    """
    page = site(more)["groups"]
    counted = Counter[int]()
    for row in page.rows("Which are alive"):
        counted[row["merchant"]] += row["groups"]
    assert counted == {0: 3, 1: 1, 2: 1}
    assert "1 of 3 chat groups are alive" in page.text


def test_what_a_channel_brings_is_pooled_over_months(site: Site) -> None:
    more = """
        insert into marts.share_mix by name
        select 'm-2' as merchant_id, 'group' as channel, '2026-01' as month, 8 as shares, 1 as share_of_shares, 3 as opens,
            1 as orders, 5.5 as revenue
    """
    rows = site(SINCE_JANUARY, more)["spread"].rows("What a channel brings")
    group = {(row["merchant"], row["month"]): row for row in rows if row["channel"] == "group"}
    assert group[0, "all"] == {
        "merchant": 0, "month": "all", "channel": "group", "shares": 10, "opens": 8, "orders": 3, "revenue": 35.5,
        "orders_per_1000": 300,
    }  # fmt: skip
    assert group.keys() == {(0, "all"), (0, "2026-01"), (0, "2026-02"), (1, "all"), (1, "2026-02"), (2, "all"), (2, "2026-01")}


def test_layers_and_concentration(site: Site) -> None:
    page = site()["spread"]
    layers = [row for row in page.rows("How far it goes") if row["merchant"] == 0]
    assert [(row["layer"], row["shares"], row["orders"], row["revenue"]) for row in layers] == [
        ("0", 2, 1, 10),
        ("1", 2, 1, 20),
        ("2", 1, 0, 0),
    ]
    assert "50.0% of 2 orders through shares came from shares that had been passed on" in page.text
    top = {(row["merchant"], row["metric"]): row["top_1pct_share"] for row in page.rows("How few bring how much")}
    assert top[0, "shares made"] == 0.4  # of the row `all`, not of the merchants' rows together
    assert top[1, "opens of their shares"] == 0.6


def test_a_live_stream_belongs_to_its_business_week(site: Site) -> None:
    monday = "update marts.live_sessions set started_date = date '2026-03-02'"
    rows = site(monday)["live"].rows("Revenue of live streams by week")
    assert [(row["merchant"], row["week"], row["revenue"], row["viewers"]) for row in rows] == [
        (0, "2026-03-02", 30, 5),
        (1, "2026-03-02", 30, 5),
    ]


def test_minutes_are_averages_over_the_streams_that_reached_them(site: Site) -> None:
    streams = """
        delete from marts.live_minutes;
        insert into marts.live_minutes by name
        select 'l-' || l as live_id, minute, 'm-1' as merchant_id, timestamp '2026-03-01' as minute_at, l as viewers,
            0 as viewers_joined, 0 as viewers_left, 0 as interactions, minute as product_clicks, 0 as pushes, 1 as orders,
            0 as revenue
        from range(1, 6) t(l), range(7) u(minute) where minute < 6 or l < 5
    """
    page = site(streams)["live"]
    viewers = [row for row in page.rows("Who watches, minute by minute") if row["merchant"] == 0]
    assert [(row["minute"], row["viewers"], row["streams"]) for row in viewers] == [(minute, 3, 5) for minute in range(6)]
    events = [row for row in page.rows("When people click and buy") if row["merchant"] == 0]
    assert [(row["minute"], row["event"], row["value"]) for row in events] == [
        (0, "clicks on products per stream", 10),  # minutes 0 to 4
        (0, "orders per ten streams", 50),
        (5, "clicks on products per stream", (5 * 5 + 4 * 6) / 5),
        (5, "orders per ten streams", 18),
    ]


def test_lines_by_fate_source_and_month(site: Site) -> None:
    page = site()["ingest"]
    assert [(row["source"], row["dt"], row["accepted"], row["read"]) for row in page.rows("Lines accepted")] == [
        ("all", "2026-03-16", 105, 105),
        ("all", "2026-03-02", 2, 3),
        ("all", "2026-03-01", 11, 14),
        ("group", "2026-03-01", 4, 4),
        ("shop", "2026-03-16", 105, 105),
        ("shop", "2026-03-02", 2, 3),
        ("shop", "2026-03-01", 7, 10),
    ]
    fates = Counter(
        {(row["dt"], row["fate"]): row["lines"] for row in page.rows("Lines with another fate") if row["source"] == "all"}
    )
    assert fates == {("2026-03-02", "erased"): 1, ("2026-03-01", "duplicate"): 1, ("2026-03-01", "quarantined"): 2}
    reasons = {(row["source"], row["month"], row["reason"]): row["lines"] for row in page.rows("Why lines were refused")}
    assert len(reasons) == 8  # two reasons, of all and shop, in all months and in March
    assert {*reasons.values()} == {1}
    assert "118 of 122 lines (96.72%)" in page.text
    assert [row["file"] for row in page.rows("Files that could not be read")] == ["stream/dt=2026-03-01/cut.jsonl.gz"]


def test_the_index_tells_the_key_figures(site: Site) -> None:
    text = site()["index"].text
    # 28 days: 30.00 and 12.50; the 28 days before: 50.00.
    assert "42 CNY net revenue of 28 days, 15.0% less than the 28 days before" in text
    assert "1 of 2 merchants at risk of leaving" in text
    assert "407 CNY at stake in a year" in text
    assert "66.7% of 3 closed teams" in text


@pytest.mark.parametrize("merchants", [NAMED_MERCHANTS, NAMED_MERCHANTS + 1, 200])
def test_beyond_the_largest_merchants_the_rest_are_one_choice(settings: Settings, merchants: int) -> None:
    more = f"""
        insert into marts.merchants by name
        select 'x-' || i as merchant_id, 'shop ' || i as name from range({merchants - 2}) t(i);
        insert into marts.per_fan_revenue by name
        select 'x-' || i as merchant_id, i as direct_revenue from range({merchants - 2}) t(i)
    """
    published(settings, more)
    with open_day(settings, AS_OF) as day:
        choices = day.merchants()
        counted = day.rows("select merchant, count(*) as n from choices group by merchant order by merchant")
    assert choices[0] == (0, "all merchants")
    assert len(choices) == 1 + min(merchants, NAMED_MERCHANTS) + (merchants > NAMED_MERCHANTS)
    assert counted[0]["n"] == merchants
    assert sum(row["n"] for row in counted[1:]) == merchants
    if merchants == 200:
        assert choices[1] == (1, "shop 197 · x-197")
        assert choices[-1] == (NAMED_MERCHANTS + 1, "the 170 other merchants")


def test_of_very_many_regions_the_largest_are_shown(site: Site) -> None:
    many = """
        insert into marts.merchants by name select 'x-' || i as merchant_id, 'R-' || i // 2 as region from range(4000) t(i);
        insert into marts.merchant_churn_flags by name
        select 'x-' || i as merchant_id, 'at_risk' as stage, 1 as at_stake, 0.5 as churn_probability, 2 as revenue_28d
        from range(4000) t(i);
        insert into marts.team_formation_by_region by name
        select 'R-' || i as region, month, 30 + i as opened, 30 + i as closed, 3 as formed_organic, 0.1 as formation_rate,
            0.05 as formation_rate_lo, 0.2 as formation_rate_hi, 0.1 as formation_rate_shrunk, 9 as opens_per_1000_users
        from range(2000) t(i), (values ('all'), ('2026-01'), ('2026-02')) u(month)
    """
    pages = site(SINCE_JANUARY, many)
    rows = {title: pages["merchants"].rows(title) for title in ("Merchants by stage", "Where most is at stake")}
    assert {title: len({row["region"] for row in found}) for title, found in rows.items()} == dict.fromkeys(rows, 41)
    assert sum(row["merchants"] for row in rows["Merchants by stage"] if row["region"] == "all") == 4002
    shown = pages["regions"].rows("Where teams form")
    assert {row["name"] for row in shown} == {f"R-{number}" for number in range(1940, 2000)}
    assert "Of 2,000 regions with more, the 60 with most are shown." in pages["regions"].text


def test_no_chart_has_a_row_twice(site: Site) -> None:
    """Bars of rows that are there twice are stacked, and nobody sees it."""
    checked = 0
    for shown in site(SINCE_JANUARY).values():
        for section in shown.page.sections:
            figures = {column.name for column in section.columns if column.form is not Form.TEXT} - {"period", "minute", "day"}
            keys = [tuple(value for name, value in row.items() if name not in figures) for row in section.rows]
            assert len({*keys}) == len(keys), section.title
            checked += bool(keys)
    assert checked > 10


def test_money_that_does_not_fit_is_told_as_nothing(site: Site) -> None:
    pages = site(SINCE_JANUARY, "update marts.orders set net = null", "update marts.live_sessions set revenue = null")
    assert {row["net"] for row in pages["platform"].rows("Revenue by week")} == {None}


def test_a_day_without_anything_has_pages_that_say_so(site: Site) -> None:
    pages = site(*(f"delete from marts.{table.name}" for table in marts()))
    assert len(pages) == 8
    sections = [
        section for shown in pages.values() for section in shown.page.sections if section.title != "What the gates found"
    ]
    assert len(sections) > 20
    assert [section.title for section in sections if section.rows] == []
    assert all(section.empty for section in sections)
    assert "0 CNY" in pages["index"].text


def test_figures_equal_those_of_the_file_for_every_merchant(settings: Settings, site: Site) -> None:
    rows = site(SINCE_JANUARY)["merchants"].rows("The last twelve weeks")
    with duckdb.connect(str(settings.published / "current" / "fanout.duckdb"), read_only=True) as con:
        expected = con.execute("select merchant_id, sum(revenue) from marts.merchant_weeks group by 1 order by 1").fetchall()
    assert [(name, float(total)) for name, total in expected] == [
        (name, sum(row["revenue"] for row in rows if row["merchant"] == place)) for name, place in (("m-1", 1), ("m-2", 2))
    ]
