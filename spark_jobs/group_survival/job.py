"""Group survival as of a day, from lake to lake."""

from __future__ import annotations

from spark_jobs.families.day import LakeDay, Result
from spark_jobs.group_survival.survival import end_of_judged, group_durations, group_lifetimes, group_survival

EVENTS = ("group.chat_created.v1", "group.message_posted.v1", "group.member_joined.v1")


def run(day: LakeDay) -> Result:
    chats, messages, joins = map(day.read, EVENTS)
    durations = day.keep(group_durations(chats, messages, joins, end_of_judged(day.as_of, day.settings.timezone)))
    survival = group_survival(durations)
    day.write("group_survival", survival)
    day.write("group_lifetimes", group_lifetimes(durations, survival))
    return Result(day.events_of(*EVENTS))
