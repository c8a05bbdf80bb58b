"""Rules of the merchant success team that the warehouse works by and pages tell: one number each.

dbt knows each as a variable of that name, the catalogues of words as a placeholder.
"""

from __future__ import annotations

RULES = {
    "left_days": 3,  # a merchant that left within them needs a call
    "unsold_days": 7,  # and one that has never sold this long after its start
    "fall_percent": 30,  # and one whose revenue of 28 days is lower by more than this than that of the 28 days before
    "called_days": 7,  # a merchant that was reached stays off the list for them, where no next call was agreed
    "history_days": 28,  # days of lists that readers see
    "smallest_cell": 20,  # people in a breakdown by an attribute of persons
    "map_days": 90,  # in which the cascades of a spread map began
    "product_days": 90,  # of the ranking of products
    "tip_days": 28,  # that a tip looks back on
    "asleep_days": 60,  # without a paid order after which a fan who bought more than once is asleep
    "ticket_days": 14,  # in which a support ticket counts as open: no event closes one
    "unread_ms": 3_000,  # a page that half of its viewers leave sooner is not read
    "channel_months": 6,  # calendar months, that of as_of among them, whose channels are compared
    "channel_people": 30,  # who came by a channel, under whom it has no verdict
    "lead_touches": 3,  # attempts to reach a lead after which it is left alone
    "smallest_group": 10,  # other merchants in a benchmark
    "owner_points": 5,  # of health by which the groups of an owner are better or worse than all, to say so
}
