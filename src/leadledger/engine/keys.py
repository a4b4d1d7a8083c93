"""What is compared to tell whether two records are one person: forms of e-mail addresses and of ids, as SQL."""

from __future__ import annotations

from leadledger.domain.sources import Identity
from leadledger.engine.conditions import folded


def email_key(column: str, identity: Identity) -> str:
    """What is compared of a normalised address: with `plus_tags: false` without the `+tag` of its local part."""
    if identity.plus_tags:
        return column
    local = f"split_part({column}, '@', 1)"
    # A local part that begins with the sign would become empty, and all such addresses one.
    return (
        f"CASE WHEN strpos({local}, '+') > 1 THEN split_part({local}, '+', 1) || substr({column}, length({local}) + 1) "
        f"ELSE {column} END"
    )


SPEAKS = "(NOT deleted OR merged_into IS NOT NULL)"
"""Whether a record says who it is: one that is gone does not, but the loser of a merge still leads to the winner."""


def joins_by(column: str, identity: Identity) -> str:
    """Whether a normalised address makes records one person: its domain is not one that many share."""
    ignored = ", ".join(map(folded, identity.ignore_domains)) or "''"
    return f"{column} IS NOT NULL AND split_part({column}, '@', 2) NOT IN ({ignored})"


def id_key(column: str) -> str:
    """One form for both forms of a Salesforce id: the last three of 18 characters only repeat the first 15's cases.

    An id of 18 digits is none of Salesforce's, whose prefix and last three characters always hold a letter.
    """
    return (
        f"CASE WHEN length({column}) = 18 AND TRY_CAST({column} AS BIGINT) IS NULL "
        f"THEN left({column}, 15) ELSE {column} END"
    )
