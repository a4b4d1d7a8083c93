"""HubSpot rows that exist before the first contact: owners and forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadledger.domain.instants import DAY
from leadledger.sandbox.story.hubspot_book import FORM_IDS, owner_of
from leadledger.sandbox.story.kinds import Region
from leadledger.sandbox.story.model import Story
from leadledger.sandbox.story.stamps import hubspot_stamp

_FIRST_USER = 51_001


def setup_rows(story: Story) -> Iterator[tuple[str, dict[str, Any]]]:
    """Owners (the deactivated ones archived, without a user id) and the four forms."""
    teams = {region: str(number) for number, region in enumerate(Region, start=301)}
    for rep in story.reps:
        gone = rep.left_us is not None
        yield (
            "owners",
            {
                "id": owner_of(rep.key),
                "email": rep.email,
                "firstName": rep.first_name,
                "lastName": rep.last_name,
                "userId": None if gone else _FIRST_USER + rep.key,
                "userIdIncludingInactive": _FIRST_USER + rep.key,
                "type": "PERSON",
                "createdAt": hubspot_stamp(rep.started_us),
                "updatedAt": hubspot_stamp(rep.left_us or rep.started_us),
                "archived": gone,
                "teams": [{"id": teams[rep.region], "name": f"Sales {rep.region}", "primary": True}],
            },
        )
    opened = hubspot_stamp(story.start_us - 300 * DAY)
    for form, id_ in FORM_IDS.items():
        yield (
            "forms",
            {
                "id": id_,
                "name": form.value,
                "formType": "hubspot",
                "createdAt": opened,
                "updatedAt": opened,
                "archived": False,
            },
        )
