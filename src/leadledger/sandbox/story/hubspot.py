"""The story as HubSpot rows, in the shape that the pretended HubSpot loads."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from leadledger.sandbox.story.hubspot_activities import activity_rows
from leadledger.sandbox.story.hubspot_book import Book
from leadledger.sandbox.story.hubspot_contacts import contact_rows
from leadledger.sandbox.story.hubspot_deals import company_rows, deal_rows
from leadledger.sandbox.story.hubspot_setup import setup_rows
from leadledger.sandbox.story.model import Story

Row = tuple[str, dict[str, Any]]


def hubspot_rows(story: Story) -> Iterator[Row]:
    """(object, row) pairs: owners, forms, companies, contacts, deals, engagements and form submissions.

    CRM objects are `{"id", "properties", "history", "associations", "createdAt", "updatedAt", "archived"}`;
    a history is newest first. The same story gives the same rows in the same order.
    """
    book = Book(story)
    return chain(
        setup_rows(story), company_rows(book), contact_rows(book), deal_rows(book), activity_rows(book)
    )
