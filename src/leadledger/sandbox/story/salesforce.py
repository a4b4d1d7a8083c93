"""The story as Salesforce rows, parents before children."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from leadledger.sandbox.story.model import Story
from leadledger.sandbox.story.salesforce_activities import activity_rows
from leadledger.sandbox.story.salesforce_book import INTEGRATION_USER_ID, ORG_ID, Book
from leadledger.sandbox.story.salesforce_deals import deal_rows
from leadledger.sandbox.story.salesforce_people import people_rows
from leadledger.sandbox.story.salesforce_setup import setup_rows

__all__ = ["INTEGRATION_USER_ID", "ORG_ID", "salesforce_rows"]

Row = tuple[str, dict[str, Any]]


def salesforce_rows(story: Story) -> Iterator[Row]:
    """(object, row) pairs with API field names: the same story gives the same rows in the same order."""
    book = Book(story)
    return chain(setup_rows(book), people_rows(book), deal_rows(book), activity_rows(book))
