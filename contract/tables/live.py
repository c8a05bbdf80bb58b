"""The tables of the area live."""

from __future__ import annotations

from contract.columns import MERCHANT, count, date, flag, identifier, integer, money, nullable, number, rate, text, timestamp
from contract.table import ANALYSTS, Question, Table

TABLES: tuple[Table, ...] = (
    Table(
        "live_sessions",
        "Grain: live stream. A viewer is present from a join to the next leave; a missing leave ends with "
        "the live, a live without an end ends at its last event. Replay is counted apart.",
        key="live_id",
        columns=(
            identifier("live_id", "The live stream."),
            MERCHANT,
            nullable(identifier("host_id", "Who hosts it.", person=True)),
            nullable(text("title", "Title.")),
            timestamp("started_at", "Earliest start, UTC; its first event if it has none."),
            date("started_date", "Business date of the start."),
            timestamp("ended_at", "Earliest end, UTC; its last event if it has none."),
            flag("has_end", "Whether an end was reported."),
            number("duration_seconds", "seconds", "From start to end.", least=0),
            count("viewers", "people", "People present at some time."),
            count("replay_viewers", "people", "People who watched the recording."),
            count("peak_viewers", "people", "Most people present at once."),
            rate(number("average_viewers", "people", "watch_seconds / duration_seconds."), "watch_seconds", "duration_seconds"),
            number("watch_seconds", "seconds", "Time that all viewers were present, together.", least=0),
            count("interactions", "interactions", "Interactions of all kinds."),
            count("comments", "interactions", "Comments."),
            count("likes", "interactions", "Likes."),
            count("coupons", "interactions", "Coupons taken."),
            count("red_packets", "interactions", "Red packets taken."),
            count("mics", "interactions", "Times somebody took the microphone."),
            count("product_clicks", "interactions", "Clicks on products."),
            count("host_follows", "interactions", "Follows of the host."),
            count("interacting_viewers", "people", "People who did any of it."),
            count("orders", "orders", "Paid orders that name the live."),
            money("revenue", "Net revenue of these orders, reporting currency."),
            count("orders_after_end", "orders", "Those paid after the end."),
            count("new_fans", "people", "Viewers who became fans of the merchant between start and end."),
        ),
        questions=(Question.LIVE,),
        consumers=(ANALYSTS,),
        time="started_date",
    ),
    Table(
        "live_minutes",
        "Grain: live stream × minute, from that of its start to that of its end: 24 hours from each "
        "minute in which something happened. Longer silences have no rows.",
        key="live_id, minute",
        columns=(
            identifier("live_id", "The live stream."),
            integer("minute", "minutes", "Minutes since that of the start, from 0."),
            MERCHANT,
            timestamp("minute_at", "Start of the minute, UTC."),
            count("viewers", "people", "People present at the end of the minute."),
            count("viewers_joined", "people", "Visits that began in it."),
            count("viewers_left", "people", "Visits that ended in it."),
            count("interactions", "interactions", "Interactions of all kinds."),
            count("product_clicks", "interactions", "Clicks on products."),
            count("pushes", "pushes", "Products shown and benefits dropped by the host."),
            count("orders", "orders", "Orders of the live paid in it."),
            money("revenue", "Net revenue of these orders, reporting currency."),
        ),
        questions=(Question.LIVE,),
        consumers=(ANALYSTS,),
    ),
)
