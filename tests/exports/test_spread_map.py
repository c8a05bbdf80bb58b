"""The spread map, on a hand-worked tree and on one of twenty thousand shares."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from contract.settings import Settings
from exports.packs.export_day import open_day
from exports.pages.spread import DRAWN, Spread, largest_cascades, one_cascade
from exports.spread_map import NothingToDraw, main, spread_map
from tests.small_warehouse import AS_OF, published

# A root with 19,999 shares in chains of ten, each by its own user.
LARGE = """
    insert into marts.cascade_nodes by name
    select 'm-1' as merchant_id, 'x-' || i as share_id, 'u-' || i as user_id, 'group' as channel,
        timestamp '2026-03-01' + interval (i) minute as shared_at, 'x-0' as root_share_id,
        case when i = 0 then null when i % 10 = 1 then 'x-0' else 'x-' || (i - 1) end as parent_share_id,
        'declared' as parent_status, case when i = 0 then 0 else (i - 1) % 10 + 1 end as depth,
        case when i = 0 then 20000 else least(10 - (i - 1) % 10, 20000 - i) end as subtree_shares, 0 as subtree_orders,
        0 as subtree_revenue
    from range(20000) t(i);
    insert into marts.cascades by name
    select 'm-1' as merchant_id, 'x-0' as root_share_id, 'u-0' as root_user_id, timestamp '2026-03-01' as started_at,
        20000 as shares, 20000 as sharers, 10 as depth, 0 as orders, 0 as revenue;
    insert into marts.cascade_layers by name
    select 'm-1' as merchant_id, 'x-0' as root_share_id, d as depth, 2000 as shares, 2000 as sharers, 0 as openers, 0 as orders,
        0 as revenue
    from range(11) t(d)
"""


def spread_of(settings: Settings, root: str | None, key: str | None = None) -> Spread | None:
    with open_day(replace(settings, pseudonym_key=key), AS_OF, None) as day:
        if root:
            return one_cascade(day, "m-1", root)
        day.con.execute("create temp table batch as select unnest(['m-1', 'nobody']) as merchant_id")
        return largest_cascades(day).get("m-1")


def text_of(page: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.decode()))


def test_a_cascade_is_shown_with_its_layers_carriers_and_revenue(settings: Settings) -> None:
    published(settings, "delete from marts.suppressed_fans")
    spread = spread_of(settings, "s-1")
    assert spread
    assert [share["share_id"] for share in spread.shares] == ["s-1", "s-2", "s-3", "s-4"]
    assert [(layer["depth"], layer["shares"], layer["openers"]) for layer in spread.layers] == [(0, 1, 3), (1, 2, 2), (2, 1, 0)]
    # u-1's share was passed on by u-3, who belongs to another circle; u-2 to u-1's own.
    assert [tuple(row.values()) for row in spread.carriers] == [("u-1", 1, 1, 10)]
    assert spread.hidden == {}
    assert [made for _, made in spread.growth] == [1, 2, 3, 4]
    page = spread_map(settings, AS_OF, "m-1", "s-1")
    assert "How share s-1 of m-1 spread" in page.decode()
    assert "4 shares 3 layers 2 orders 30 net revenue" in text_of(page)
    assert page == spread_map(settings, AS_OF, "m-1", "s-1")


@pytest.mark.parametrize(
    ("last", "axis"),
    [
        pytest.param("2026-04-17 16:17:06", "days since the first share 73.5", id="1764.2 hours"),
        pytest.param("2026-02-03 16:05:06", "hours since the first share 12", id="twelve hours"),
        pytest.param("2026-02-03 05:50:06", "minutes since the first share 105", id="under two hours"),
    ],
)
def test_the_growth_is_drawn_in_the_unit_of_time_that_suits_it(settings: Settings, last: str, axis: str) -> None:
    """The first share was on 2026-02-03 at 04:05:06."""
    published(
        settings,
        f"""update marts.cascade_nodes set shared_at = if(share_id = 's-1', shared_at, timestamp '{last}')
        where merchant_id = 'm-1'""",
    )
    label, number = axis.rsplit(" ", 1)
    assert re.search(f"0 +{number} +{label}", text_of(spread_map(settings, AS_OF, "m-1", "s-1")))


def test_one_share_grows_no_curve(settings: Settings) -> None:
    published(settings)
    assert "Shares made so far Nothing to show." in text_of(spread_map(settings, AS_OF, "m-2", None))


def test_people_who_refused_are_not_named_and_pseudonyms_stand_for_ids(settings: Settings) -> None:
    published(settings, "delete from marts.suppressed_fans")
    spread = spread_of(settings, None, "k" * 32)
    assert spread
    [carrier] = spread.carriers
    assert carrier["fan"].startswith("fan-")
    refused = "insert into marts.suppressed_fans by name select 'm-1' as merchant_id, 'u-1' as user_id"
    published(settings, "delete from marts.suppressed_fans", refused)
    spread = spread_of(settings, None)
    assert spread
    assert spread.shares
    assert spread.carriers == []


def test_a_large_spread_stays_small_and_says_what_it_leaves_out(settings: Settings) -> None:
    published(settings, *LARGE.split(";"))
    page = spread_map(settings, AS_OF, "m-1", "x-0")
    assert len(page) < 1_000_000
    assert f"The {DRAWN:,} shares with the largest subtrees are drawn; {20_000 - DRAWN:,} more" in text_of(page)
    counted = [int(number.replace(",", "")) for number in re.findall(r">\+([\d,]+)<", page.decode())]
    # Below the root are 1,999 chains of ten and one of nine; of 999 of ten the first share is drawn.
    assert counted[0] == 1_000 * 10 + 9
    assert 10 < len(counted) <= 40
    assert set(counted[1:]) == {9}
    assert not re.search(r"(src|href)=\"https?:|url\(https?:|<script", page.decode())


def test_what_is_not_there_is_said(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    published(settings, "update marts.cascades set started_at = timestamp '2025-12-20' where merchant_id = 'm-2'")
    with pytest.raises(NothingToDraw, match="no cascade 'nope' of merchant 'm-1'"):
        spread_map(settings, AS_OF, "m-1", "nope")
    with pytest.raises(NothingToDraw, match="no cascade of merchant 'm-2' in the 90 days to 2026-03-20"):
        spread_map(settings, AS_OF, "m-2", None)
    monkeypatch.setenv("FANOUT_HOME", str(settings.home))
    out = tmp_path / "map.html"
    command = ["spread_map", "--as-of", "2026-03-20", "--out", str(out), "--merchant"]
    monkeypatch.setattr(sys, "argv", [*command, "'; drop table x; --"])
    assert main() == 1
    assert "see marts.cascades" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", [*command, "m-1"])
    assert main() == 0
    assert "How m-1&#39;s shares spread" in out.read_text()
