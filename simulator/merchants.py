"""Merchants: their lives (some leave, some sleep and come back), their products, and what they do on the platform."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from simulator.calendar import DAY, HOUR, Bools, Calendar, Floats, Ints, moments
from simulator.delivery import Outbox
from simulator.draws import only, pick, spans, whole
from simulator.geography import REGIONS

FAR = 1 << 30  # a day that never comes
CAMPAIGN_DAYS = 30  # that a campaign has the same name
MANAGERS = ("am-01", "am-02", "am-03", "am-04", "am-05", "am-06")
_SURNAMES = "林陈王李张刘黄吴周徐孙马朱胡郭何高罗"
_TRADES = (
    ("鲜果铺", "fruit", "🍊"),
    ("茶坊", "tea", "🍵"),
    ("母婴馆", "baby", "🍼"),
    ("美妆铺", "beauty", "💄"),
    ("零食屋", "snacks", "🍪"),
    ("家纺店", "home", "🛏️"),
    ("海产行", "seafood", "🦐"),
    ("花艺社", "flowers", "🌷"),
    ("童书馆", "books", "📚"),
    ("粮油店", "staples", "🌾"),
)
_GOODS = {
    "fruit": ("赣南脐橙", "烟台苹果", "海南芒果", "阳光玫瑰"),
    "tea": ("安溪铁观音", "西湖龙井", "普洱熟茶", "茉莉花茶"),
    "baby": ("婴儿湿巾", "纯棉爬服", "学饮杯", "绘本盒"),
    "beauty": ("玻尿酸面膜", "口红礼盒", "防晒霜", "护手霜"),
    "snacks": ("每日坚果", "牛肉干", "手工蛋黄酥", "海苔卷"),
    "home": ("四件套", "蚕丝被", "记忆枕", "毛巾礼盒"),
    "seafood": ("即食海参", "大闸蟹", "鲜虾仁", "黄花鱼"),
    "flowers": ("鲜花月卡", "多肉组合", "玫瑰花束", "永生花"),
    "books": ("绘本套装", "科普百科", "识字卡", "故事机"),
    "staples": ("五常大米", "山茶油", "小米礼盒", "黑木耳"),
}
_WORDINGS = ("全网最低价，限时秒杀🔥", "产地直发，坏果包赔", None)
_FEATURES = ("coupon", "team_purchase", "live", "analytics", "group_manager", "outreach")
_LEAD_STAGES = ("ad_click", "contacted", "called", "contracted", "live")
_LEAD_CHANNELS = ("search_ad", "referral", "exhibition", "douyin")
_SPEND_CHANNELS = ("moments_ad", "kol", "search_ad", "offline")


class Role(IntEnum):
    """What is planted for a merchant."""

    STEADY = 0
    LEAVER = 1  # stops for good, mostly after a decline
    SLEEPER = 2  # stops for more than two months and comes back


@dataclass
class Merchants:
    """One entry a merchant; days are counted from the landing's first, a day that never comes is FAR.

    On and after `leaves_on`, and from `sleeps_from` to before `wakes_on`, a merchant has no order and no login.
    """

    role: Ints
    onboarded_on: Ints
    declines_from: Ints
    leaves_on: Ints
    sleeps_from: Ints
    wakes_on: Ints
    breaks_from: Ints  # two breaks each: days without any business that are no sign of leaving
    break_days: Ints
    dips_on: Ints  # the middle of a passing bad month
    growth: Floats
    wave: Floats
    size: Floats
    login_rate: Floats
    pace: Floats
    price_level: Floats
    is_live: Bools
    pays_commission: Bools
    writes_numbers: Bools
    product_start: Ints
    products: Ints
    list_price: Ints  # cents, one entry a product

    def __len__(self) -> int:
        return len(self.role)

    def ids(self, merchants: Ints) -> list[str]:
        return [f"m-{number + 1:04d}" for number in merchants.tolist()]

    def activity(self, day: int) -> Floats:
        """The part of its usual business that each merchant does on a day: 0 while it is away."""
        age = day - self.onboarded_on
        start = np.clip((age + 4) / 18, 0, 1)
        decline = np.clip((day - self.declines_from) / np.maximum(self.leaves_on - self.declines_from, 1), 0, 1)
        decline = np.where(self.declines_from < FAR, decline, 0)
        swing = 1 + 0.12 * np.sin(day / 9 + self.wave)
        on_break = ((day >= self.breaks_from) & (day < self.breaks_from + self.break_days)).any(axis=1)
        dip = 0.8 * np.clip(1.5 - np.abs(day - self.dips_on) / 18, 0, 1)
        away = on_break | ~self.is_open_on(np.full(len(self), day))
        return np.where(away, 0.0, start * (1 - 0.9 * decline**1.4) * (1 - dip) * swing * np.exp(self.growth * age / 240))

    def is_open_on(self, days: Ints, merchants: Ints | slice = slice(None)) -> Bools:
        """Whether each merchant is on the platform on the day given for it in `days`."""
        is_asleep = (days >= self.sleeps_from[merchants]) & (days < self.wakes_on[merchants])
        return (days >= self.onboarded_on[merchants]) & (days < self.leaves_on[merchants]) & ~is_asleep


def build_merchants(rng: np.random.Generator, calendar: Calendar, count: int) -> Merchants:
    """Merchants with their whole lives planned; roles have fixed quotas, so that every landing shows all of them."""
    days = calendar.days
    role = rng.permutation(np.resize(np.repeat(list(Role), (10, 8, 2)), count)).astype(np.int64)
    onboarded = np.where(rng.random(count) < 0.72, rng.random(count) * 0.1, rng.random(count) * 0.8) * days
    onboarded = np.where(np.arange(count) % 10 == 5, np.maximum(days - 25 * rng.random(count), 0), onboarded)
    onboarded = onboarded.astype(np.int64)
    leaves, declines = np.full(count, FAR), np.full(count, FAR)
    leavers = np.flatnonzero(role == Role.LEAVER)
    spread = _evenly(rng, len(leavers))
    onboarded[leavers] = np.minimum(onboarded[leavers], (0.25 * days * rng.random(len(leavers))).astype(np.int64))
    leaves[leavers] = np.maximum(days * (0.2 + 1.1 * spread), onboarded[leavers] + min(40, days // 4) + 1).astype(np.int64)
    decline_days = np.clip(32 * rng.lognormal(0, 0.45, len(leavers)), 3, 90)
    decline_days[rng.random(len(leavers)) < 0.3] = 1  # out of the blue
    declines[leavers] = np.maximum(leaves[leavers] - decline_days.astype(np.int64), onboarded[leavers] + 5)
    sleeps, wakes = np.full(count, FAR), np.full(count, FAR)
    sleepers = np.flatnonzero(role == Role.SLEEPER)
    onboarded[sleepers] = np.minimum(onboarded[sleepers], days // 10)
    wakes[sleepers] = np.ceil(days * (0.72 + 0.26 * _evenly(rng, len(sleepers))))
    sleeps[sleepers] = np.maximum(wakes[sleepers] - rng.integers(64, 95, len(sleepers)), onboarded[sleepers] + days // 8)
    products = rng.integers(5, 13, count)
    start = np.cumsum(products) - products
    price_level = 45 * rng.lognormal(0, 0.6, count)
    yuan = np.maximum(np.round(np.repeat(price_level, products) * rng.lognormal(0, 0.5, products.sum())), 5)
    return Merchants(
        role=role,
        onboarded_on=onboarded,
        declines_from=declines,
        leaves_on=leaves,
        sleeps_from=sleeps,
        wakes_on=wakes,
        breaks_from=np.where(rng.random((count, 2)) < 0.45, (rng.random((count, 2)) * 1.3 * days).astype(np.int64), FAR),
        break_days=np.clip(17 * rng.lognormal(0, 0.7, (count, 2)), 5, 55).astype(np.int64),
        dips_on=np.where(rng.random(count) < 0.4, (rng.random(count) * 1.3 * days).astype(np.int64), FAR),
        growth=rng.normal(0.1, 0.3, count),
        wave=rng.uniform(0, 6.28, count),
        size=rng.lognormal(0, 1.15, count) * np.where(role == Role.LEAVER, 0.6, 1),
        login_rate=rng.uniform(0.08, 0.9, count),
        pace=rng.lognormal(0, 0.25, count),
        price_level=price_level,
        is_live=rng.random(count) < 0.35,
        pays_commission=rng.random(count) < 0.6,
        writes_numbers=rng.random(count) < 0.1,
        product_start=start,
        products=products,
        list_price=(yuan * 100 - rng.choice([0, 10, 20], len(yuan))).astype(np.int64),
    )


def _evenly(rng: np.random.Generator, count: int) -> Floats:
    """`count` rising random numbers from 0 to 1, one in each of `count` equal parts."""
    return (np.arange(count) + rng.random(count)) / max(count, 1)


def pick_products(merchants: Merchants, rng: np.random.Generator, of: Ints) -> Ints:
    """A random product for each merchant, as its position within the merchant; the first ones sell best."""
    return (merchants.products[of] * rng.random(len(of)) ** 2).astype(np.int64)


def product_ids(positions: Ints) -> list[str]:
    """Ids that are unique within a merchant only."""
    return [f"p-{position + 1}" for position in positions.tolist()]


def money(merchants: Merchants, of: Ints, cents: Ints) -> list[str | float]:
    """Amounts as each merchant's software writes them: decimal strings, or JSON numbers."""
    return [
        value / 100 if as_number else f"{value // 100}.{value % 100:02d}"
        for value, as_number in zip(cents.tolist(), merchants.writes_numbers[of].tolist(), strict=True)
    ]


def managers(of: Ints) -> list[str | None]:
    """The account manager of each merchant; some have none."""
    number = (of * 5) % (len(MANAGERS) + 1)
    return [MANAGERS[k] if k < len(MANAGERS) else None for k in number.tolist()]


def run_merchants(merchants: Merchants, calendar: Calendar, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    """What the merchants themselves do on a day: onboarding, listings, logins, leads and spending."""
    activity = merchants.activity(day)
    _onboard(merchants, calendar, outbox, rng, day)
    _list_products(merchants, calendar, outbox, rng, day, activity)
    _log_in(merchants, calendar, outbox, rng, day, activity)
    _lead(merchants, calendar, outbox, rng, day)
    _spend(merchants, calendar, outbox, rng, day, activity)


def _onboard(merchants: Merchants, calendar: Calendar, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    """Onboard new merchants on their first morning, and occasionally change the record of an old one."""
    new = np.flatnonzero(merchants.onboarded_on == day)
    old = np.flatnonzero(merchants.is_open_on(np.full(len(merchants), day)) & (merchants.onboarded_on < day))
    changed = rng.choice(old, min(len(old), whole(rng, len(old) / 200)), replace=False)
    who = np.concatenate([new, changed])
    at = np.concatenate([np.full(len(new), calendar.midnight(day)), moments(rng, calendar, day, len(changed))])
    trade = [_TRADES[(7 * number) % len(_TRADES)] for number in who.tolist()]
    outbox.add(
        "shop.merchant_onboarded.v1",
        at,
        merchant_id=merchants.ids(who),
        name=[
            f"{_SURNAMES[number % len(_SURNAMES)]}记{name}{icon if number % 3 == 0 else ''}"
            + (f"{number // 90 + 1}号店" if number >= 90 else "")
            for number, (name, _, icon) in zip(who.tolist(), trade, strict=True)
        ],
        category=[category for _, category, _ in trade],
        region=[REGIONS[(11 * number) % len(REGIONS)].code if number % 17 else None for number in who.tolist()],
        city_tier=[1 + (3 * number) % 5 for number in who.tolist()],
        plan=pick(rng, ("basic", "pro", "flagship"), len(who), (0.5, 0.35, 0.15)),
        account_manager=managers(who),
    )


def _list_products(
    merchants: Merchants, calendar: Calendar, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats
) -> None:
    """List all products on the first morning; later, list a few again at another price."""
    new = np.flatnonzero(merchants.onboarded_on == day)
    which, position = spans(np.zeros(len(new), np.int64), merchants.products[new])
    merchant = new[which]
    again = np.flatnonzero((rng.random(len(merchants)) < 0.012 * activity) & (merchants.onboarded_on < day))
    first_hour = calendar.midnight(day) + rng.integers(1_000, HOUR, len(merchant))
    at = np.concatenate([first_hour, moments(rng, calendar, day, len(again))])
    merchant = np.concatenate([merchant, again])
    position = np.concatenate([position, pick_products(merchants, rng, again)])
    index = merchants.product_start[merchant] + position
    is_repriced = np.arange(len(index)) >= len(index) - len(again)
    merchants.list_price[index[is_repriced]] = np.maximum(
        (merchants.list_price[index[is_repriced]] * rng.uniform(0.85, 1.15, len(again))).astype(np.int64), 100
    )
    price = merchants.list_price[index]
    category = [_TRADES[(7 * number) % len(_TRADES)][1] for number in merchant.tolist()]
    outbox.add(
        "shop.product_listed.v1",
        at,
        merchant_id=merchants.ids(merchant),
        product_id=product_ids(position),
        title=[_GOODS[name][k % 4] for name, k in zip(category, position.tolist(), strict=True)],
        category=category,
        list_price=money(merchants, merchant, price),
        cost=money(merchants, merchant, price * 55 // 100),
        market_price=money(merchants, merchant, price * 13 // 10),
        promo_price=only(money(merchants, merchant, price * 9 // 10), (position + day) % 5 == 0),
        purchase_limit=[2 if k % 11 == 0 else None for k in position.tolist()],
        copy_text=pick(rng, _WORDINGS, len(merchant), (0.1, 0.4, 0.5)),
    )


def _log_in(
    merchants: Merchants, calendar: Calendar, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats
) -> None:
    is_in = rng.random(len(merchants)) < np.minimum(merchants.login_rate * np.minimum(activity, 1), 1)
    who = np.flatnonzero(is_in | ((merchants.onboarded_on == day) & (activity > 0)))
    opened = moments(rng, calendar, day, len(who))
    used = rng.random(len(who)) < 0.35
    fading = 1 - np.minimum(activity[who], 1)
    asks = rng.random(len(who)) < 0.02 + 0.12 * fading
    later = np.minimum(opened + rng.integers(60_000, HOUR, len(who)), calendar.midnight(day + 1) - 1)
    at = np.concatenate([opened, later[used], later[asks]])
    merchant = np.concatenate([who, who[used], who[asks]])
    feature = pick(rng, _FEATURES, int(used.sum()))
    outbox.add(
        "shop.merchant_active.v1",
        at,
        merchant_id=merchants.ids(merchant),
        action=["login"] * len(who) + ["feature_used"] * int(used.sum()) + ["support_ticket"] * int(asks.sum()),
        feature=[None] * len(who) + feature + [None] * int(asks.sum()),
    )


def _lead(merchants: Merchants, calendar: Calendar, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    """Future merchants pass all stages of a lead until their first day; as many other leads stop on the way."""
    won = np.flatnonzero(np.maximum(merchants.onboarded_on - 12, 0) == day)
    lost = whole(rng, 1.5 * len(merchants) / calendar.days)
    first = moments(rng, calendar, day, len(won) + lost)
    first[: len(won)] = calendar.midnight(day) + rng.integers(0, HOUR, len(won))
    stages = np.concatenate([np.full(len(won), 5), rng.choice([1, 2, 3, 4], lost, p=[0.5, 0.25, 0.15, 0.1])])
    last = np.concatenate([calendar.midnight(0) + merchants.onboarded_on[won] * DAY + 2 * HOUR, first[len(won) :] + 9 * DAY])
    channel = pick(rng, _LEAD_CHANNELS, len(first))
    merchant_id: list[str | None] = [*merchants.ids(won), *([None] * lost)]
    lead = [f"ld-{day:04d}-{k:03d}" for k in range(len(first))]
    for number, stage in enumerate(_LEAD_STAGES):
        here = np.flatnonzero(stages > number)
        outbox.add(
            "shop.merchant_lead.v1",
            first[here] + (last[here] - first[here]) * number // (len(_LEAD_STAGES) - 1),
            lead_id=[lead[k] for k in here.tolist()],
            stage=[stage] * len(here),
            channel=[channel[k] for k in here.tolist()],
            merchant_id=[merchant_id[k] if number >= 3 else None for k in here.tolist()],  # from the contract on
        )


def _spend(
    merchants: Merchants, calendar: Calendar, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats
) -> None:
    who = np.flatnonzero(rng.random(len(merchants)) < 0.1 * np.minimum(activity, 1))
    cents = (30_000 * np.sqrt(merchants.size[who]) * rng.lognormal(0, 0.6, len(who))).astype(np.int64)
    platform = day % 7 == 0
    outbox.add(
        "shop.spend_recorded.v1",
        moments(rng, calendar, day, len(who) + platform),
        merchant_id=[*merchants.ids(who), *([None] * platform)],
        campaign_id=[campaign(day) if k % 2 else None for k in range(len(who) + platform)],
        channel=pick(rng, _SPEND_CHANNELS, len(who) + platform),
        amount=[*money(merchants, who, cents), *(["5000.00"] * platform)],
    )


def campaign(day: int) -> str:
    """The name, the same for the whole platform, of the campaign that runs on a day."""
    return f"c-{day // CAMPAIGN_DAYS + 1:02d}"
