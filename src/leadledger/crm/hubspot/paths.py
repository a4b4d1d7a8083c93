"""The paths of HubSpot's API, all with the one version that we speak."""

from __future__ import annotations

VERSION = "2026-09"
"""Dated versions are supported for 18 months; `v3` is the fall-back for an account without them.

The forms endpoints have no generally available dated twin, and hubspot-api-client brings its own v3 paths.
"""

ACCOUNT = f"/account-info/{VERSION}/details"
FORMS = "/marketing/v3/forms"


def objects(object_: str) -> str:
    """The list of an object's records."""
    return f"/crm/objects/{VERSION}/{object_}"


def search(object_: str) -> str:
    """The search endpoint of an object."""
    return f"{objects(object_)}/search"


def batch_read(object_: str) -> str:
    """Reading records by id."""
    return f"{objects(object_)}/batch/read"


def batch_update(object_: str) -> str:
    """Updating records by id."""
    return f"{objects(object_)}/batch/update"


def associations(from_: str, to: str) -> str:
    """Which records of `to` belong to records of `from_`."""
    return f"/crm/associations/{VERSION}/{from_}/{to}/batch/read"


def submissions(form_id: str) -> str:
    """The submissions of one form, newest first."""
    return f"/form-integrations/v1/submissions/forms/{form_id}"
