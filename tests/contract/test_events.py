"""The people of the event contract: erasure hangs on which fields hold one."""

from __future__ import annotations

from collections import defaultdict

from contract.events import EVENT_TYPES, PERSON_FIELDS


def test_every_field_that_holds_a_person_is_known_to_the_erasure() -> None:
    assert sorted(PERSON_FIELDS) == ["beneficiary_id", "host_id", "inviter_id", "leader_id", "owner_id", "user_id"]
    assert PERSON_FIELDS[0] == "user_id"  # an erasure request is read by the first person that it names


def test_a_name_is_a_person_in_every_event_or_in_none() -> None:
    kinds = defaultdict(set)
    for event in EVENT_TYPES.values():
        for field in event.fields:
            kinds[field.name].add(field.is_person)
    assert len(kinds) > 50
    assert {name for name, found in kinds.items() if len(found) > 1} == set()
