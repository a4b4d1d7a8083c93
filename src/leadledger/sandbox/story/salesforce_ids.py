"""Salesforce record ids: 15 case-sensitive characters and a checksum of three that makes them survive Excel."""

from __future__ import annotations

from functools import lru_cache

from leadledger.sandbox.salesforce.objects import OBJECTS

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE = "9S00000"
_LARGEST = 62**5

PREFIXES = {
    "Organization": "00D",
    "User": "005",
    "Group": "00G",
    "QueueSobject": "03g",
    "LeadStatus": "01J",
    "Account": "001",
    "Contact": "003",
    "Lead": "00Q",
    "LeadHistory": "017",
    "Campaign": "701",
    "CampaignMember": "00v",
    "Opportunity": "006",
    "OpportunityContactRole": "00K",
    "Task": "00T",
    "Event": "00U",
    # An org gives its custom objects their prefixes itself.
    "Visit__c": OBJECTS["Visit__c"].key_prefix,
}
"""Key prefix of every object that the story fills."""


def checksum(fifteen: str) -> str:
    """Characters 16-18 of an id: for each group of five, one bit per upper-case letter, lowest bit first."""
    return "".join(
        _SUFFIX[sum(1 << bit for bit, char in enumerate(fifteen[start : start + 5]) if "A" <= char <= "Z")]
        for start in (0, 5, 10)
    )


@lru_cache(maxsize=65_536)
def _serial(number: int) -> tuple[str, str]:
    text = ""
    rest = number
    for _ in range(5):
        rest, digit = divmod(rest, 62)
        text = _DIGITS[digit] + text
    return text, checksum("0000000000" + text)[2]


@lru_cache(maxsize=64)
def _head(prefix: str) -> tuple[str, str]:
    head = prefix + _INSTANCE
    return head, checksum(head + "00000")[:2]


def record_id(object_: str, number: int) -> str:
    """The 18-character id of the n-th row of an object. Raises ValueError beyond 62 to the power of 5."""
    if not 0 <= number < _LARGEST:
        msg = f"{object_} number {number} does not fit an id: at most {_LARGEST - 1} rows per object"
        raise ValueError(msg)
    head, head_sum = _head(PREFIXES[object_])
    serial, serial_sum = _serial(number)
    return head + serial + head_sum + serial_sum
