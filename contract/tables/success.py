"""The tables of the area success."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from contract.columns import (
    MERCHANT,
    MONEY,
    RATIO,
    USER,
    Column,
    choice,
    count,
    date,
    flag,
    identifier,
    integer,
    is_total,
    merchants_own,
    money,
    month,
    month_start,
    nullable,
    number,
    rate,
    share,
    text,
    timestamp,
)
from contract.success import RULES
from contract.table import MERCHANT_SUCCESS, SPREAD_MAP, Audience, Empty, Question, Table, export
from contract.tables import groups, merchants, people, spread, teams
from contract.values import (
    BENCHMARKS,
    CALL_RESULTS,
    CAUSES,
    CHANNEL_DOMAINS,
    CHANNEL_VERDICTS,
    GROUP_CAUSE_SETS,
    GROUP_DRIVERS,
    GROUP_KINDS,
    GROUP_STATES,
    LIST_EXITS,
    NO_CONTACT_REASONS,
    OWNER_VERDICTS,
    POND_KINDS,
    STAGES,
    SUPPRESSIONS,
    TIPS,
    UNKNOWN,
)


def _as_in(tables: Iterable[Table], mart: str, names: str) -> Iterator[Column]:
    """Columns that another mart has, and that mean the same here."""
    [table] = (table for table in tables if table.name == mart)
    columns = {column.name: column for column in table.columns}
    return (columns[name] for name in names.split())


_LEFT = f"left within the last {RULES['left_days']} days"
_UNSOLD = f"has never had a paid order, {RULES['unsold_days']} days or more after its start"
_FALLEN = f"more than {RULES['fall_percent']} % below"
_LISTED_ON = date("listed_on", "Business date whose figures the list of calls stands at; it is read on the morning after.")
_OFF_LIST = (
    "held_out: a merchant of the part that no list names; snoozed: a later call was agreed; called: it was reached within the "
    f"last {RULES['called_days']} days and no later call was agreed; over_capacity: more need a call than the team can call; "
    "sold_again, left, below_threshold: it needs no call any more, since it has a paid order after the list before, since it "
    f"churned {RULES['left_days']} days ago or more, or for neither reason."
)


def _windows(days: int) -> Iterator[Column]:
    """What came within so many days of a call, whose hour counts; null until they are over."""
    end = f"less than {days} × 24 hours after the call; null until they are over."
    yield nullable(count(f"orders_{days}d", "orders", f"Paid orders from the call on, {end}"))
    yield nullable(flag(f"sold_again_{days}d", f"Whether there was such an order, {end}"))
    yield nullable(flag(f"logged_in_{days}d", f"Whether the merchant logged in from the call on, {end}"))
    yield nullable(
        flag(
            f"left_{days}d",
            f"Whether the merchant is churned on the day on which the {days} × 24 hours after the call end; null until then.",
        )
    )
    yield nullable(
        money(
            f"revenue_before_{days}d",
            f"Net revenue of the {days} × 24 hours before the call; null until those after it are over.",
        )
    )
    yield nullable(money(f"revenue_after_{days}d", f"Net revenue from the call on, {end}"))


def _so_far() -> Iterator[Column]:
    """What came of a call up to now, for those whose windows are not over."""
    end = "to the end of as_of, at most 28 × 24 hours after it."
    yield count("orders_so_far", "orders", f"Paid orders from the call {end}")
    yield flag("sold_again_so_far", f"Whether there was such an order from the call {end}")
    yield flag("logged_in_so_far", f"Whether the merchant logged in from the call {end}")
    yield flag("left_so_far", "Whether the merchant is churned on the day on which that time ends.")
    yield money("revenue_before_so_far", "Net revenue of as much time before the call as that of revenue_after_so_far.")
    yield money("revenue_after_so_far", f"Net revenue from the call {end}")


TABLES: tuple[Table, ...] = (
    Table(
        "suppressed_fans",
        "Grain: merchant × user × reason. Who must be on no list of people to contact: they block the "
        "merchant or told it to leave them alone (a later follow or paid order lifts both), or refused its last outreach.",
        key="merchant_id, user_id, reason",
        columns=(
            MERCHANT,
            USER,
            choice("reason", SUPPRESSIONS, "blocked, opted_out or refused."),
            date("since_date", "Business date of the block, of the latest outreach with is_opt_out, or of the refusal."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
    ),
    Table(
        "group_activity",
        "Grain: chat group created by as_of. dead: dissolved, or no message for 14 days; dying: none for "
        "7 days, or at most half as many messages in the last 7 days as in the 7 before; else alive.",
        key="group_id",
        columns=(
            identifier("group_id", "Id of the chat group, unique on the platform."),
            nullable(identifier("merchant_id", "The merchant it belongs to, if any.")),
            choice("kind", GROUP_KINDS, "What the group is for: product, interest, knowledge, resource, marketing or unknown."),
            choice("driver", GROUP_DRIVERS, "What holds it together, or unknown."),
            date("born_date", "Business date of its earliest creation."),
            nullable(date("dissolved_date", "Business date on which it was dissolved.")),
            count("members", "people", "People whose last move is a join."),
            nullable(date("last_message_date", "Business date of the last message; null if there was none.")),
            count("silent_days", "days", "Days from the last message, or the creation, to as_of."),
            count("messages_7d", "messages", "Messages of the last 7 days."),
            count("messages_prev_7d", "messages", "Messages of the 7 days before."),
            choice("state", GROUP_STATES, "alive, dying or dead."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        time="born_date",
    ),
    Table(
        "team_leaders",
        "Grain: merchant × person who opened a team there. See team_formation for the states.",
        key="merchant_id, user_id",
        columns=(
            MERCHANT,
            identifier("user_id", "The leader.", person=True),
            count("opened", "teams", "Teams that the person opened as leader.", least=1),
            count("closed", "teams", "Teams of the leader that formed or failed by as_of."),
            count("formed_organic", "teams", "Teams of the leader that formed without a seat filled by the platform."),
            count("formed_auto_filled", "teams", "Teams of the leader that formed with seats filled by the platform."),
            count("failed", "teams", "Teams of the leader that expired without being formed."),
            count("open_at_as_of", "teams", "Teams of the leader that neither formed nor failed by as_of."),
            count("members", "people", "People present at the end, summed over the teams."),
            date("last_opened_date", "Business date on which the leader last opened a team."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
    ),
    Table(
        "merchant_team_regions",
        "Grain: merchant × region of its teams, over all time. See team_formation for region and states.",
        key="merchant_id, region",
        columns=(
            MERCHANT,
            text("region", "The team's region, else its leader's, else unknown."),
            count("opened", "teams", "Teams that were opened in the region.", least=1),
            count("closed", "teams", "Teams that formed or failed by as_of."),
            count("formed_organic", "teams", "Teams that formed without a seat filled by the platform."),
            count("formed_auto_filled", "teams", "Teams that formed with seats filled by the platform."),
            count("failed", "teams", "Teams that expired without being formed."),
            count("open_at_as_of", "teams", "Teams that neither formed nor failed by as_of."),
            rate(share("formation_rate", "formed_organic / closed; null where none is closed."), "formed_organic", "closed"),
            nullable(share("formation_rate_lo", "Lower bound of the 95 % Wilson interval of formation_rate.")),
            nullable(share("formation_rate_hi", "Upper bound of the 95 % Wilson interval of formation_rate.")),
            count("people", "people", "Distinct people who ever took a seat in these teams."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id region opened closed formed_organic formed_auto_filled failed open_at_as_of formation_rate "
            "formation_rate_lo formation_rate_hi people",
            f"Team purchases of one region, over all time; regions where fewer than {RULES['smallest_cell']} people took part "
            "are left out.",
            file="team_regions",
        ),
    ),
    Table(
        "export_deliveries",
        "Grain: destination or message × as_of × version of the warehouse: what was delivered, and who was told, for days "
        "before this one, from the receipts.",
        key="destination, delivered_as_of, warehouse_version",
        columns=(
            text("destination", "Name of the destination, or of the message."),
            date("delivered_as_of", "Business date of the delivered figures."),
            text("warehouse_version", "Published version that was delivered."),
            text("kind", "folder, s3 or sftp; of messages mail, wecom, dingtalk, feishu or slack."),
            nullable(text("changes_since", "Delivery that the differences are against; null in the first.")),
            integer("packs", "packs", "Packs; of messages those whose managers can be told."),
            integer("files", "files", "Files, or messages that were accepted."),
            count("bytes", "bytes", "Their size."),
            integer("attempts", "tries", "Tries that it took; of messages the most that one took.", least=1),
            text("manifest_sha256", "SHA-256 of the manifest, or of all messages."),
            identifier("run_id", "The DAG run that delivered."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
    ),
    Table(
        "fan_contacts",
        "Grain: merchant × its fan at the end of as_of: whether the merchant may contact the person. Nobody else may be "
        "named to the merchant.",
        key="merchant_id, user_id",
        columns=(
            MERCHANT,
            identifier("user_id", "The fan.", person=True),
            flag("may_contact", "Whether the merchant may contact the fan: it is not in suppressed_fans."),
            nullable(
                choice(
                    "no_contact_reason",
                    NO_CONTACT_REASONS,
                    "Why not: the reasons of suppressed_fans in alphabetical order, with a blank between; null where it may.",
                )
            ),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS, SPREAD_MAP),
        audience=Audience.MERCHANT,
    ),
    Table(
        "merchant_overview",
        f"Grain: merchant: everything that its account manager reads about it. It needs a call if it {_LEFT}, is launching and "
        f"{_UNSOLD}, is flagged by the churn model, or if its revenue of 28 days is {_FALLEN} that of the 28 days before. "
        "It is on the list unless it is held out, a later call was agreed, it was reached within the last "
        f"{RULES['called_days']} days, or more need a call than the team can call in a week (FANOUT_CHURN_CAPACITY): then "
        "those with the most at stake are on it, of all account managers together.",
        key="merchant_id",
        columns=(
            MERCHANT,
            text("name", "Name that the merchant gave itself, else its id."),
            text("manager", "Its account manager; an empty text where it has none."),
            nullable(text("plan", "Plan that the merchant pays for; empty where none was recorded.")),
            nullable(
                count("rank", "place, from 1", "Place in the account manager's list of calls, 1 is called first.", least=1)
            ),
            nullable(
                integer(
                    "days_on_list",
                    "days",
                    f"Days on the list without a break, this one included: 1 is new; at most {2 * RULES['history_days']}, over "
                    "which they are looked for. A day without a run breaks nothing. Null where it is not on the list.",
                    least=1,
                )
            ),
            nullable(
                date(
                    "left_list_on",
                    "as_of, where the merchant was on the list of the day that was run before, and is no longer.",
                )
            ),
            nullable(choice("left_list_reason", LIST_EXITS, f"Why it is no longer. {_OFF_LIST}")),
            nullable(
                date(
                    "snoozed_until",
                    "Day of the next call that the last one agreed, where it is after the morning on which the list is read.",
                )
            ),
            flag(
                "is_held_out",
                "Whether the merchant belongs to the part that no list names, so that it can be seen what calls bring: by a "
                "keyed hash of its id, the same every day.",
            ),
            choice(
                "stage",
                (*STAGES, UNKNOWN),
                "churned: no paid order and no login in the last 60 days; launching: under 30 days or under 10 orders; "
                "recovered: churned in the last 90 days; at_risk: flagged; else operating.",
            ),
            nullable(date("since", "Business date since which the merchant has been in its stage.")),
            *map(nullable, _as_in(merchants.TABLES, "merchant_churn_flags", "churn_probability")),
            *_as_in(merchants.TABLES, "merchant_churn_flags", "is_churn_flagged"),
            flag("has_left", f"Whether it {_LEFT}."),
            flag("has_not_sold", f"Whether it is launching and {_UNSOLD}."),
            flag("has_fallen", f"Whether revenue_28d is {_FALLEN} revenue_prev_28d."),
            *_as_in(
                merchants.TABLES,
                "merchant_churn_flags",
                "at_stake expected_loss reasons days_since_last_order days_since_last_login",
            ),
            integer("days_since_start", "days", "Days from its onboarding, else its first event, to as_of."),
            *_as_in(merchants.TABLES, "merchant_churn_flags", "revenue_28d revenue_prev_28d"),
            money("revenue_365d", "Net revenue of the merchant in the last 365 days."),
            count("fans", "people", "Fans of the merchant at the end of as_of."),
            nullable(
                number(
                    "revenue_per_fan",
                    MONEY,
                    "Net revenue of up to 365 days by the average number of fans, scaled to a year.",
                )
            ),
            nullable(month("growth_month", "Last complete month that has a complete month before it.")),
            nullable(month_start("growth_month")),
            nullable(money("month_change", "Net revenue of growth_month minus that of the month before.")),
            nullable(money("user_effect", "Part of month_change that more or fewer fans explain.")),
            nullable(money("per_fan_effect", "The rest of month_change: what each fan brought.")),
            count("cohort_fans", "people", "Fans by the month of their first order, of months whose next one is complete."),
            count("retained_fans", "people", "Those of cohort_fans who bought again in the month after."),
            rate(
                share(
                    "retention", "Of the fans by the month of their first order, the part that bought again in the month after."
                ),
                "retained_fans",
                "cohort_fans",
            ),
            count("teams_closed", "teams", "Team purchases that formed or failed, over all time."),
            count("teams_formed_organic", "teams", "Those of teams_closed that formed without a seat filled by the platform."),
            rate(
                share("formation_rate", "Of teams_closed, the part that formed without a seat filled by the platform."),
                "teams_formed_organic",
                "teams_closed",
            ),
            count("shares", "shares", "Shares made by people of the merchant in the last 90 days."),
            count("opens", "opens", "Times that others opened these shares in the last 90 days."),
            money("revenue_led", "Net revenue of orders credited to these shares by last touch."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MANAGER,
        empty=Empty.WARNED,
    ),
    Table(
        "merchant_weeks",
        "Grain: merchant × week of seven days with revenue, of the last 12 weeks; the last one ends with as_of.",
        key="merchant_id, weeks_ago",
        columns=(
            MERCHANT,
            count("weeks_ago", "weeks", "Weeks from this one to the one that ends with as_of, which has 0."),
            money("revenue", "Net revenue of the week, reporting currency."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
    ),
    Table(
        "fan_funnel",
        "Grain: merchant that had fans within the window of per_fan_revenue: its fans by how far they went, each step among "
        "the people of the step before.",
        key="merchant_id",
        columns=(
            MERCHANT,
            count("window_fans", "people", "People who were fans of the merchant at any instant of the window.", least=1),
            count("buying_fans", "people", "Of window_fans, those with a paid order in the window."),
            count("repeat_fans", "people", "Of buying_fans, those with more than one."),
            count("repeat_supporting_fans", "people", "Of repeat_fans, those who are supporting fans."),
            count("supporting_fans", "people", "All supporting fans among window_fans, those who bought once included."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
    ),
    Table(
        "merchant_team_designs",
        "Grain: merchant × size_required × benefit_side × goal × opened_date: team_formation without the region, which may be "
        "a person's.",
        key="merchant_id, size_required, benefit_side, goal, opened_date",
        columns=tuple(
            _as_in(
                teams.TABLES,
                "team_formation",
                "merchant_id size_required benefit_side goal opened_date opened closed formed_organic formed_auto_filled "
                "failed open_at_as_of members new_buyer_members",
            )
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id size_required benefit_side goal opened_date opened closed formed_organic formed_auto_filled failed "
            "open_at_as_of members new_buyer_members",
            "Team purchases of one design that were opened on one day.",
            file="teams",
        ),
    ),
    Table(
        "leaders_to_win",
        "Grain: merchant × fan at the end of as_of who may be contacted and whose teams formed: whom to win over as a leader.",
        key="merchant_id, user_id",
        columns=(
            MERCHANT,
            identifier("user_id", "The leader.", person=True),
            count("opened", "teams", "Teams that the person opened as leader.", least=1),
            count("open_at_as_of", "teams", "Teams of the leader that neither formed nor failed by as_of."),
            count("formed_organic", "teams", "Teams of the leader that formed without a seat filled by the platform.", least=1),
            count("formed_auto_filled", "teams", "Teams of the leader that formed with seats filled by the platform."),
            count("failed", "teams", "Teams of the leader that expired without being formed."),
            date("last_opened_date", "Business date on which the leader last opened a team."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
    ),
    Table(
        "spreaders_to_thank",
        "Grain: merchant × fan at the end of as_of who may be contacted and whose shares others opened, or which led revenue, "
        "in the last 90 days.",
        key="merchant_id, user_id",
        columns=(MERCHANT, USER, *_as_in(spread.TABLES, "spreaders", "shares openers revenue_led is_connector")),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
    ),
    Table(
        "groups_to_revive",
        "Grain: chat group of a merchant that is not dead and has a cause to be revived. silent: it is dying, as in "
        "group_activity; one_way and nobody_buys: is_one_way and is_active_not_converting of group_health; red_axis: one of "
        "its four axes is red.",
        key="merchant_id, group_id",
        columns=(
            MERCHANT,
            identifier("group_id", "Id of the chat group that the row is about."),
            count(
                "rank",
                "place, from 1",
                "Place among the merchant's: the silent first, who may be dead in a week, then by health, the lowest first, "
                "then by members.",
                least=1,
            ),
            choice("causes", GROUP_CAUSE_SETS, "Those that hold, with blanks between."),
            *_as_in(groups.TABLES, "group_health", "health weakest_axis"),
            *_as_in(groups.TABLES, "group_health", "survival_colour activity_colour conversion_colour growth_colour"),
            nullable(share("official_share", "Messages of the owner and staff / all, of 28 days; null without messages.")),
            choice("kind", GROUP_KINDS, "What the group is for, or unknown."),
            choice("state", GROUP_STATES, "As in group_activity."),
            count("members", "people", "People in it at the end of as_of."),
            nullable(date("last_message_date", "Business date of the last message; null if there was none.")),
            count("silent_days", "days", "Days from the last message, or the creation, to as_of."),
            count("messages_7d", "messages", "Messages of the last 7 days."),
            count("messages_prev_7d", "messages", "Messages of the 7 days before."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
    ),
    Table(
        "group_owners",
        "Grain: merchant × owner of a chat group that is not dead, named by the owner's weakest group. Carries, needs help: "
        f"the owner_effect of community_people is {RULES['owner_points']} points of health or more above, or below, 0. How "
        "sure that is lies in the effect, which is drawn to 0 where an owner has few groups.",
        key="merchant_id, group_id",
        columns=(
            MERCHANT,
            identifier("group_id", "The owner's living group with the lowest health; of several the first by id."),
            nullable(identifier("user_id", "The owner, if a fan of the merchant who may be contacted.", person=True)),
            choice("verdict", OWNER_VERDICTS, "carries, needs_help, or usual; usual too without an effect."),
            count(
                "place",
                "place, from 1",
                "Place among the merchant's owners of the verdict by mean_health: of those who carry the highest first, of the "
                "others the lowest.",
                least=1,
            ),
            count("groups_owned", "chat groups", "Groups of the merchant that the owner has.", least=1),
            count("groups_alive", "chat groups", "Those that are not dead.", least=1),
            nullable(number("mean_health", "points", "Mean health of these groups.", least=0, most=100)),
            *_as_in(groups.TABLES, "group_health", "health weakest_axis"),
            *_as_in(people.TABLES, "community_people", "sends_28d operator_hours_28d"),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MANAGER,
    ),
    Table(
        "sellers_over_cap",
        "Grain: merchant × fan at the end of as_of who may be contacted and who in the last 30 days shared into one chat group "
        "more often than the merchant's advised_cap (share_fatigue).",
        key="merchant_id, user_id",
        columns=(
            MERCHANT,
            USER,
            *_as_in(people.TABLES, "community_people", "busiest_group_shares_30d"),
            count("advised_cap", "shares", "Shares in 30 days that a sharer should stop at.", least=1),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
    ),
    Table(
        "inviters_to_thank",
        "Grain: merchant × fan at the end of as_of who may be contacted and whose invitation somebody was the first to accept.",
        key="merchant_id, user_id",
        columns=(
            MERCHANT,
            USER,
            count(
                "inviter_rank", "place, from 1", "Place among all inviters of the merchant, as in community_people.", least=1
            ),
            *_as_in(
                people.TABLES,
                "community_people",
                "invitees invitees_new invitees_adjusted paid_invitees invitee_revenue matured_invitees retained_invitees",
            ),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
    ),
    Table(
        "merchant_ponds",
        f"Grain: merchant × pond × place: pond_ranks as a merchant may see it. Under {RULES['smallest_cell']} participants "
        "nobody is named, and points are left out, by which one could be found again in another pond. In regions nobody ever "
        "is, since where a person lives is the person's own, and smaller regions are left out.",
        key="merchant_id, pond_kind, pond, place",
        columns=(
            MERCHANT,
            choice("pond_kind", POND_KINDS, "What the pond is: region, group or circle."),
            text("pond", "The region or the chat group; circles are numbered, the one with most participants first."),
            count("place", "place, from 1", "Place in the pond; of equals any comes first, always the same.", least=1),
            nullable(identifier("user_id", "Who; null in small ponds and in regions.", person=True)),
            count("participants", "people", "People in the pond.", least=3),
            nullable(
                count("points", "opens", "Opens of the person's shares by others in the last 28 days; null without a name.")
            ),
            nullable(count("points_7d_ago", "opens", "The same 7 days before; null without a name.")),
            *_as_in(people.TABLES, "pond_ranks", "rank percentile gap_to_next gap_behind overtakes_7d overtaken_7d"),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id pond_kind pond place user_id participants points points_7d_ago rank percentile gap_to_next gap_behind "
            "overtakes_7d overtaken_7d",
            f"Who stands where among those whose shares were opened, in a region, chat group or circle. From "
            f"{RULES['smallest_cell']} people on, those of groups and circles are named; a region with fewer is left out.",
            file="ponds",
        ),
    ),
    Table(
        "largest_cascades",
        f"Grain: merchant × tree of shares that a picture may show: the 12 largest that began in the last {RULES['map_days']} "
        "days, and the largest that began in the last 7; of equal ones the smaller root_share_id counts.",
        key="merchant_id, root_share_id",
        columns=(
            MERCHANT,
            *_as_in(spread.TABLES, "cascades", "root_share_id shares sharers depth orders revenue"),
            nullable(
                count(
                    "map_rank",
                    "place, from 1",
                    f"Place among the trees that began in the last {RULES['map_days']} days, 1 has the most shares; null from "
                    "the thirteenth on.",
                    least=1,
                )
            ),
            flag("is_largest_of_week", "Whether no larger one began in the last 7 days; false if it began before."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS, SPREAD_MAP),
        audience=Audience.MERCHANT,
    ),
    Table(
        "success_calls",
        "Grain: merchant × called_at × manager: a call to a merchant, how the merchant stood on the list that it was made "
        "from, and what came after it. Of equal calls the one with the smaller id counts.",
        key="merchant_id, called_at, manager",
        columns=(
            MERCHANT,
            text("manager", "The account manager who called."),
            timestamp("called_at", "When, UTC."),
            date("called_on", "Business date of the call."),
            replace(
                _LISTED_ON, text=f"{_LISTED_ON.text} Where the call names no list, or a later one, the day before the call."
            ),
            choice("result", CALL_RESULTS, "How it ended."),
            nullable(text("step", "The step that the list suggested: stage and topic of the playbook with a point between.")),
            nullable(date("next_on", "Business date of the next call that was agreed.")),
            nullable(
                choice("stage", STAGES, "Stage of the merchant on listed_on; null where the lake has no list of that day.")
            ),
            *map(nullable, _as_in(merchants.TABLES, "merchant_churn_flags", "churn_probability at_stake reasons")),
            text(
                "reason",
                "Topic of the first reason on the list: left, first_order, sales_stopped, revenue, a topic of reasons, or "
                "risk; unknown where the lake has no list of that day, or has no reason there.",
            ),
            *(column for days in (7, 14, 28) for column in _windows(days)),
            *_so_far(),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MANAGER,
        time="called_on",
    ),
    Table(
        "success_effect",
        "Grain: manager × reason × step × month of the call, and all totals over them (all): what calls bring. A merchant that "
        "was called has recovered if it has a paid order in the 28 days after the call and is not churned at their end. The "
        "rate of the called alone says little: many would have sold anyway, and the worst cases are called first. uplift "
        "compares with merchants that were due like them and not called; it leans to 0, since some of these are called later. "
        "uplift_of_draw compares all that were due with those that are held out; nothing but chance divides them.",
        key="manager, reason, step, month",
        columns=(
            text(
                "manager", "The account manager: of a call who made it, of uplift_of_draw whose merchant it is; all in a total."
            ),
            text("reason", "Topic of the first reason on the list, see success_calls; all in a total."),
            text("step", "The step that the list suggested, unknown where the call names none; all in a total."),
            month(
                "month", "Month of the call, of uplift_of_draw of the merchant's first day on which it was due; all in a total."
            ),
            nullable(month_start()),
            is_total(
                "'all' in (manager, reason, step, month)",
                "Whether the row is a total over managers, reasons, steps or months: leave it out, or take one kind alone.",
            ),
            count("calls", "calls", "Calls, each repeated one too."),
            count(
                "called",
                "merchants",
                "Calls to a merchant that had none in the 28 days before, whose 28 days after it are over.",
            ),
            count("recovered", "merchants", "Of called, those that recovered."),
            rate(share("recovery_rate", "recovered / called."), "recovered", "called"),
            nullable(share("recovery_rate_lo", "Lower bound of the 95 % Wilson interval of recovery_rate.")),
            nullable(share("recovery_rate_hi", "Upper bound of the 95 % Wilson interval of recovery_rate.")),
            count(
                "matched_calls",
                "merchants",
                "Of called, those for which there is a merchant to compare with: due on the same list, flagged or not like it, "
                "with a churn probability in the same tenth (0.6 to under 0.7), on the same plan, with revenue_28d of as many "
                "digits before the point, and not called by the end of that day nor in the 28 days before.",
            ),
            count("matched_recovered", "merchants", "Of matched_calls, those that recovered."),
            count("others", "merchants", "Merchants that they are compared with."),
            rate(share("matched_rate", "matched_recovered / matched_calls."), "matched_recovered", "matched_calls"),
            nullable(
                share(
                    "others_rate",
                    "The share of the others that recovered, each call's counted together as one: as if the called had not "
                    "been called.",
                )
            ),
            nullable(number("uplift", RATIO, "matched_rate − others_rate.", least=-1, most=1)),
            nullable(
                number(
                    "uplift_lo",
                    RATIO,
                    "Lower bound of the 95 % interval of uplift by Newcombe (1998), method 10; the others count as as many as "
                    "their weights are worth (Kish).",
                    least=-1,
                    most=1,
                )
            ),
            nullable(number("uplift_hi", RATIO, "Upper bound of it.", least=-1, most=1)),
            nullable(
                count(
                    "due",
                    "merchants",
                    "Merchants that needed a call, called or not, counted on the first day of all lists on which they did, "
                    "where 28 days have passed; without the held out. Null where nobody is held out, and of a single step.",
                )
            ),
            nullable(
                count("due_recovered", "merchants", "Of due, those with a paid order in the 28 days after, and not churned.")
            ),
            nullable(count("held_out", "merchants", "Merchants counted like due that are held out.")),
            nullable(count("held_out_recovered", "merchants", "Of held_out, those that recovered.")),
            rate(share("due_rate", "due_recovered / due."), "due_recovered", "due"),
            rate(share("held_out_rate", "held_out_recovered / held_out."), "held_out_recovered", "held_out"),
            nullable(number("uplift_of_draw", RATIO, "due_rate − held_out_rate: by intention to treat.", least=-1, most=1)),
            nullable(
                number(
                    "uplift_of_draw_lo",
                    RATIO,
                    "Lower bound of the 95 % interval of uplift_of_draw by Newcombe (1998), method 10.",
                    least=-1,
                    most=1,
                )
            ),
            nullable(number("uplift_of_draw_hi", RATIO, "Upper bound of it.", least=-1, most=1)),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MANAGER,
        time="month_start",
    ),
    Table(
        "worklist_history",
        f"Grain: merchant × listed_on, of the last {RULES['history_days']} days: the merchants that needed a call on that day "
        "or were on the list of the day that was run before. A day that was not run has no rows. Worked out again on every "
        "run, from what the churn model wrote on each day and what is known today of calls, orders and account managers.",
        key="merchant_id, listed_on",
        columns=(
            MERCHANT,
            _LISTED_ON,
            flag("is_on_list", "Whether the merchant is on the list of its account manager."),
            nullable(
                count("rank", "place, from 1", "Place in the account manager's list of calls, 1 is called first.", least=1)
            ),
            nullable(
                date(
                    "on_list_since",
                    "First day of those without a break on which it was on the list; a day without a run breaks nothing. "
                    f"Looked for over {2 * RULES['history_days']} days.",
                )
            ),
            flag("was_on_list", "Whether it was on the list of the day that was run before."),
            nullable(choice("off_list_reason", LIST_EXITS, f"Why it is not on the list. {_OFF_LIST}")),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MANAGER,
        time="listed_on",
    ),
    Table(
        "merchant_tips",
        "Grain: merchant × day × place among its tips, of as_of and of the day a week before: what to do in the seven days "
        "after. Both come from the data and the rules of as_of.",
        key="merchant_id, asked_on, rank",
        columns=(
            MERCHANT,
            date("asked_on", "Business date that the tip stands at: as_of, or a week before."),
            count("rank", "place, from 1", "Place among the merchant's tips of the day, at most 3.", least=1),
            choice(
                "tip",
                TIPS,
                "one_seat: teams of a region fail for want of one person; asleep: fans who bought more than once have stopped; "
                "unpushed: a product spreads but is pinned in no live stream; new_circle: a share reached a circle of friends "
                "that had made none.",
            ),
            text("rules_version", "Version of the rules by which it was chosen."),
            nullable(text("subject", "What it is about: a region, a product's id, the first share of a tree; else null.")),
            nullable(text("subject_name", "Name of the subject where it has one: a region's code, a product's title.")),
            count(
                "figure",
                "of what the tip says",
                f"What speaks for it: teams or opens of {RULES['tip_days']} days, fans asleep, people of the circle.",
                least=1,
            ),
            nullable(money("amount", "Net revenue that the fans who are asleep have brought so far; else null.")),
            count(
                "aim",
                "of what is to come",
                "What is to come of it within seven days: teams formed, fans who buy again, orders, people who share.",
                least=1,
            ),
            nullable(count("came", "of what is to come", "What came of it; null for those of as_of.")),
            nullable(flag("is_reached", "Whether the aim was reached; null for those of as_of.")),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id asked_on rank tip rules_version subject subject_name figure amount aim came is_reached",
            "A thing to do in the seven days after asked_on; those of a week before the day tell what came of them.",
            file="tips",
        ),
    ),
    Table(
        "merchant_channels",
        f"Grain: merchant × channel: channel_returns of the last {RULES['channel_months']} calendar months, that of as_of "
        "among them, added up, with what to make of it.",
        key="merchant_id, channel",
        columns=(
            MERCHANT,
            text("channel", "Channel of the arrivals, orders and spend, taken as it comes; `none` where nothing names one."),
            choice("domain", CHANNEL_DOMAINS, "Whose field it is: `private`, `public`, else `unknown`."),
            flag("is_paid", "Whether people are bought there."),
            count("arrivals", "people", "People whose first activity or follow was by the channel."),
            count("settled", "people", "Those of them who followed, or joined a chat group of the merchant."),
            count("buyers", "people", "Those of the arrivals with a paid order."),
            rate(share("conversion", "buyers / arrivals: how many of those who came ever bought."), "buyers", "arrivals"),
            nullable(share("conversion_lo", "Lower bound of its 95 % Wilson interval.")),
            nullable(share("conversion_hi", "Upper bound of its 95 % Wilson interval.")),
            count("repeat_buyers", "people", "Those of the buyers with orders on two dates or more."),
            rate(
                share("repurchase_rate", "repeat_buyers / buyers: how many of those who bought came back."),
                "repeat_buyers",
                "buyers",
            ),
            nullable(share("repurchase_rate_lo", "Lower bound of its 95 % Wilson interval.")),
            nullable(share("repurchase_rate_hi", "Upper bound of its 95 % Wilson interval.")),
            count("orders", "orders", "Paid orders by the channel, whoever placed them."),
            money("revenue", "Net revenue of orders by the channel, refunds on their own date."),
            money("spend", "Marketing money in the channel.", least=0),
            nullable(number("roi", RATIO, "revenue / spend − 1; null without spend.")),
            choice(
                "verdict",
                CHANNEL_VERDICTS,
                f"few: under {RULES['channel_people']} arrivals; loyal: fewer buy than of all the merchant's arrivals, and "
                "more of these buy again; weak: fewer buy; strong: more buy; usual: the intervals tell no difference.",
            ),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id channel domain is_paid arrivals settled buyers conversion conversion_lo conversion_hi repeat_buyers "
            "repurchase_rate repurchase_rate_lo repurchase_rate_hi orders revenue spend roi verdict",
            f"A channel over the last {RULES['channel_months']} months: who came by it, who bought and who bought again, and "
            "what to make of it.",
            file="channels",
        ),
    ),
    Table(
        "product_ranking",
        f"Grain: merchant × product that was sold, shared or opened in the last {RULES['product_days']} days. An order without "
        "lines is of its team's product, else of the product whose share led to it.",
        key="merchant_id, product_id",
        columns=(
            MERCHANT,
            merchants_own("product_id", "The product."),
            text("title", "Title of the product, else its id."),
            count("rank", "place, from 1", "Place by sold_value, then orders, opens and shares.", least=1),
            count("orders", "orders", "Paid orders with the product."),
            count("buyers", "people", "People with such an order."),
            money("sold_value", "Value of the product in these orders; refunds, which are of whole orders, are not taken off."),
            count("orders_via_shares", "orders", "Those of orders that a share led to."),
            count("shares", "shares", "Shares of the product, or of a team that buys it."),
            count("opens", "opens", "Times that others opened shares of the product."),
            count("pins", "times", "Times that it was pinned in a live stream."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id product_id title rank orders buyers sold_value orders_via_shares shares opens pins",
            f"A product that was sold, shared or opened in the last {RULES['product_days']} days.",
            file="products",
        ),
    ),
    Table(
        "fans_to_wake",
        f"Grain: merchant × fan at the end of as_of who may be contacted and bought more than once, but not in the last "
        f"{RULES['asleep_days']} days.",
        key="merchant_id, user_id",
        columns=(
            MERCHANT,
            identifier("user_id", "The fan.", person=True),
            count("orders", "orders", "Paid orders of the fan at the merchant.", least=2),
            money("revenue", "Net revenue of these orders."),
            date("last_order_date", "Business date of the last one."),
            nullable(
                text("last_product", "Title of the product that the fan bought last, else its id; null if none is known.")
            ),
            nullable(money("expected_value_365d", "Revenue expected from the fan in the next 365 days; null without a model.")),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id user_id orders revenue last_order_date last_product expected_value_365d",
            f"A fan who may be contacted and bought more than once, but not in the last {RULES['asleep_days']} days.",
        ),
    ),
    Table(
        "fan_names",
        "Grain: merchant × fan at the end of as_of who may be contacted and has chosen a name to be seen by.",
        key="merchant_id, user_id",
        columns=(
            MERCHANT,
            identifier("user_id", "The fan.", person=True),
            identifier(
                "display_name", "Name that the fan chose to be seen by, of the latest registration record.", person=True
            ),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
    ),
    Table(
        "merchant_tickets",
        f"Grain: merchant with a support ticket in the last {RULES['ticket_days']} days. No event closes one.",
        key="merchant_id",
        columns=(
            MERCHANT,
            count("tickets", "tickets", f"Support tickets of the last {RULES['ticket_days']} days.", least=1),
            date("last_ticket_date", "Business date of the last one."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MANAGER,
    ),
    Table(
        "red_merchants",
        "Grain: merchant whose payments of as_of are red in diagnosis (window of one day), with what moved them most.",
        key="merchant_id",
        columns=(
            MERCHANT,
            money("paid", "Payments of the day, gross.", least=0),
            money("paid_expected", "What was to be expected: the baseline of diagnosis.", least=0),
            money("paid_change", "What was paid less what was to be expected, reporting currency: paid - paid_expected."),
            choice("cause", CAUSES, "What moved payments most."),
            money("cause_change", "How much of the change came from it."),
            text("advice", "What to do about the cause, English."),
            text("advice_zh", "What to do about the cause, Chinese."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MANAGER,
    ),
    Table(
        "merchant_before",
        "Grain: merchant: figures of merchant_overview as they were 28 days before as_of, by the data of as_of.",
        key="merchant_id",
        columns=(
            MERCHANT,
            nullable(count("fans_prev_28d", "people", "Fans of the merchant 28 days before; null if it was not there yet.")),
            nullable(
                number(
                    "revenue_per_fan_prev_28d",
                    MONEY,
                    "revenue_per_fan at the last month's end that was 28 days before or more.",
                )
            ),
            nullable(share("retention_prev_28d", "retention over the months that were complete 28 days before.")),
            nullable(
                share("formation_rate_prev_28d", "formation_rate over the teams that were opened 28 days before or earlier.")
            ),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
    ),
    Table(
        "merchant_benchmarks",
        f"Grain: merchant × figure: beside the others of its category and size (under 100 fans, 1,000, 10,000, more), "
        f"where these are at least {RULES['smallest_group']} and differ. Quartiles are to two "
        "significant digits, told only where no two days can tell another's figure.",
        key="merchant_id, metric",
        columns=(
            MERCHANT,
            choice("metric", BENCHMARKS, "The figure, a column of merchant_overview; opens_per_share is opens / shares."),
            number("own_value", "that of the figure", "The merchant's own figure."),
            number("lower_quartile", "that of the figure", "Where a quarter of the others are below."),
            number("median", "that of the figure", "Where half of the others are below."),
            number("upper_quartile", "that of the figure", "Where three quarters of the others are below."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id metric own_value lower_quartile median upper_quartile",
            "A figure of the merchant beside the middle of the others of its category and size, to two significant digits.",
            file="benchmarks",
        ),
    ),
)
