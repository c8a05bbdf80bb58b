"""The words of a language: one catalogue each, `words/<language>.toml`, and how numbers, money and days are written."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "words"
Number = Decimal | float | int
Units = tuple[tuple[int, str], ...]
# From which size on a number is written in a larger unit; thousands only where room is short.
_SIZES: dict[str, Units] = {
    "en": ((1, ""), (10**3, "k"), (10**6, "M"), (10**9, "bn")),
    "zh": ((1, ""), (10**4, "万"), (10**8, "亿")),
}
LANGUAGES = tuple(_SIZES)
_CURRENCIES: dict[str, dict[str, str]] = {"en": {}, "zh": {"CNY": "元"}}
_SHORT_OF_ROOM = "k"
_WITH_ROOM = {language: tuple(unit for unit in units if unit[1] != _SHORT_OF_ROOM) for language, units in _SIZES.items()}
_KNOWN_NUMBERS = 50_000  # that are kept as they are written: most of a day are small counts
_TIMES = (("days", 86_400), ("hours", 3_600), ("minutes", 60))
_SPANS = 2  # of a unit of time make it worth using


@dataclass(frozen=True)
class Words:
    """The catalogue of one language.

    >>> Words.of("en")("unit.days", n=3)
    '3 days'
    """

    language: str
    texts: dict[str, str]

    @classmethod
    @cache
    def of(cls, language: str) -> Words:
        sections = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
        return cls(language, {f"{section}.{name}": text for section, texts in sections.items() for name, text in texts.items()})

    def __call__(self, name: str, /, **values: object) -> str:
        """The text of a name with its placeholders filled.

        Raises:
            KeyError: the catalogue lacks the name, or the text has a placeholder that is not given.
        """
        return self.texts[name].format(**values)

    def days(self, count: int) -> str:
        return self("unit.day") if count == 1 else self("unit.days", n=count)

    def region(self, code: str) -> str:
        """The name of a region where the catalogue has one; other codes as they come.

        >>> Words.of("zh").region("CN-ZJ"), Words.of("zh").region("FR-75")
        ('浙江', 'FR-75')
        """
        return self("unit.unknown") if code == "unknown" else self.texts.get(f"region.{code}", code)

    def page_kind(self, kind: str) -> str:
        """What kind of page it is; a kind that the catalogue does not know as the shop names it.

        >>> Words.of("zh").page_kind("product"), Words.of("zh").page_kind("faq")
        ('商品页', 'faq')
        """
        return self.texts.get(f"page.{kind}", kind)

    def currency(self, code: str) -> str:
        return _CURRENCIES[self.language].get(code, code)

    def number(self, value: Number) -> str:
        """A count, or an amount without its currency: whole, or in a larger unit with two decimals.

        >>> [Words.of("en").number(n) for n in (9_300, 12_345, 1_234_567)]
        ['9,300', '12,345', '1.23M']
        >>> [Words.of("zh").number(n) for n in (9_300, 12_345, 123_456_789)]
        ['9,300', '1.23万', '1.23亿']
        """
        return _in_unit(value, self._sizes(), places=2)

    def short(self, value: Number) -> str:
        """A number where there is little room: three digits or so.

        >>> Words.of("en").short(9_300), Words.of("en").short(123_456), Words.of("en").short(2_500_000_000)
        ('9.3k', '123k', '2.5bn')
        >>> Words.of("zh").short(9_300), Words.of("zh").short(12_345)
        ('9,300', '1.2万')
        """
        return _in_unit(value, _SIZES[self.language], places=1)

    def money(self, amount: Number, currency: str) -> str:
        """An amount in a sentence or by itself; without a unit where the language has no short word for the currency.

        >>> Words.of("zh").money(9_300, "CNY"), Words.of("zh").money(12_345, "CNY"), Words.of("en").money(9_300, "CNY")
        ('9,300元', '1.23万元', '9,300')
        """
        return self.with_unit(self.number(amount), currency)

    def with_unit(self, written: str, currency: str) -> str:
        return written + _CURRENCIES[self.language].get(currency, "")

    def parts(self, amounts: Sequence[Decimal | None]) -> tuple[str, list[str]]:
        """A whole and its parts in one unit that is not too large for the smallest, rounded so that what is written adds up.

        A part that did not fit its mart is null: it is left blank, and so is the whole.

        >>> Words.of("zh").parts([Decimal(9_300), Decimal(114_200)])
        ('12.35万', ['0.93万', '11.42万'])
        >>> Words.of("zh").parts([Decimal(50), Decimal(114_200)])
        ('114,250', ['50', '114,200'])
        """
        there = [amount for amount in amounts if amount is not None]
        whole = sum(there, Decimal(0))
        smallest = min((abs(amount) for amount in there if amount), default=Decimal(0))
        largest = max([abs(whole), *map(abs, there)])
        size, name = [unit for unit in self._sizes() if unit[0] == 1 or (unit[0] <= largest and unit[0] <= 10 * smallest)][-1]
        places = 0 if size == 1 else 2
        rounded = rounded_parts([amount / size for amount in there], places)
        texts = iter([f"{amount:,.{places}f}{name}" for amount in [sum(rounded, Decimal(0)), *rounded]])
        written = next(texts)
        parts = ["" if amount is None else next(texts) for amount in amounts]
        return ("" if None in amounts else written), parts

    def _sizes(self) -> Units:
        return _WITH_ROOM[self.language]


@lru_cache(maxsize=_KNOWN_NUMBERS)
def _in_unit(value: Number, units: Units, places: int) -> str:
    """A number in the smallest unit in which, once rounded, it does not reach the next one."""
    exact = Decimal(value)
    for (size, name), (larger, _) in pairwise(units):
        rounded = _rounded(exact, size, places)
        if abs(rounded) * size < larger:
            return f"{rounded:,f}{name}"
    size, name = units[-1]
    return f"{_rounded(exact, size, places):,f}{name}"


def _rounded(value: Decimal, size: int, places: int) -> Decimal:
    """A number in a unit: no decimals in the smallest, and none after three digits where there is room for one alone."""
    if size == 1 or (places == 1 and abs(round(value / size, 1)) >= 100):
        places = 0
    return round(value / size, places) + 0  # no minus before a zero


def rounded_parts(parts: Sequence[Decimal], places: int = 0) -> list[Decimal]:
    """Parts rounded so that they add up to their rounded sum: largest remainder, of equal ones the first.

    >>> rounded_parts([Decimal("7.14"), Decimal("-27.14"), Decimal("0.4"), Decimal("0.4")])
    [Decimal('7'), Decimal('-27'), Decimal('1'), Decimal('0')]
    """
    step = Decimal(1).scaleb(-places)
    down = [part.quantize(step, ROUND_FLOOR) for part in parts]
    missing = int((sum(parts, Decimal(0)).quantize(step) - sum(down, Decimal(0))) / step)
    by_remainder = sorted(range(len(parts)), key=lambda place: (down[place] - parts[place], place))
    for place in by_remainder[:missing]:
        down[place] += step
    return down


def time_unit(seconds: float) -> tuple[str, int]:
    """The unit that suits a span of time: its name and its seconds.

    >>> time_unit(1764.2 * 3600), time_unit(5400)
    (('days', 86400), ('minutes', 60))
    """
    return next((unit for unit in _TIMES if seconds >= _SPANS * unit[1]), _TIMES[-1])


def money(amount: Decimal | float | None) -> str:
    return "" if amount is None else f"{round(amount):,}"


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def day(value: date | None) -> str:
    return "" if value is None else value.isoformat()
