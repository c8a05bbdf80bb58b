"""The regions: where team purchases form, where few are opened, and which design of a team works."""

from __future__ import annotations

from contract.values import QUADRANTS
from static_site import charts
from static_site.pages.telling import ALL, month_choice, region
from static_site.published_day import PublishedDay, Row
from static_site.section import Choice, Column, Form, Page, Section

THIN = 30  # teams that have closed; fewer say too little of a region, as `team_design.is_thin` has it
_LARGEST = 60  # regions that are drawn
_BY_MONTH = ("month",)
_BY_REGION = ("region",)
_QUADRANTS = {name: name.replace("_", " ").replace("opens ", "opens, ") for name in QUADRANTS}


def page(day: PublishedDay) -> Page:
    rows = day.rows(
        f"""
        select
            region, month, opened, closed, formed_organic, formation_rate, formation_rate_lo, formation_rate_hi,
            formation_rate_shrunk, opens_per_1000_users, quadrant
        from marts.team_formation_by_region
        where closed > 0 and region in (
            select region from marts.team_formation_by_region
            where month = '{ALL}' and region != 'unknown'
            order by closed desc, region
            limit {_LARGEST}
        )
        order by month, formation_rate desc, region
        """
    )
    rows = [
        row
        | {
            "name": region(row["region"]),
            "code": row["region"].rpartition("-")[2],
            "quadrant": _QUADRANTS.get(row["quadrant"], "no medians to compare with"),
        }
        for row in rows
    ]
    months = day.months()
    shown = [row for row in rows if row["closed"] >= THIN and (row["month"] == ALL or row["month"] in months)]
    monthly = [row for row in rows if row["month"] in months]
    largest = sorted((row for row in rows if row["month"] == ALL), key=lambda row: (-row["closed"], row["region"]))
    regions = [(row["region"], row["name"]) for row in largest if row["region"] in {found["region"] for found in monthly}]
    choices = [month_choice(sorted({row["month"] for row in shown} - {ALL}))]
    choices += [Choice("region", "Region, by month", regions)] if regions else []
    return Page(
        "regions",
        "Regions",
        "In which regions teams form, in which few are opened, and which design of a team purchase works.",
        (_rates(day, shown), _quadrants(shown), _months(monthly if regions else [], months), _designs(day)),
        choices=tuple(choices),
    )


_NAME = Column("name", "region")
_RATE = Column("formation_rate", "teams formed of those that closed", Form.RATE)
_LOW, _HIGH = Column("formation_rate_lo", "from", Form.RATE), Column("formation_rate_hi", "to", Form.RATE)
_CLOSED = Column("closed", "teams closed", Form.COUNT)
_FORMED = Column("formed_organic", "formed without the platform's help", Form.COUNT)
_BOUNDS = (_LOW.name, _HIGH.name)


def _keep(rows: list[Row], *names: str) -> list[Row]:
    return [{name: row[name] for name in names} for row in rows]


def _rates(day: PublishedDay, shown: list[Row]) -> Section:
    columns = (_NAME, _RATE, _LOW, _HIGH, _FORMED, _CLOSED)
    left_out = day.row(
        f"""
        select count(*) filter (where closed < {THIN}) as thin, count(*) filter (where closed >= {THIN}) as enough
        from marts.team_formation_by_region where month = '{ALL}' and region != 'unknown'
        """
    )
    drawn = sum(row["month"] == ALL for row in shown)
    largest = (
        f" Of {left_out['enough']:,} regions with more, the {drawn} with most are shown." if drawn < left_out["enough"] else ""
    )
    return Section(
        "Where teams form",
        "Teams that formed without the platform's help, of those that formed or failed; the line is the 95% interval. Regions "
        f"with fewer than {THIN} closed teams are left out ({left_out['thin']:,} over all months), as are teams of unknown "
        f"region.{largest}",
        _keep(shown, "month", *(column.name for column in columns)),
        columns,
        charts.intervals(_NAME, _RATE, _BOUNDS, [column.tooltip for column in columns], _BY_MONTH),
        _BY_MONTH,
        gloss=("team_formation_by_region.formation_rate", "team_formation_by_region.closed"),
        empty=f"No region has {THIN} closed teams.",
    )


def _quadrants(shown: list[Row]) -> Section:
    opens = Column("opens_per_1000_users", "teams opened per 1,000 users", Form.NUMBER)
    rate = Column("formation_rate_shrunk", "rate, shrunk towards that of all regions", Form.RATE)
    quadrant = Column("quadrant", "against the medians")
    columns = (_NAME, opens, rate, quadrant, _CLOSED)
    rows = [row for row in shown if row["opens_per_1000_users"] is not None]
    parts = [
        *_QUADRANTS.values(),
        *(["no medians to compare with"] if any(row["quadrant"] not in _QUADRANTS.values() for row in rows) else []),
    ]
    return Section(
        "Many opened, few formed",
        "Right: many teams are opened for each 1,000 users. Up: many of them form. Regions low on the right have leaders who "
        "need help to fill teams; regions high on the left would gain from more leaders. The letters are the ends of ISO "
        "3166-2 codes.",
        _keep(rows, "month", "code", *(column.name for column in columns)),
        columns,
        charts.points("code", opens, rate, (quadrant, parts), [column.tooltip for column in columns], _BY_MONTH),
        _BY_MONTH,
        gloss=("team_formation_by_region.formation_rate_shrunk", "team_formation_by_region.quadrant"),
        empty=f"No region has {THIN} closed teams.",
    )


def _months(monthly: list[Row], months: list[str]) -> Section:
    month = Column("month", "month in which the teams were opened")
    columns = (_NAME, month, _RATE, _LOW, _HIGH, _FORMED, _CLOSED)
    rows = sorted(sorted(monthly, key=lambda row: row["month"], reverse=True), key=lambda row: row["region"])
    return Section(
        "A region by month",
        "The same rate of the chosen region, month by month. A long line says that few teams closed: read no trend into it.",
        _keep(rows, "region", *(column.name for column in columns)),
        columns,
        charts.interval_over_time(month, _RATE, _BOUNDS, [column.tooltip for column in columns], months, _BY_REGION),
        _BY_REGION,
        gloss=("team_formation_by_region.formation_rate_lo",),
        empty="No month of a region is over.",
    )


def _designs(day: PublishedDay) -> Section:
    rows = day.rows(
        """
        select
            size_required || ' · ' || benefit_side || ' · ' || replace(goal, '_', ' ') as design,
            formation_rate, formation_rate_lo, formation_rate_hi, formation_rate_standardised, closed,
            new_buyers_per_closed_team, revenue_per_closed_team
        from marts.team_design
        where not is_thin
        order by formation_rate desc, size_required, benefit_side, goal
        """
    )
    design = Column("design", "people needed · who gets the benefit · goal")
    columns = (
        design,
        _RATE,
        _LOW,
        _HIGH,
        Column("formation_rate_standardised", "with the platform's mix of regions and products", Form.RATE),
        _CLOSED,
        Column("new_buyers_per_closed_team", "new buyers per closed team", Form.DECIMAL),
        Column("revenue_per_closed_team", f"net revenue per closed team, {day.currency}", Form.DECIMAL),
    )
    return Section(
        "Which design of a team works",
        f"Teams by the people they need · who gets the benefit · the goal of the offer; the line is the 95% interval. Designs "
        f"with fewer than {THIN} closed teams are left out.",
        rows,
        columns,
        charts.intervals(design, _RATE, _BOUNDS, [column.tooltip for column in columns], ()),
        (),
        gloss=("team_design.formation_rate", "team_design.formation_rate_standardised"),
        empty=f"No design has {THIN} closed teams.",
    )
