"""The tables of the area spread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from contract.columns import (
    AS_OF,
    MERCHANT,
    USER,
    Column,
    Place,
    choice,
    count,
    flag,
    identifier,
    is_total,
    merchants_own,
    money,
    month,
    month_start,
    nullable,
    number,
    rate,
    share,
    timestamp,
)
from contract.table import ANALYSTS, MERCHANT_SUCCESS, SPREAD_MAP, Audience, Empty, Question, Table, export
from contract.values import CHANNELS, METRICS, OBJECT_TYPES, PARENT_STATUSES


def _routing() -> Iterator[Column]:
    """What people of spreaders received and passed on: of the mart alone."""
    for column in (
        count("received", "shares", "Known shares of others that the person opened."),
        count("passed_on", "shares", "Those of received with a share of the person's own below them, made in the 90 days."),
        nullable(number("amplification", "opens a share", "Opens of these shares below / received.", least=0)),
        count("groups_in", "chat groups", "Chat groups that the received shares were made into."),
        count("groups_out", "chat groups", "Chat groups that the person's own shares were made into."),
        nullable(number("routing", "ratio", "groups_out / groups_in.", least=0)),
        flag("is_amplifier", "Whether the person passed something on, and amplification is at least 1."),
        flag("is_router", "Whether the person passed something on, received from a group, and shared into another."),
    ):
        yield replace(column, place=Place.MART)


TABLES: tuple[Table, ...] = (
    Table(
        "cascades",
        "Grain: share tree. A share's parent is the declared one where the merchant has it, it is of the "
        "same object, another share, and not later; the others are roots. Revenue and orders are those "
        "through a share of the tree.",
        key="merchant_id, root_share_id",
        family="spread_graph",
        columns=(
            merchants_own("root_share_id", "The share that the tree starts from."),
            MERCHANT,
            identifier("root_user_id", "Who made that share.", person=True),
            choice("object_type", OBJECT_TYPES, "What is shared: product, team, live, page or red_packet."),
            identifier("object_id", "Id of the object that is shared."),
            timestamp("started_at", "When the root was shared, UTC."),
            count("shares", "shares", "Shares of the whole tree, the root among them.", least=1),
            count("sharers", "people", "People who made them.", least=1),
            count("reach", "people", "People who opened or made a share of the tree, without the root's user."),
            count("depth", "steps", "Longest way from the root, in steps."),
            count("max_breadth", "shares", "Shares of the widest layer.", least=1),
            nullable(
                number(
                    "structural_virality",
                    "steps",
                    "Mean distance between all pairs of shares (Goel, Anderson, Hofman, Watts 2016); null for a single share.",
                    least=1,
                )
            ),
            number("seconds_to_half", "seconds", "Seconds from the root to the ⌈n/2⌉-th share.", least=0),
            count("orders", "orders", "Paid orders through the tree."),
            money("revenue", "Net revenue of them, reporting currency."),
        ),
        questions=(Question.SPREADING,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS, SPREAD_MAP),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id root_share_id root_user_id object_type object_id started_at shares sharers reach "
            "depth max_breadth structural_virality seconds_to_half orders revenue",
            "A tree of shares, from the share that nobody's share led to.",
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "cascade_layers",
        "Grain: share tree × depth; sums to cascades.",
        key="merchant_id, root_share_id, depth",
        family="spread_graph",
        columns=(
            merchants_own("root_share_id", "The share that the tree starts from."),
            count("depth", "steps", "Steps from the root."),
            MERCHANT,
            count("shares", "shares", "Shares that lie depth steps from the root.", least=1),
            count("sharers", "people", "People who made them.", least=1),
            count("openers", "people", "People who opened one, its maker too."),
            count("orders", "orders", "Paid orders through them."),
            money("revenue", "Net revenue of these orders, reporting currency."),
        ),
        questions=(Question.SPREADING,),
        consumers=(ANALYSTS, SPREAD_MAP),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id root_share_id depth shares sharers openers orders revenue",
            "The shares of a tree that lie equally far from its root.",
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "cascade_nodes",
        "Grain: merchant × share: its place in its tree.",
        key="merchant_id, share_id",
        family="spread_graph",
        columns=(
            MERCHANT,
            merchants_own("share_id", "The share."),
            identifier("user_id", "Who made the share.", person=True),
            choice("channel", CHANNELS, "Where it was shared: group, moments, direct or public."),
            timestamp("shared_at", "When the share was made, UTC."),
            merchants_own("root_share_id", "The share that its tree starts from."),
            nullable(merchants_own("parent_share_id", "The parent that holds; null for a root.")),
            choice(
                "parent_status",
                PARENT_STATUSES,
                "declared, or why the share is a root: root, missing, other_object, self, time_inverted or cycle.",
            ),
            count("depth", "steps", "Steps from the root."),
            count("subtree_shares", "shares", "Shares of the tree at or below this one, itself among them.", least=1),
            count("subtree_orders", "orders", "Paid orders through the shares at or below this one."),
            money("subtree_revenue", "Net revenue of these orders, reporting currency."),
        ),
        questions=(Question.SPREADING,),
        consumers=(SPREAD_MAP,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id share_id user_id channel shared_at root_share_id parent_share_id parent_status depth "
            "subtree_shares subtree_orders subtree_revenue",
            "A share, and its place in its tree.",
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "share_mix",
        "Grain: merchant × channel × month in which the share was made.",
        key="merchant_id, channel, month",
        family="spread_graph",
        columns=(
            MERCHANT,
            choice("channel", CHANNELS, "Where it was shared: group, moments, direct or public."),
            month("month", "Month in which the shares were made, such as 2026-03."),
            month_start(),
            count("shares", "shares", "Shares that were made in the channel and month.", least=1),
            share("share_of_shares", "Share of the merchant's shares of the month."),
            count("opens", "opens", "Times that others opened these shares, whenever they did."),
            count("orders", "orders", "Paid orders through these shares, whenever they came."),
            money("revenue", "Net revenue of these orders, reporting currency."),
        ),
        questions=(Question.SPREADING,),
        consumers=(ANALYSTS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id channel month shares share_of_shares opens orders revenue", "The shares of one channel and month."
        ),
        empty=Empty.WARNED,
        time="month_start",
    ),
    Table(
        "spreaders",
        "Grain: merchant × user × as_of, of the trailing 90 days: who made a known share, opened one, had "
        "one opened, or has credit.",
        key="merchant_id, user_id",
        family="spread_graph",
        columns=(
            MERCHANT,
            USER,
            AS_OF,
            count("shares", "shares", "Shares that the person made in the 90 days."),
            count("opens", "opens", "Opens of the person's shares by others."),
            count("openers", "people", "Other people who opened the person's shares, each counted once."),
            count("orders_led", "orders", "Orders credited by last touch."),
            money("revenue_led", "Net revenue credited by last touch, reporting currency."),
            money(
                "subtree_revenue",
                "Net revenue of the orders through any share at or below one of the person's, each order once.",
            ),
            share("influence", "PageRank of the opener → sharer graph, scaled to sum to 1 within the merchant."),
            count("influence_rank", "place, from 1", "Place within the merchant by influence, 1 has the highest.", least=1),
            identifier("circle_id", "The person's circle, named by its smallest member."),
            count("circles_reached", "circles", "Circles among the person's openers."),
            nullable(
                share(
                    "bridge_score",
                    "Participation coefficient over the openers' circles (Guimerà, Amaral 2005); null without openers.",
                )
            ),
            flag("is_connector", "Whether at least 3 openers, 2 circles, and a bridge score in the merchant's highest tenth."),
            replace(
                identifier(
                    "component_id", "Smallest user of the connected component of the merchant's graph that the person is in."
                ),
                place=Place.LAKE,
            ),
            *_routing(),
        ),
        questions=(Question.SPREADING,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id user_id shares opens openers orders_led revenue_led subtree_revenue influence "
            "influence_rank circles_reached bridge_score is_connector",
            "A fan who shared, opened a share or had one opened in the last 90 days.",
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "opener_edges",
        "Grain: merchant × opener × sharer, of the trailing 90 days: who opened whose shares.",
        key="merchant_id, opener_id, sharer_id",
        family="spread_graph",
        is_mart=False,
        columns=(
            MERCHANT,
            identifier("opener_id", "Who opened.", person=True),
            identifier("sharer_id", "Whose shares.", person=True),
            count("shares_opened", "shares", "Shares of the sharer that the opener opened.", least=1),
            identifier("component_id", "Smallest user of the connected component of the merchant's graph that both are in."),
        ),
    ),
    Table(
        "circles",
        "Grain: merchant × circle (小圈子): communities of the open graph by Leiden under the constant Potts model, γ = 0.05.",
        key="merchant_id, circle_id",
        family="spread_graph",
        columns=(
            MERCHANT,
            merchants_own("circle_id", "Its smallest member."),
            count("members", "people", "People in it.", least=1),
            number(
                "median_degree",
                "people",
                "Median over members of the people in the circle that they opened or were opened by.",
                least=0,
            ),
            nullable(share("share_of_reach", "The members' openers as a share of the merchant's; null where nobody opened.")),
            money("revenue", "Net revenue led by members, reporting currency."),
        ),
        questions=(Question.CIRCLES,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
    ),
    Table(
        "circle_quality",
        "Grain: merchant: how well the circles describe its open graph.",
        key="merchant_id",
        family="spread_graph",
        columns=(
            MERCHANT,
            count("users", "people", "People who opened a share of another, or had one opened.", least=1),
            count("edges", "pairs of people", "Pairs of whom one opened a share of the other."),
            count("circles", "circles", "Circles, of one person too.", least=1),
            number("median_members", "people", "Median number of people in a circle."),
            number("cpm_quality", "pairs of people", "Σ (edges inside − γ · n(n−1)/2) over circles."),
            nullable(number("modularity", "ratio", "Modularity of the same partition; null without edges.")),
        ),
        questions=(Question.CIRCLES,),
        consumers=(ANALYSTS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id users edges circles median_members cpm_quality modularity",
            "The merchant: how well circles describe who opens whose shares.",
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "circle_stability",
        "Grain: merchant: the circles of as_of against those of 7 days before.",
        key="merchant_id",
        family="spread_graph",
        columns=(
            MERCHANT,
            count("users_in_both", "people", "People in both graphs."),
            nullable(number("adjusted_rand", "1", "Adjusted Rand index of the two partitions; 1 is equal.")),
            nullable(share("renamed_share", "Share of these people whose circle has another name.")),
        ),
        questions=(Question.CIRCLES,),
        consumers=(ANALYSTS,),
    ),
    Table(
        "spread_concentration",
        "Grain: merchant (and all: every merchant's rows together) × metric of spreaders: how few people bring how much.",
        key="merchant_id, metric",
        family="spread_graph",
        columns=(
            identifier("merchant_id", "The merchant, or all."),
            is_total("merchant_id = 'all'", "Whether the row is of every merchant together."),
            choice("metric", METRICS, "Which column of spreaders is added up: shares, opens, orders_led or revenue_led."),
            count("users", "people", "People whose metric is positive."),
            nullable(replace(money("total", "Sum of the metric over all people.", least=0), unit="as metric says")),
            share("top_1pct_share", "Part of the total that the ⌈users/100⌉ people with the highest metric hold."),
            share("top_01pct_share", "Part of the total that the ⌈users/1000⌉ people with the highest metric hold."),
            count("users_for_half", "people", "Fewest people who hold half of the total."),
            share("gini", "Gini coefficient of the metric over people, uncorrected; 0 is equal."),
        ),
        questions=(Question.SPREADING,),
        consumers=(ANALYSTS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id metric users total top_1pct_share top_01pct_share users_for_half gini",
            "A metric of spreaders: how few people bring how much of it.",
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "spread_motifs",
        "Grain: merchant: mutual opens and triangles of its open graph, trailing 90 days.",
        key="merchant_id",
        family="spread_graph",
        columns=(
            MERCHANT,
            count("pairs", "pairs of people", "Pairs of people of whom one opened a share of the other."),
            count("reciprocal_pairs", "pairs of people", "Pairs that opened each other's."),
            rate(share("reciprocity", "reciprocal_pairs / pairs."), "reciprocal_pairs", "pairs"),
            count("triangles", "triangles", "Three people who are all pairs."),
            nullable(share("transitivity", "3 × triangles / connected triples.")),
        ),
        questions=(Question.CIRCLES,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
    ),
    Table(
        "key_spreaders",
        "Grain: merchant × rank: whom to care for first. Greedy maximum coverage of the merchant's "
        "openers (Nemhauser, Wolsey, Fisher 1978), until 95 % or 200 people.",
        key="merchant_id, rank",
        family="spread_graph",
        columns=(
            MERCHANT,
            count("rank", "place, from 1", "1 is chosen first.", least=1),
            USER,
            count("new_openers", "people", "Openers that no better-ranked person has."),
            share("reach_share", "Share of the merchant's openers that the people up to this rank have."),
            nullable(money("revenue_led", "Net revenue credited by last touch, reporting currency.")),
            count("influence_rank", "place, from 1", "Rank in spreaders."),
        ),
        questions=(Question.SPREADING,),
        consumers=(MERCHANT_SUCCESS,),
    ),
    Table(
        "platform_spreaders",
        "Grain: user, over the open graph of the whole platform, trailing 90 days.",
        key="user_id",
        family="spread_graph",
        columns=(
            USER,
            count("merchants", "merchants", "Merchants at which the person spreads.", least=1),
            count("shares", "shares", "Shares made."),
            count("openers", "people", "People who opened them."),
            share("influence", "PageRank, scaled to sum to 1."),
            count("influence_rank", "place, from 1", "Rank by influence, 1 the highest.", least=1),
            identifier("island_id", "Weakly connected component, named by its smallest user."),
        ),
        questions=(Question.SPREADING,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
    ),
    Table(
        "islands",
        "Grain: weakly connected component of the platform's open graph, trailing 90 days.",
        key="island_id",
        family="spread_graph",
        columns=(
            identifier("island_id", "Its smallest user."),
            count("users", "people", "People in it.", least=1),
            count("merchants", "merchants", "Merchants whose shares connect it.", least=1),
            count("shares", "shares", "Shares made by its people."),
        ),
        questions=(Question.CIRCLES,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
    ),
)
