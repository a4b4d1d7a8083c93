"""Who employs the people: prospects, customers, partners, competitors, universities and Northwind itself."""

from __future__ import annotations

import math
from random import Random

from leadledger.domain.instants import DAY
from leadledger.sandbox.story.chance import deck, some_of, stream, weighted
from leadledger.sandbox.story.kinds import CompanyKind, Region
from leadledger.sandbox.story.model import Company, Rep
from leadledger.sandbox.story.names import LAST, plain
from leadledger.sandbox.story.places import PLACES, Place
from leadledger.sandbox.story.reps import OWN_DOMAIN, pick_rep

_KINDS = (
    (CompanyKind.PROSPECT, 0.74),
    (CompanyKind.CUSTOMER, 0.12),
    (CompanyKind.UNIVERSITY, 0.05),
    (CompanyKind.PARTNER, 0.06),
    (CompanyKind.COMPETITOR, 0.03),
)
_INDUSTRIES = (
    ("Software", 20.0),
    ("Manufacturing", 16.0),
    ("Financial Services", 12.0),
    ("Retail", 10.0),
    ("Healthcare", 9.0),
    ("Logistics", 7.0),
    ("Media", 6.0),
    ("Energy", 5.0),
    ("Government", 4.0),
    ("Agriculture", 3.0),
)
_GUARDED_INDUSTRIES = frozenset({"Financial Services", "Government", "Energy", "Healthcare"})
_STEMS = (
    "Bright Water", "Copper Field", "Lumen Gate", "North Quay", "Oak Ridge", "Silver Loom", "Tall Pine",
    "Amber Forge", "Blue Kestrel", "Clear Harbour", "Dune Works", "Ember Stone", "Fair Wind",
    "Granite Peak", "Hollow Creek", "Iron Sail", "Jade River", "Kite Hill", "Long Meadow", "Moss Bank",
    "Nine Elms", "Orchard Lane", "Pebble Shore", "Quiet Mill", "Red Maple", "Stone Arch", "Thorn Brook",
    "Umber Vale", "Violet Crane", "Wild Heath",
)  # fmt: skip
_TRADES = {
    "Software": "Systems",
    "Manufacturing": "Works",
    "Financial Services": "Capital",
    "Retail": "Stores",
    "Healthcare": "Care",
    "Logistics": "Freight",
    "Media": "Studios",
    "Energy": "Power",
    "Government": "Agency",
    "Agriculture": "Farms",
    "Education": "University",
}
# Around a family name, as companies are called at home: (written form, part of the domain).
_HOME_FORMS = {
    "english": ("{} & Sons Ltd.", "{}-sons"),
    "german": ("{} Maschinenbau GmbH & Co. KG", "{}-maschinenbau"),
    "french": ("Établissements {}", "ets-{}"),
    "spanish": ("Hermanos {} S.A.", "hermanos-{}"),
    "portuguese": ("Irmãos {} Ltda", "irmaos-{}"),
    "nordic": ("{} Industri AB", "{}-industri"),
    "polish": ("{} Sp. z o.o.", "{}-spzoo"),
    "indian": ("{} Industries Pvt. Ltd.", "{}-industries"),
    "cyrillic": ("ТОВ «{}»", "tov-{}"),  # noqa: RUF001 - a Ukrainian company is called that
    "japanese": ("株式会社{}製作所", "{}-seisakusho"),
    "arabic": ("شركة {} للتجارة", "{}-trading"),
}
# Names that have broken somebody's import once; the first is as long as Salesforce takes (255 characters).
_AWKWARD = (
    ("Gesellschaft für außerordentlich lange Firmennamen " * 6)[:255],
    "Null",
    "O'Brien & O'Brien",
    "🍕 Pizza Palace 🍕",
    "NO",
    "0042 Systems",
    'Acme "Quoted" <b>Bold</b>, Inc.',
    " Leading and trailing ",
    "N/A",
    "A",
)


def found_companies(
    seed: int, people: int, reps: tuple[Rep, ...], start_us: int, until_us: int
) -> tuple[Company, ...]:
    """Northwind first, then about one company for every four people."""
    rng = stream(seed, "companies")
    count = max(8, round(people * 0.26))
    kinds = deck(rng, _KINDS, count)
    keys = range(1, count + 1)
    businesses = [key for key in keys if kinds[key - 1] in (CompanyKind.PROSPECT, CompanyKind.CUSTOMER)]
    unknown_size = some_of(rng, keys, 0.16)
    emptied = some_of(rng, sorted(set(keys) - unknown_size), 0.05)
    awkward = dict(zip(rng.sample(businesses, len(businesses)), _AWKWARD, strict=False))
    taken: set[str] = {OWN_DOMAIN}
    companies = [_northwind(start_us)]
    for key in keys:
        companies.append(
            _company(
                rng,
                key,
                kinds[key - 1],
                awkward.get(key),
                "unknown" if key in unknown_size else "emptied" if key in emptied else "known",
                taken,
                reps,
                start_us,
                until_us,
            )
        )
    return tuple(companies)


def _northwind(start_us: int) -> Company:
    return Company(
        key=0,
        name="Northwind",
        domain=OWN_DOMAIN,
        kind=CompanyKind.OWN,
        industry="Software",
        employees=180,
        revenue=24_000_000,
        country="Germany",
        region=Region.EMEA,
        time_zone="Europe/Berlin",
        culture="german",
        owner=None,
        scans_mail=False,
        known_to_sales=False,
        created_us=start_us - 1500 * DAY,
    )


def _company(
    rng: Random,
    key: int,
    kind: CompanyKind,
    awkward_name: str | None,
    firmographics: str,
    taken: set[str],
    reps: tuple[Rep, ...],
    start_us: int,
    until_us: int,
) -> Company:
    place: Place = weighted(rng, [(place, place.weight) for place in PLACES])
    industry = "Education" if kind is CompanyKind.UNIVERSITY else weighted(rng, _INDUSTRIES)
    if kind is CompanyKind.COMPETITOR:
        industry = "Software"
    name, slug = _name(rng, kind, industry, place.culture)
    if awkward_name is not None:
        name, slug = awkward_name, plain(awkward_name)[:40].strip("-") or "pizza"
    domain = f"{slug}.example"
    while domain in taken:
        domain = f"{slug}-{rng.randrange(10_000)}.example"
    taken.add(domain)
    employees = max(1, int(math.exp(rng.gauss(5.0, 1.8))))
    revenue = int(employees * rng.uniform(40_000, 260_000)) // 1000 * 1000
    known = kind in (CompanyKind.CUSTOMER, CompanyKind.PARTNER) or rng.random() < 0.25
    years_before = rng.random() * 1400 if known else 0
    created_us = int(
        start_us - years_before * DAY + (rng.random() * (until_us - start_us) * 0.3 * (not known))
    )
    guarded = industry in _GUARDED_INDUSTRIES and kind in (CompanyKind.PROSPECT, CompanyKind.CUSTOMER)
    country = rng.choice(place.spellings[1:]) if rng.random() < 0.1 else place.spellings[0]
    return Company(
        key=key,
        name=name,
        domain=domain,
        kind=kind,
        industry=_asked(industry, firmographics),
        employees=employees if firmographics == "known" else None,
        revenue=revenue if firmographics == "known" and rng.random() < 0.8 else None,
        country=_asked(country, firmographics) if rng.random() < 0.6 else country,
        region=place.region,
        time_zone=rng.choice(place.zones),
        culture=place.culture,
        owner=pick_rep(rng, reps, place.region, created_us).key if known else None,
        scans_mail=guarded and rng.random() < 0.4,
        known_to_sales=known,
        created_us=created_us,
    )


def _asked(value: str, firmographics: str) -> str | None:
    return {"known": value, "unknown": None, "emptied": ""}[firmographics]


def _name(rng: Random, kind: CompanyKind, industry: str, culture: str) -> tuple[str, str]:
    if kind is CompanyKind.UNIVERSITY:
        stem = rng.choice(_STEMS)
        return f"University of {stem}", f"uni-{plain(stem)}"
    if rng.random() < (0.85 if culture in ("cyrillic", "japanese", "arabic") else 0.4):
        written, ascii_form = rng.choice(LAST[culture])
        name_form, slug_form = _HOME_FORMS[culture]
        return name_form.format(written), slug_form.format(ascii_form)
    stem = rng.choice(_STEMS).replace(" ", rng.choice((" ", "")))
    name = f"{stem} {_TRADES[industry]}"
    return name, plain(name)
