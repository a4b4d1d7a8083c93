"""Where people live: countries with their weight, time zones, culture of names and sales region."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.sandbox.story.kinds import Region


@dataclass(frozen=True, slots=True)
class Place:
    """A country. `spellings` are the ways it is found in a CRM, the tidy one first."""

    spellings: tuple[str, ...]
    weight: float
    zones: tuple[str, ...]
    culture: str
    region: Region
    dial: str


PLACES: tuple[Place, ...] = (
    Place(
        ("United States", "USA", "US", "united states"),
        22,
        ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
        "english",
        Region.AMER,
        "+1 555",
    ),
    Place(("Canada", "CA"), 4, ("America/Toronto", "America/Vancouver"), "english", Region.AMER, "+1 555"),
    Place(("Brazil", "Brasil", "BR"), 5, ("America/Sao_Paulo",), "portuguese", Region.AMER, "+55 11"),
    Place(("Mexico", "México"), 3, ("America/Mexico_City",), "spanish", Region.AMER, "+52 55"),
    Place(("United Kingdom", "UK", "GB"), 9, ("Europe/London",), "english", Region.EMEA, "+44 20"),
    Place(("Germany", "Deutschland", "DE"), 14, ("Europe/Berlin",), "german", Region.EMEA, "+49 30"),
    Place(("Austria", "AT"), 2, ("Europe/Vienna",), "german", Region.EMEA, "+43 1"),
    Place(("Switzerland", "CH"), 2, ("Europe/Zurich",), "german", Region.EMEA, "+41 44"),
    Place(("France", "FR"), 7, ("Europe/Paris",), "french", Region.EMEA, "+33 1"),
    Place(("Spain", "España"), 4, ("Europe/Madrid",), "spanish", Region.EMEA, "+34 91"),
    Place(("Portugal", "PT"), 1, ("Europe/Lisbon",), "portuguese", Region.EMEA, "+351 21"),
    Place(("Sweden", "SE"), 3, ("Europe/Stockholm",), "nordic", Region.EMEA, "+46 8"),
    Place(("Norway", "NO"), 2, ("Europe/Oslo",), "nordic", Region.EMEA, "+47 2"),
    Place(("Poland", "Polska"), 3, ("Europe/Warsaw",), "polish", Region.EMEA, "+48 22"),
    Place(("Ukraine", "Україна"), 2, ("Europe/Kyiv",), "cyrillic", Region.EMEA, "+380 44"),
    Place(("Bulgaria", "България"), 2, ("Europe/Sofia",), "cyrillic", Region.EMEA, "+359 2"),
    Place(("United Arab Emirates", "UAE"), 3, ("Asia/Dubai",), "arabic", Region.EMEA, "+971 4"),
    Place(("Egypt", "مصر"), 1, ("Africa/Cairo",), "arabic", Region.EMEA, "+20 2"),
    Place(("India", "IN"), 6, ("Asia/Kolkata",), "indian", Region.APAC, "+91 22"),
    Place(("Japan", "日本", "JP"), 6, ("Asia/Tokyo",), "japanese", Region.APAC, "+81 3"),
    Place(("Australia", "AU"), 3, ("Australia/Sydney",), "english", Region.APAC, "+61 2"),
)
