"""The tables of the area live."""

from __future__ import annotations

from collections.abc import Iterator

from contract.columns import (
    MERCHANT,
    Column,
    choice,
    count,
    date,
    flag,
    identifier,
    integer,
    money,
    nullable,
    number,
    rate,
    share,
    text,
    timestamp,
)
from contract.table import ANALYSTS, MERCHANT_SUCCESS, Audience, Question, Table, export
from contract.values import LIVE_VERDICTS, PUSH_ACTIONS, PUSH_STATUSES

_LIVE = identifier("live_id", "Id of the live stream that the row is about.")


def _rate(name: str, numerator: str, denominator: str, text: str) -> tuple[Column, ...]:
    """A rate with the bounds of its interval."""
    return (
        rate(share(name, f"{numerator} / {denominator}: {text}"), numerator, denominator),
        nullable(share(f"{name}_lo", "Lower bound of its 95 % Wilson interval.")),
        nullable(share(f"{name}_hi", "Upper bound of its 95 % Wilson interval.")),
    )


def _response(name: str, text: str) -> Iterator[Column]:
    """How one thing that people do answered to a push."""
    yield count(f"{name}_before", name, f"{text} in the five minutes before the push.")
    yield count(f"{name}_after", name, f"{text} in the five minutes from the push on.")
    yield nullable(
        number(
            f"{name}_lift",
            name,
            "What the push added: those after, less those before × viewer_seconds_after / viewer_seconds_before, less the mean "
            "of the same at its placebos; null unless estimated.",
        )
    )
    yield nullable(number(f"{name}_lift_lo", name, "Lower bound: the placebos' percentile 97.5 in place of their mean."))
    yield nullable(number(f"{name}_lift_hi", name, "Upper bound: the placebos' percentile 2.5 in place of their mean."))
    yield nullable(
        share(
            f"{name}_p_value",
            "Part of the placebos, the push counted as one, that are as far from the placebos' mean as the push "
            "(randomization inference, Fisher 1935); null unless estimated.",
        )
    )
    yield count(
        f"{name}_placebos_covered",
        "moments",
        "Of placebos_tested, those between the percentiles 2.5 and 97.5 of the other placebos.",
    )


TABLES: tuple[Table, ...] = (
    Table(
        "live_sessions",
        "Grain: live stream. A viewer is present from a join to the next leave; a missing leave ends with "
        "the live, a live without an end ends at its last event. Replay is counted apart.",
        key="live_id",
        columns=(
            _LIVE,
            MERCHANT,
            nullable(identifier("host_id", "Who hosts it.", person=True)),
            nullable(text("title", "Name that the host gave the live stream.")),
            timestamp("started_at", "Earliest start, UTC; its first event if it has none."),
            date("started_date", "Business date of the start."),
            timestamp("ended_at", "Earliest end, UTC; its last event if it has none."),
            flag("has_end", "Whether an end was reported."),
            number("duration_seconds", "seconds", "From start to end.", least=0),
            count("viewers", "people", "People present at some time."),
            count("replay_viewers", "people", "People who watched the recording."),
            count("peak_viewers", "people", "Most people present at once."),
            rate(
                number("average_viewers", "people", "watch_seconds / duration_seconds: people present on average."),
                "watch_seconds",
                "duration_seconds",
            ),
            number("watch_seconds", "seconds", "Time that all viewers were present, together.", least=0),
            nullable(
                number("watch_seconds_p50", "seconds", "Median time that a viewer was present; null without viewers.", least=0)
            ),
            count("interactions", "interactions", "Interactions of all kinds."),
            count("comments", "interactions", "Comments that viewers wrote."),
            count("likes", "interactions", "Likes that viewers gave."),
            count("coupons", "interactions", "Coupons that viewers took in it."),
            count("red_packets", "interactions", "Red packets that viewers took in it."),
            count("mics", "interactions", "Times somebody took the microphone."),
            count("product_clicks", "interactions", "Clicks on products that were shown in it."),
            count("host_follows", "interactions", "Follows of its host that came from viewers."),
            count("interacting_viewers", "people", "People who did any of it."),
            count("viewers_interacting", "people", "Those of them who are viewers."),
            *_rate("interaction_rate", "viewers_interacting", "viewers", "how many of those who watched did anything."),
            count("coupon_takers", "people", "People who took a coupon."),
            count("coupon_users", "people", "Those with an order of the live that used a coupon, at or after their first one."),
            *_rate("coupon_use_rate", "coupon_users", "coupon_takers", "how many of those who took a coupon used one."),
            count("clickers", "people", "People who clicked on a product."),
            count("clickers_buying", "people", "Those with an order of the live at or after their first click."),
            *_rate("click_to_order_rate", "clickers_buying", "clickers", "how many of those who clicked bought."),
            count("orders", "orders", "Paid orders that name the live."),
            money("revenue", "Net revenue of these orders, reporting currency."),
            money("revenue_in_live", "Net revenue of those of them that were paid from start to end."),
            rate(
                number("revenue_per_minute", "reporting currency per minute", "revenue_in_live by minute from start to end."),
                "revenue_in_live",
                "duration_seconds / 60",
            ),
            rate(
                number("revenue_per_1000_viewers", "reporting currency per 1,000 people", "revenue by 1,000 viewers."),
                "revenue",
                "viewers / 1000",
            ),
            count("orders_after_end", "orders", "Those paid after the end."),
            count("new_fans", "people", "Viewers who became fans of the merchant between start and end."),
            count("replayers_in_live", "people", "People who turned to the recording between start and end."),
            count("switched_back", "people", "Those who joined the live again after their first such turn, by the end."),
            *_rate("switch_back_rate", "switched_back", "replayers_in_live", "how many came back from the recording."),
        ),
        questions=(Question.LIVE,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id live_id title started_at started_date ended_at has_end duration_seconds viewers replay_viewers "
            "peak_viewers average_viewers watch_seconds watch_seconds_p50 interactions comments likes coupons red_packets mics "
            "product_clicks host_follows interacting_viewers viewers_interacting interaction_rate interaction_rate_lo "
            "interaction_rate_hi coupon_takers coupon_users coupon_use_rate coupon_use_rate_lo coupon_use_rate_hi clickers "
            "clickers_buying click_to_order_rate click_to_order_rate_lo click_to_order_rate_hi orders revenue revenue_in_live "
            "revenue_per_minute revenue_per_1000_viewers orders_after_end new_fans replayers_in_live switched_back "
            "switch_back_rate switch_back_rate_lo switch_back_rate_hi",
            "A live stream: who watched, what they did in it, and what it sold.",
        ),
        time="started_date",
    ),
    Table(
        "live_minutes",
        "Grain: live stream × minute, from that of its start to that of its end: 24 hours from each "
        "minute in which something happened. Longer silences have no rows.",
        key="live_id, minute",
        columns=(
            _LIVE,
            integer("minute", "minutes", "Minutes since that of the start, from 0."),
            MERCHANT,
            timestamp("minute_at", "Start of the minute, UTC."),
            count("viewers", "people", "People present at the end of the minute."),
            count("viewers_joined", "people", "Visits that began in it."),
            count("viewers_left", "people", "Visits that ended in it."),
            number("watch_seconds", "seconds", "Time that all viewers were present in it, together.", least=0),
            count("interactions", "interactions", "Interactions of all kinds."),
            count("product_clicks", "interactions", "Clicks on products that were shown in it."),
            count("coupons", "interactions", "Coupons that viewers took in it."),
            count("pushes", "pushes", "Products shown and benefits dropped by the host."),
            count("orders", "orders", "Orders of the live paid in it."),
            money("revenue", "Net revenue of these orders, reporting currency."),
        ),
        questions=(Question.LIVE,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id live_id minute minute_at viewers viewers_joined viewers_left watch_seconds interactions "
            "product_clicks coupons pushes orders revenue",
            "A minute of a live stream.",
        ),
    ),
    Table(
        "live_products",
        "Grain: live stream × product that was pushed, clicked or replayed in it, or is in a line of its orders.",
        key="live_id, product_id",
        columns=(
            _LIVE,
            identifier("product_id", "The product, of the live's merchant."),
            MERCHANT,
            count("pushes", "pushes", "Times that the host showed it or dropped a benefit on it; taking it away is none."),
            count("clicks", "interactions", "Clicks on the product in the live."),
            count("clickers", "people", "People who clicked on it."),
            count("clickers_buying", "people", "Those with an order of the live with it, at or after their first click on it."),
            *_rate("click_to_order_rate", "clickers_buying", "clickers", "how many of those who clicked on it bought it."),
            count("orders", "orders", "Orders of the live with a line of it."),
            money("line_value", "Quantity × unit price of these lines; gross, since refunds name no product.", least=0),
            count("orders_after_end", "orders", "Those of these orders that were paid after the end."),
            count("replay_viewers", "people", "People who watched its part of the recording."),
            count("replay_buyers", "people", "Those with an order of the live with it after they first did."),
        ),
        questions=(Question.LIVE,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id live_id product_id pushes clicks clickers clickers_buying click_to_order_rate click_to_order_rate_lo "
            "click_to_order_rate_hi orders line_value orders_after_end replay_viewers replay_buyers",
            "A product in a live stream: how often it was shown, clicked and bought.",
        ),
    ),
    Table(
        "live_pushes",
        "Grain: live stream × push: the host shows a product or drops a benefit on it. What it added beyond the pace per "
        "viewer, against placebos: whole minutes of the live from the fifth on, with five minutes of it left and somebody "
        "there in the five minutes before, with no push of the product from ten minutes before to five after (Abadie et al. "
        "2010).",
        key="live_id, push_number",
        columns=(
            _LIVE,
            count("push_number", "pushes", "Its number in the live, from 1, by time.", least=1),
            MERCHANT,
            identifier("product_id", "The product, of the live's merchant."),
            choice("action", PUSH_ACTIONS, "What the host did."),
            timestamp("pushed_at", "When the host did it, UTC."),
            choice(
                "status",
                PUSH_STATUSES,
                "Whether there is an estimate, else the first reason why not: its five minutes before or after leave the live "
                "(edge), the product was pushed again from ten minutes before to five after (overlap), nobody was there before "
                "(no_audience), under 20 placebos (too_few_placebos).",
            ),
            number("viewer_seconds_before", "seconds", "Time of all viewers in the five minutes before the push.", least=0),
            number("viewer_seconds_after", "seconds", "Time of all viewers in the five minutes from the push on.", least=0),
            count("placebos", "moments", "Moments that the push is compared with."),
            count(
                "placebos_tested",
                "moments",
                "Placebos in tens of minutes of odd number, held against those of even number; 0 with under 10 even ones.",
            ),
            *_response("clicks", "Clicks on the product"),
            *_response("orders", "Orders of the live with a line of the product"),
        ),
        questions=(Question.LIVE,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id live_id push_number product_id action pushed_at status viewer_seconds_before viewer_seconds_after "
            "placebos placebos_tested clicks_before clicks_after clicks_lift clicks_lift_lo clicks_lift_hi clicks_p_value "
            "clicks_placebos_covered orders_before orders_after orders_lift orders_lift_lo orders_lift_hi orders_p_value "
            "orders_placebos_covered",
            "A push in a live stream, and what it added.",
        ),
    ),
    Table(
        "live_channels",
        "Grain: live stream × channel, where anything came by it or was spent on it. Viewers belong to the channel of the join "
        "that began their first visit: by a share of the live that somebody else had made by then, that of the share; else its "
        "own, else `unknown`. A share's channel is that of the money spent on it, or on the nearest share above it; else, "
        "where the maker of its root had come before making it, that of their arrival; else `fan_share`. An order goes with "
        "such a share that it names, else with its buyer's arrival by then, else it is `unknown`.",
        key="live_id, channel",
        columns=(
            _LIVE,
            text("channel", "The channel, taken as it comes."),
            MERCHANT,
            date("started_date", "Business date of the start of the live."),
            money("spend", "Money spent on the live in the channel, of its merchant or of none.", least=0),
            count("invited", "people", "People invited to the live before its start, by the channel or kind of the outreach."),
            count("invited_arrived", "people", "Those of them who are viewers."),
            *_rate("arrived_rate", "invited_arrived", "invited", "how many of the invited came."),
            count("reserved", "people", "People who reserved a seat before the start, by the channel of the reservation."),
            count("reserved_arrived", "people", "Those of them who are viewers."),
            *_rate("show_rate", "reserved_arrived", "reserved", "how many of those who reserved came."),
            count("arrivals", "people", "Viewers who came without a share, or by a share that money was spent on."),
            count("viewers", "people", "All viewers of the channel, those that fans brought among them."),
            number("watch_seconds", "seconds", "Time that these viewers were present, together.", least=0),
            money("direct_revenue", "Net revenue of orders that came without a share, or by a share that money was spent on."),
            count("orders", "orders", "All orders of the channel, those that fans brought among them."),
            money("revenue", "Net revenue of these orders."),
            rate(
                number(
                    "cost_per_arrival",
                    "reporting currency per person",
                    "spend / arrivals: what one person who came cost.",
                    least=0,
                ),
                "spend",
                "arrivals",
            ),
            rate(
                number("return_on_spend", "ratio", "revenue / spend: net revenue for each unit of money spent."),
                "revenue",
                "spend",
            ),
            choice(
                "verdict",
                LIVE_VERDICTS,
                "Whether what was spent came back: by those who came directly, only with those that fans brought, or not.",
            ),
        ),
        questions=(Question.LIVE,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id live_id channel started_date spend invited invited_arrived arrived_rate arrived_rate_lo "
            "arrived_rate_hi reserved reserved_arrived show_rate show_rate_lo show_rate_hi arrivals viewers watch_seconds "
            "direct_revenue orders revenue cost_per_arrival return_on_spend verdict",
            "A channel of a live stream: what was spent on it, who came and what they bought.",
        ),
        time="started_date",
    ),
    Table(
        "live_spread",
        "Grain: live stream × layer × maker of the shares of that layer. Layer 0 came by no share, layer n by a share of the "
        "live n − 1 steps from its root; −1 are orders of people who had not arrived.",
        key="live_id, layer, spreader_id",
        columns=(
            _LIVE,
            count("layer", "steps", "Steps from the live: 0 without a share, −1 where nothing places an order.", least=-1),
            identifier("spreader_id", "Who made the shares; `none` in the layers 0 and −1.", person=True),
            MERCHANT,
            count("shares", "shares", "Shares of the live that they made in this layer."),
            count("viewers", "people", "Viewers who came by them."),
            number("watch_seconds", "seconds", "Time that these viewers were present, together.", least=0),
            count("orders", "orders", "Orders that came by them."),
            money("revenue", "Net revenue of these orders."),
            nullable(count("subtree_viewers", "people", "Viewers who came by these shares or any below; null for `none`.")),
            nullable(count("subtree_orders", "orders", "Orders that came by these shares or any below; null for `none`.")),
            nullable(money("subtree_revenue", "Net revenue of these orders; null for `none`.")),
        ),
        questions=(Question.LIVE,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id live_id layer spreader_id shares viewers watch_seconds orders revenue subtree_viewers subtree_orders "
            "subtree_revenue",
            "Who brought viewers and orders to a live stream, by layer of the spread.",
        ),
    ),
)
