"""Cell by cell: which rows of a returned sheet are calls, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from contract.values import STAGES, UNKNOWN
from exports.packs.csv_text import unguarded
from exports.packs.pack import UNASSIGNED
from exports.pages.reference import LeadReference, Listed, Reference
from exports.pages.returned import LONGEST_NOTE, RESULTS, earliest_call, latest_next_call
from exports.policy.names import readable
from exports.returns.calls import Call, LeadCall
from exports.returns.lists import CallList, Lists, shown_id
from exports.returns.sheet import Cell, Row, Sheet, normal
from exports.returns.values import choice, read_date, read_number

T = TypeVar("T")
L = TypeVar("L", bound=Listed)
_SHOWN = 40  # characters of a cell that an answer repeats
# How far a figure may be from the one that was sent: a spreadsheet that saves CSV writes what it shows.
_ROUNDING = {"rank": 0.5, "churn_probability": 0.000501, "at_stake": 0.00501, "revenue_365d": 0.00501}


@dataclass(frozen=True)
class Remark:
    """What is wrong with a cell; `problem` is the name of the words that say so. One that refuses keeps its row out."""

    place: str
    column: str | None
    problem: str
    values: Mapping[str, object] = field(default_factory=dict)
    refuses: bool = True


@dataclass(frozen=True)
class Checked:
    """What a sheet says: calls in the order of its rows, remarks, and how many of the rows that were filled in are refused."""

    calls: list[Call | LeadCall]
    remarks: list[Remark]
    refused: int


def references(sheet: Sheet) -> list[Listed]:
    """The rows of lists that a sheet names."""
    texts = [str(row["reference"].value or "") for row in sheet.rows]
    found = [kind.parse(text) for kind in (Reference, LeadReference) for text in texts]
    return [reference for reference in found if reference is not None]


def waits(sheet: Sheet, as_of: date, lists: Lists) -> bool:
    """Whether a sheet is for the run of a later day: of the list of this day or a later one, with calls after this day."""
    days = [reference.as_of for reference in references(sheet)]
    days += [day for row in sheet.rows if (day := read_date(row["as_of"], sheet.epoch))]
    newest = max(days, default=date.min)
    if newest < as_of or lists.of(newest) is None:
        return False
    called = (read_date(row["called_on"], sheet.epoch) for row in sheet.rows if row.is_filled_in)
    return any(day is not None and day > as_of for day in called)


def check(sheet: Sheet, as_of: date, lists: Lists) -> Checked:
    """Check the rows that were filled in; the others say nothing."""
    origins = {(reference.as_of, reference.version, reference.manager) for reference in references(sheet)}
    origin = Origin(*origins.pop()) if len(origins) == 1 else None
    calls: dict[str, Call | LeadCall] = {}
    remarks, refused = [], 0
    for row in sheet.rows:
        if not row.is_filled_in:
            continue
        kind = _LeadRow if _is_of_lead(row) else _MerchantRow
        checker = kind(row, sheet.epoch, as_of, lists, origin)
        call = checker.call()
        if call is not None and calls.setdefault(call.id, call).said != call.said:
            checker.refuse(_Fault("called_on", "twice", row=calls[call.id].place))
            call = None
        remarks += checker.remarks
        refused += call is None
    return Checked(list(calls.values()), remarks, refused)


@dataclass(frozen=True)
class Origin:
    """The list that all rows of a sheet which say so come from."""

    as_of: date
    version: str
    manager: str


def _is_of_lead(row: Row) -> bool:
    """Whether a row tells of a lead: its reference says so, or, without one, that it has a fan."""
    text = str(row["reference"].value or "")
    return LeadReference.parse(text) is not None or (Reference.parse(text) is None and bool(row["fan"].text))


class _Fault(Exception):
    """A cell for which its row is refused."""

    def __init__(self, column: str, problem: str, **values: object):
        super().__init__(problem)
        self.column, self.problem, self.values = column, problem, values


@dataclass(frozen=True)
class _Named:
    """A merchant that a row names: of which list, and the step that it suggested, None where the row is of no list."""

    day: CallList
    merchant: dict[str, Any]
    step: str | None


@dataclass(frozen=True)
class _Lead:
    """A lead that a row names: of which list and merchant."""

    day: CallList
    merchant_id: str
    user_id: str


class _Row:
    """A row that is being checked; all that is wrong with it is said at once."""

    def __init__(self, row: Row, epoch: datetime, as_of: date, lists: Lists, origin: Origin | None):
        self.row, self.epoch, self.as_of, self.lists, self.origin = row, epoch, as_of, lists, origin
        self.remarks: list[Remark] = []

    def call(self) -> Call | LeadCall | None:
        """The call that the row tells of; None if it is refused."""
        raise NotImplementedError

    def refuse(self, fault: _Fault) -> None:
        self.remarks.append(Remark(self.row.place, fault.column, fault.problem, fault.values))

    def _tried(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except _Fault as fault:
            self.refuse(fault)
            return None

    def _listed(self, reference: Listed) -> tuple[CallList, dict[str, Any]]:
        """The list that a reference names, and the merchant."""
        shown = self.row["merchant_id"]
        if "merchant_id" in self.row.cells and not _is_id(shown, reference.merchant_id):
            raise _Fault("merchant_id", "other_merchant", found=_shown(shown), listed=_cut(reference.merchant_id))
        day = self.lists.of(reference.as_of, reference.version)
        if day is None:
            raise _Fault("reference", "no_list", day=reference.as_of)
        merchant = day.merchants.rows.get(reference.merchant_id)
        if merchant is None:
            raise _Fault("merchant_id", "unknown_merchant", found=_cut(reference.merchant_id), day=reference.as_of)
        return day, self._own(merchant, reference.manager)

    def _unlisted(self) -> tuple[CallList, dict[str, Any]]:
        """List and merchant of a row without a reference: one that somebody added, or one of a CSV file."""
        hidden, shown = self.row["reference"], self.row["merchant_id"]
        if hidden.text or hidden.is_formula:
            raise _Fault("reference", "bad_reference")
        as_of = read_date(self.row["as_of"], self.epoch)
        if as_of is not None:
            day = self.lists.of(as_of)
        elif self.origin is not None:
            as_of, day = self.origin.as_of, self.lists.of(self.origin.as_of, self.origin.version)
        else:
            raise _Fault("reference", "no_reference")
        if day is None:
            raise _Fault("reference", "no_list", day=as_of)
        merchant = day.merchants.find(shown.text)
        if merchant is None:
            raise _Fault("merchant_id", "unknown_merchant", found=_shown(shown), day=as_of)
        return day, merchant if self.origin is None else self._own(merchant, self.origin.manager)

    def _own(self, merchant: dict[str, Any], manager: str) -> dict[str, Any]:
        if merchant["manager"] != manager:
            found = _cut(merchant["merchant_id"])
            raise _Fault("merchant_id", "not_yours", found=found, manager=_cut(manager) or UNASSIGNED)
        return merchant

    def _called_on(self, day: CallList | None) -> date:
        """The day of the call; the list says how old it may be."""
        called_on = self._date("called_on")
        if called_on is None:
            raise _Fault("called_on", "no_date")
        if called_on > self.as_of:
            raise _Fault("called_on", "date_in_future", found=called_on, day=self.as_of)
        if day is not None and called_on < (earliest := earliest_call(day.as_of)):
            raise _Fault("called_on", "date_too_old", found=called_on, day=earliest)
        return called_on

    def _date(self, word: str) -> date | None:
        cell = self._input(word)
        if not cell.text:
            return None
        found = read_date(cell, self.epoch)
        if found is None:
            raise _Fault(word, "bad_date", found=_shown(cell))
        return found

    def _result(self, section: str) -> str:
        cell = self._input("result")
        if not cell.text:
            raise _Fault("result", "no_result")
        found = choice(cell, section, RESULTS[section])
        if found is None:
            raise _Fault("result", "unknown_result", found=_shown(cell))
        return found

    def _input(self, word: str) -> Cell:
        """A cell that was filled in: a value, never a formula, whose result another program has computed."""
        cell = self.row[word]
        if cell.is_formula:
            raise _Fault(word, "formula")
        return cell

    def _reference(self, kind: type[L]) -> L | None:
        hidden = self.row["reference"]
        return None if hidden.is_formula else kind.parse(str(hidden.value or ""))


class _MerchantRow(_Row):
    """A row that tells of a call to a merchant."""

    def call(self) -> Call | None:
        named = self._tried(self._named)
        called_on = self._tried(lambda: self._called_on(named.day if named else None))
        result = self._tried(lambda: self._result("result"))
        next_on = self._tried(lambda: self._next_on(called_on))
        note = self._tried(self._note)
        if self.remarks or named is None or called_on is None or result is None:
            return None
        self._look_for_edits(named)
        merchant = named.merchant
        was_listed = named.step is not None or merchant["rank"] is not None
        return Call(
            self.row.place,
            merchant["manager"] or UNASSIGNED,
            merchant["merchant_id"],
            named.day.as_of if was_listed else None,
            named.step,
            called_on,
            result,
            next_on,
            note,
        )

    def _named(self) -> _Named:
        reference = self._reference(Reference)
        if reference is None:
            return _Named(*self._unlisted(), None)
        return _Named(*self._listed(reference), reference.step)

    def _next_on(self, called_on: date | None) -> date | None:
        found = self._date("next_on")
        if found is not None and called_on is not None and not called_on < found <= latest_next_call(called_on):
            raise _Fault("next_on", "next_call", found=found, day=called_on, last=latest_next_call(called_on))
        return found

    def _note(self) -> str | None:
        cell = self._input("note")
        text = readable(cell.value if isinstance(cell.value, str) else cell.text)
        if len(text) > LONGEST_NOTE:
            raise _Fault("note", "note_too_long", length=len(text), limit=LONGEST_NOTE)
        return text or None

    def _look_for_edits(self, named: _Named) -> None:
        """Tell which cells of the list differ from what was sent; what counts is what was sent."""
        if named.step is None or not named.day.is_same:  # nothing of it was sent, or nobody knows what
            return
        for word, is_as_sent in self._AS_SENT.items():
            cell = self.row.cells.get(word)
            if cell is not None and (cell.is_formula or not is_as_sent(self, word, cell, named.merchant[word])):
                self.remarks.append(Remark(self.row.place, word, "edited", {"found": _shown(cell)}, refuses=False))

    def _is_number(self, word: str, cell: Cell, sent: Any) -> bool:
        if sent is None or not cell.text:
            return sent is None and not cell.text
        found = read_number(cell)
        return found is not None and abs(found - float(sent)) <= _ROUNDING[word]

    def _is_day(self, word: str, cell: Cell, sent: Any) -> bool:
        found: object = read_date(cell, self.epoch)
        return bool(found == sent)

    def _is_name(self, word: str, cell: Cell, sent: Any) -> bool:
        return _is_id(cell, sent)

    def _is_stage(self, word: str, cell: Cell, sent: Any) -> bool:
        return choice(cell, "stage", (*STAGES, UNKNOWN)) == str(sent)

    _AS_SENT: Mapping[str, Callable[[_MerchantRow, str, Cell, Any], bool]] = {
        "name": _is_name,
        "stage": _is_stage,
        "since": _is_day,
        **dict.fromkeys(_ROUNDING, _is_number),
    }


class _LeadRow(_Row):
    """A row that tells of a call to a lead."""

    def call(self) -> LeadCall | None:
        lead = self._tried(self._lead)
        called_on = self._tried(lambda: self._called_on(lead.day if lead else None))
        result = self._tried(lambda: self._result("lead_result"))
        if self.remarks or lead is None or called_on is None or result is None:
            return None
        return LeadCall(self.row.place, lead.merchant_id, lead.user_id, called_on, result)

    def _lead(self) -> _Lead:
        reference, shown = self._reference(LeadReference), self.row["fan"]
        if reference is None:
            day, merchant = self._unlisted()
            fan = shown.text
        else:
            day, merchant = self._listed(reference)
            fan = shown_id(reference.fan)
            if "fan" in self.row.cells and not _is_id(shown, reference.fan):
                raise _Fault("fan", "other_lead", found=_shown(shown), listed=_cut(reference.fan))
        user_id = day.leads.find(merchant["merchant_id"], fan)
        if user_id is None:
            raise _Fault("fan", "unknown_lead", found=_cut(fan), merchant=_cut(merchant["merchant_id"]), day=day.as_of)
        return _Lead(day, merchant["merchant_id"], user_id)


def _is_id(cell: Cell, text: str) -> bool:
    """Whether a cell holds a text: as the workbook or a guarded CSV file writes it, or as a spreadsheet saved the number."""
    sent, found = shown_id(text), cell.text
    if sent in (found, normal(unguarded(found))):
        return True
    return sent.isdecimal() and found.isdecimal() and sent.lstrip("0") == found.lstrip("0")


def _shown(cell: Cell) -> str:
    return _cut(cell.text)


def _cut(text: str) -> str:
    text = readable(text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
