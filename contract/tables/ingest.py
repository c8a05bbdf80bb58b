"""The tables of the area ingest."""

from __future__ import annotations

from contract.columns import choice, count, date, flag, identifier, nullable, text
from contract.events import EVENT_TYPES, SOURCES
from contract.table import OPERATIONS, Empty, Question, Table
from contract.values import QUARANTINE_REASONS

TABLES: tuple[Table, ...] = (
    Table(
        "ingest_ledger",
        "Grain: source × landing file that could be read, of all deliveries, whatever their day. Every "
        "line ends as exactly one of accepted, duplicate, quarantined, erased, withdrawn.",
        key="source, dt, file",
        columns=(
            choice("source", SOURCES, "Folder of the landing: shop, group or stream."),
            date("dt", "Day of the delivery."),
            text("file", "Path of the file below the landing folder, its source in front."),
            count("rows_read", "lines", "Lines of the file that are not blank, as counted when it was read."),
            count("accepted", "lines", "Lines that are events of the lake."),
            count("duplicate", "lines", "Lines whose source and id are those of an accepted line."),
            count("quarantined", "lines", "Lines that were refused; see quarantine_reasons."),
            count("erased", "lines", "Lines that named somebody who asked to be forgotten."),
            count("withdrawn", "lines", "Lines that an operator has taken out again; they count nowhere and can be put back."),
            flag("is_balanced", "Whether rows_read = accepted + duplicate + quarantined + erased + withdrawn."),
        ),
        questions=(Question.LOADING,),
        consumers=(OPERATIONS,),
        empty=Empty.REFUSED,
        time="dt",
    ),
    Table(
        "quarantine_reasons",
        "Grain: source × dt × reason, of all deliveries: how many lines were refused for it, and the first of them.",
        key="source, dt, reason",
        columns=(
            choice("source", SOURCES, "Folder of the landing: shop, group or stream."),
            date("dt", "Day of the delivery."),
            choice("reason", QUARANTINE_REASONS, "Why the lines were refused: the first of the contract's list that held."),
            count("rows", "lines", "Lines refused for this reason.", least=1),
            nullable(identifier("example_id", "CloudEvents id of the example, null where it has none that can be read.")),
            text("example_file", "Smallest file with such a line."),
            count("example_line", "line, from 1", "Smallest such line of that file, counted from 1, blank lines too.", least=1),
        ),
        questions=(Question.LOADING,),
        consumers=(OPERATIONS,),
        time="dt",
    ),
    Table(
        "unreadable_files",
        "Grain: landing file that is truncated or cannot be decompressed. It gave no rows and is read when a whole copy comes.",
        key="source, dt, file",
        columns=(
            choice("source", SOURCES, "Folder of the landing: shop, group or stream."),
            date("dt", "Day of the delivery."),
            text("file", "Path of the file below the landing folder, its source in front."),
            nullable(count("bytes", "bytes", "Size of the file in bytes.")),
            text("error", "What was wrong with it."),
        ),
        questions=(Question.LOADING,),
        consumers=(OPERATIONS,),
        time="dt",
    ),
    Table(
        "event_registry",
        "Grain: event type × business date, of all accepted events, whatever their delivery.",
        key="event_type, event_date",
        columns=(
            choice("event_type", EVENT_TYPES, "CloudEvents type, such as shop.order_paid.v1."),
            date("event_date", "Business date of the events."),
            count("events", "events", "Accepted events; never zero, a day without any has no row.", least=1),
        ),
        questions=(Question.LOADING,),
        consumers=(OPERATIONS,),
        empty=Empty.WARNED,
        time="event_date",
    ),
)
