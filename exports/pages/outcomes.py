"""What came of the calls of an account manager, which step works, and how far the risk of leaving can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from contract.values import STAGES, UNKNOWN
from exports.packs.export_day import NOW, ExportDay
from exports.packs.pack import UNASSIGNED
from exports.pages.figures import Row, named
from exports.pages.playbook import ANY, Playbook
from exports.pages.reasons import TOPICS
from exports.pages.sheets import Form, Mark, Sheet, SheetColumn, Value
from exports.pages.words import Words, percent
from exports.policy.allow_list import OVERVIEW

PERIODS = (7, 28)  # days of calls that are summed up; those of the first are listed
_LATER, _ALL = "later", "all"
_FEW = 10  # merchants over half of which too little is known to say how many of ten left
_EXACT = (0.8, 1.25)  # slopes of a calibration between which risks are as high as they should be
_SO_FAR = ("sold_again", "logged_in", "left")


@dataclass(frozen=True)
class Outcomes:
    """What an account manager reads about calls.

    Attributes:
        summary: calls and what they brought, a row for each of `PERIODS`; no rows without a call.
        listed: the calls of the shorter one, the latest first.
        steps: what calls bring by the step that was suggested.
        steps_note: how to read them, and what the merchants that are held out tell of all calls together, if there are any.
        trust: how far to trust the risk of leaving, in sentences.
    """

    summary: Sheet
    listed: Sheet
    steps: Sheet
    steps_note: str
    trust: list[str]


def outcomes(day: ExportDay, manager: str, book: Playbook, words: Words) -> Outcomes:
    """What came of the calls of an account manager to merchants that it looks after today."""
    caller = manager or UNASSIGNED
    calls = day.rows(
        f"""select calls.*, overview.name
        from {NOW}.marts.success_calls as calls
        join {NOW}.marts.{OVERVIEW} as overview on calls.merchant_id = overview.merchant_id and overview.manager = ?
        where calls.manager = ? and called_on > ?::date - {PERIODS[-1]}
        order by called_on desc, overview.name, merchant_id, called_at desc""",
        [manager, caller, day.as_of],
    )
    # Of all managers and of this one, over all reasons and months; of all managers also step by step.
    effect = day.rows(
        f"""from {NOW}.marts.success_effect
        where reason = '{_ALL}' and month = '{_ALL}' and (manager = '{_ALL}' or (manager = ? and step = '{_ALL}'))
        order by step <> '{_ALL}', manager = '{_ALL}', called desc, calls desc, step""",
        [caller],
    )
    model = day.rows(f"from {NOW}.marts.churn_model_evaluation where split = '{_LATER}'")
    last = [call for call in map(named, calls) if call["called_on"] > day.as_of - timedelta(days=PERIODS[0])]
    return Outcomes(
        _summary(calls, day.as_of, words),
        _listed(last, book, words),
        _steps(effect, book, words),
        "\n".join([words("title.steps_note"), *_draw(effect, words)]),
        _trust(model[0] if model else None, words),
    )


# The tables stand below each other on one sheet, so they share the widths of its columns.
_FIRST, _TEXT = 24, 44
_SUMS = (SheetColumn("has_sold_again", Form.COUNT, 11), SheetColumn("has_logged_in", Form.COUNT, 11))
_MONEY = (SheetColumn("revenue_before", Form.MONEY, 13), SheetColumn("revenue_after", Form.MONEY, 13))
SUMMARY = (
    SheetColumn("period", Form.TEXT, _FIRST),
    SheetColumn("days", Form.TEXT, _TEXT),
    SheetColumn("calls_made", Form.COUNT, 16),
    SheetColumn("merchants", Form.COUNT, 13),
    SheetColumn("reached", Form.COUNT, 14),
    *_SUMS,
    SheetColumn("has_left", Form.COUNT, 11),
    *_MONEY,
)
STEPS = (
    SheetColumn("step", Form.LONG_TEXT, _FIRST),
    SheetColumn("says", Form.LONG_TEXT, _TEXT),
    SheetColumn("works", Form.LONG_TEXT, 16),
    SheetColumn("called", Form.COUNT, 13),
    SheetColumn("recovered", Form.COUNT, 14),
    SheetColumn("recovery_rate", Form.SHARE, 11),
    SheetColumn("uplift", Form.SHARE, 11),
    SheetColumn("uplift_lo", Form.SHARE, 11),
    SheetColumn("uplift_hi", Form.SHARE, 13),
)
CALLS = (
    SheetColumn("name", Form.LONG_TEXT, _FIRST),
    SheetColumn("says", Form.LONG_TEXT, _TEXT),
    SheetColumn("merchant_id", Form.TEXT, 16),
    SheetColumn("call_day", Form.DAY, 13),
    SheetColumn("call_result", Form.TEXT, 14),
    SheetColumn("has_sold_again", Form.TEXT, 11),
    SheetColumn("has_logged_in", Form.TEXT, 11),
    SheetColumn("has_left", Form.TEXT, 11),
    *_MONEY,
)


def _summary(calls: list[Row], as_of: date, words: Words) -> Sheet:
    """A merchant that was called more than once counts from its first call of the period on."""
    rows: list[tuple[Value, ...]] = []
    for days in PERIODS if calls else ():
        start = as_of - timedelta(days=days - 1)
        made = [call for call in calls if call["called_on"] >= start]
        first = {call["merchant_id"]: call for call in made}  # the latest come first, so the earliest stays
        reached = {call["merchant_id"] for call in made if call["result"] != "no_answer"}
        rows.append(
            (
                words("outcomes.last_days", days=days),
                words("outcomes.from_to", first=start, last=as_of),
                len(made),
                len(first),
                len(reached),
                *(sum(call[f"{name}_so_far"] for call in first.values()) for name in _SO_FAR),
                *(_sum(call[f"revenue_{name}_so_far"] for call in first.values()) for name in ("before", "after")),
            )
        )
    return Sheet("outcomes", SUMMARY, rows)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """A sum; one of which a part did not fit its mart is unknown."""
    told = list(amounts)
    return None if None in told else sum((amount for amount in told if amount is not None), Decimal(0))


def _listed(calls: list[Row], book: Playbook, words: Words) -> Sheet:
    rows: list[tuple[Value, ...]] = [
        (
            call["name"],
            _says(call["step"], book, words),
            call["merchant_id"],
            call["called_on"],
            words(f"result.{call['result']}"),
            *(words("unit.yes" if call[f"{name}_so_far"] else "unit.no") for name in _SO_FAR),
            call["revenue_before_so_far"],
            call["revenue_after_so_far"],
        )
        for call in calls
    ]
    return Sheet("listed", CALLS, rows)


def _steps(effect: list[Row], book: Playbook, words: Words) -> Sheet:
    figures = ("called", "recovered", "recovery_rate", "uplift", "uplift_lo", "uplift_hi")
    rows: list[tuple[Value, ...]] = []
    for row in effect:
        if row["step"] == _ALL:
            name, says = words("outcomes.all_managers" if row["manager"] == _ALL else "outcomes.you"), None
        else:
            name, says = _step(row["step"], words), _says(row["step"], book, words)
        rows.append((name, says, _verdict(row, words), *(row[figure] for figure in figures)))
    return Sheet("steps", STEPS, rows, {"uplift": Mark.SIGN})


def _step(key: str, words: Words) -> str:
    """The name of a step: what the reason is about, and the stage where the step is of one alone."""
    stage, _, topic = key.partition(".")
    if key == UNKNOWN:
        return words("topic.unknown")
    if stage not in (*STAGES, ANY) or topic not in (*TOPICS, ANY):
        return key
    about = words("topic.any" if topic == ANY else f"topic.{topic}")
    return about if stage == ANY else words("outcomes.of_stage", topic=about, stage=words(f"stage.{stage}"))


def _says(key: str | None, book: Playbook, words: Words) -> str | None:
    """The text of a step in the playbook of today, None where it has no such row any more."""
    return next((row[f"next_step_{words.language}"] for row in book.rows if f"{row['stage']}.{row['topic']}" == key), None)


def _verdict(row: Row, words: Words) -> str:
    """Whether a step works, as far as its interval says."""
    if row["uplift"] is None or row["uplift_lo"] is None or row["uplift_hi"] is None:
        return words("outcomes.nothing_beside")
    if row["uplift_lo"] > 0:
        return words("outcomes.works")
    return words("outcomes.harms" if row["uplift_hi"] < 0 else "outcomes.not_sure")


def _trust(model: Row | None, words: Words) -> list[str]:
    """Sentences about the probabilities of days that the model had not seen."""
    if model is None or model["over_half"] is None:
        return [words("trust.untested")]
    lines = [_over_half(model["over_half"], model["over_half_left"], words)]
    if model["lift_at_10pct"] is not None:
        lines.append(words("trust.lift", lift=f"{model['lift_at_10pct']:.1f}", base=percent(model["base_rate"])))
    if (slope := model["calibration_slope"]) is not None:
        least, most = _EXACT
        kind = "wide" if slope < least else "narrow" if slope > most else "exact"
        lines.append(words(f"trust.{kind}", slope=f"{slope:.2f}"))
    return lines


def _over_half(times: int, left: int, words: Words) -> str:
    if not times:
        return words("trust.none_over_half")
    if times < _FEW:
        return words("trust.few_over_half", times=times, left=left)
    return words("trust.over_half", of_ten=round(10 * left / times), times=words.number(times), left=words.number(left))


def _draw(effect: list[Row], words: Words) -> Iterator[str]:
    total = next((row for row in effect if row["manager"] == row["step"] == _ALL), None)
    if total is None or total["uplift_of_draw"] is None:
        return
    low, high = total["uplift_of_draw_lo"], total["uplift_of_draw_hi"]
    yield words(
        "outcomes.draw",
        due=words.number(total["due"]),
        due_rate=percent(total["due_rate"]),
        held_out=words.number(total["held_out"]),
        held_out_rate=percent(total["held_out_rate"]),
        low=_points(low),
        high=_points(high),
    )
    kind = "draw_works" if low > 0 else "draw_harms" if high < 0 else "draw_not_sure"
    yield words(f"outcomes.{kind}")


def _points(difference: float) -> str:
    return f"{round(100 * difference)}".replace("-", "−")
