"""The tables of the area success."""

from __future__ import annotations

from contract.columns import MERCHANT, USER, choice, count, date, identifier, integer, nullable, share, text
from contract.table import MERCHANT_SUCCESS, Question, Table
from contract.values import GROUP_DRIVERS, GROUP_KINDS, GROUP_STATES, SUPPRESSIONS

TABLES: tuple[Table, ...] = (
    Table(
        "suppressed_fans",
        "Grain: merchant × user × reason. Who must be on no list of people to contact: they block the "
        "merchant (a later follow or paid order lifts it), or refused its last outreach.",
        key="merchant_id, user_id, reason",
        columns=(
            MERCHANT,
            USER,
            choice("reason", SUPPRESSIONS, "blocked or refused."),
            date("since_date", "Business date of the block or the refusal."),
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
            nullable(share("formation_rate", "formed_organic / closed; null where none is closed.")),
            nullable(share("formation_rate_lo", "Lower bound of the 95 % Wilson interval of formation_rate.")),
            nullable(share("formation_rate_hi", "Upper bound of the 95 % Wilson interval of formation_rate.")),
            count("people", "people", "Distinct people who ever took a seat in these teams."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
    ),
    Table(
        "export_deliveries",
        "Grain: destination × as_of × version of the warehouse: what was delivered for days before this "
        "one, from the receipts.",
        key="destination, delivered_as_of, warehouse_version",
        columns=(
            text("destination", "Name of the destination."),
            date("delivered_as_of", "Business date of the delivered figures."),
            text("warehouse_version", "Published version that was delivered."),
            text("kind", "folder, s3 or sftp."),
            nullable(text("changes_since", "Delivery that the differences are against; null in the first.")),
            integer("packs", "packs", "Packs."),
            integer("files", "files", "Files."),
            count("bytes", "bytes", "Their size."),
            integer("attempts", "tries", "Tries that it took.", least=1),
            text("manifest_sha256", "SHA-256 of the manifest."),
            identifier("run_id", "The DAG run that delivered."),
        ),
        questions=(Question.SUCCESS,),
        consumers=(MERCHANT_SUCCESS,),
    ),
)
