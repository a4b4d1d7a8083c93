"""Northwind's web site: its pages by kind, and where visitors come from."""

from __future__ import annotations

from random import Random

from leadledger.sandbox.story.chance import weighted
from leadledger.sandbox.story.kinds import FormName

ROOT = "https://www.northwind.example"

PAGES: dict[str, tuple[str, ...]] = {
    "home": ("/", "/?utm_source=google&utm_medium=cpc", "/de/"),
    "pricing": ("/pricing", "/pricing", "/pricing/enterprise", "/pricing?plan=team", "/de/pricing"),
    "product": ("/product", "/product/scoring", "/product/routing", "/product/integrations", "/product/tour"),
    "docs": (
        "/docs/getting-started",
        "/docs/api/authentication",
        "/docs/api/bulk",
        "/docs/salesforce/field-mapping",
        "/docs/hubspot/properties",
        "/docs/limits",
        "/docs/security",
    ),
    "blog": (
        "/blog/what-is-an-mql",
        "/blog/score-decay",
        "/blog/sales-and-marketing",
        "/blog/ブログ-リードスコアリング",
        "/blog/round-robin-fairness",
    ),
    "careers": (
        "/careers",
        "/careers/account-executive",
        "/careers/backend-engineer",
        "/careers/internships",
    ),
    "customers": ("/customers", "/customers/case-study-freight", "/customers/case-study-retail"),
    "security": ("/security", "/legal/dpa", "/security/subprocessors"),
    "partners": ("/partners", "/partners/portal"),
}
FORM_PAGES = {
    FormName.CONTACT_SALES: f"{ROOT}/contact-sales",
    FormName.PRICING_REQUEST: f"{ROOT}/pricing/request",
    FormName.WHITEPAPER: f"{ROOT}/resources/whitepaper-lead-scoring",
    FormName.WEBINAR: f"{ROOT}/webinars/register",
}
_REFERRERS = (
    (None, 40.0),
    ("https://www.google.com/", 34.0),
    ("https://www.bing.com/", 5.0),
    ("https://www.linkedin.com/", 9.0),
    ("https://duckduckgo.com/", 3.0),
    ("android-app://com.slack/", 2.0),
    ("", 1.0),
)

Taste = tuple[tuple[str, float], ...]
"""Kinds of page with the weight that somebody gives them."""


def page(rng: Random, taste: Taste) -> str:
    """An address that somebody of this taste opens."""
    return ROOT + rng.choice(PAGES[weighted(rng, taste)])


def arrival(rng: Random) -> str | None:
    """Where the first page view of a session came from."""
    return weighted(rng, _REFERRERS)
