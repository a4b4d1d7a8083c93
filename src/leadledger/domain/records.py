"""A record: one row in one CRM. A person is one or more of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class RecordRef:
    """Which row in which CRM: `salesforce/Lead/00Q…`, `hubspot/contacts/512`."""

    crm: str
    object: str
    id: str

    def __str__(self) -> str:
        return f"{self.crm}/{self.object}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> RecordRef:
        """The inverse of `str`. Raises ValueError when the text has not three parts."""
        crm, object_, id_ = text.split("/", 2)
        return cls(crm, object_, id_)
