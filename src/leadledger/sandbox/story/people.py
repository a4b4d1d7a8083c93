"""Who lives in the sandbox: personas dealt over companies, with names, titles, addresses and quirks."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from random import Random

from leadledger.domain.instants import DAY, HOUR
from leadledger.sandbox.story.chance import deck, some_of, stream, weighted
from leadledger.sandbox.story.kinds import CompanyKind, Persona, Standing
from leadledger.sandbox.story.model import Company, EarlierMql, Person
from leadledger.sandbox.story.names import AWKWARD, full_name, plain
from leadledger.sandbox.story.places import PLACES
from leadledger.sandbox.story.seasons import Seasons

_PERSONAS = (
    (Persona.ECONOMIC_BUYER, 0.15),
    (Persona.TECHNICAL_EVALUATOR, 0.21),
    (Persona.READER, 0.17),
    (Persona.CUSTOMER, 0.12),
    (Persona.SCANNED, 0.08),
    (Persona.STUDENT, 0.08),
    (Persona.JOB_SEEKER, 0.06),
    (Persona.CONSULTANT, 0.05),
    (Persona.PARTNER, 0.04),
    (Persona.COMPETITOR, 0.03),
    (Persona.EMPLOYEE, 0.01),
)
_EMPLOYER = {
    Persona.CUSTOMER: CompanyKind.CUSTOMER,
    Persona.PARTNER: CompanyKind.PARTNER,
    Persona.COMPETITOR: CompanyKind.COMPETITOR,
    Persona.STUDENT: CompanyKind.UNIVERSITY,
    Persona.EMPLOYEE: CompanyKind.OWN,
}
_TITLES: dict[Persona, tuple[str, ...]] = {
    Persona.ECONOMIC_BUYER: (
        "VP Marketing", "Head of Revenue Operations", "Chief Executive Officer", "CMO", "Managing Director",
        "Director of Sales", "Leiterin Vertrieb", "Directeur général", "営業部長", "Коммерческий директор",
        "vp, marketing ops", "Founder & CEO 🚀",
    ),
    Persona.TECHNICAL_EVALUATOR: (
        "CRM Administrator", "Solutions Architect", "Marketing Operations Manager", "Data Engineer",
        "Salesforce Developer", "IT Manager", "Senior Software Engineer", "システムエンジニア", "مهندس برمجيات",
    ),
    Persona.READER: ("Marketing Manager", "Content Specialist", "Sales Development Rep", "Office Manager", "Analyst"),
    Persona.CUSTOMER: ("CRM Administrator", "Head of Demand Generation", "Sales Operations Lead", "Marketing Manager"),
    Persona.SCANNED: ("Information Security Officer", "Head of IT", "Procurement Manager", "VP Operations"),
    Persona.STUDENT: ("Student", "PhD candidate", "Intern", "Research assistant"),
    Persona.JOB_SEEKER: ("Account Executive", "Software Engineer (open to work)", "Freelancer", "Recruiter"),
    Persona.CONSULTANT: ("Consultant", "Independent RevOps Consultant", "Partner", "Principal"),
    Persona.PARTNER: ("Alliance Manager", "Partner Manager", "Practice Lead"),
    Persona.COMPETITOR: ("Product Manager", "Competitive Intelligence", "Growth Lead"),
    Persona.EMPLOYEE: ("QA Engineer", "Demand Generation", "Developer Advocate"),
}  # fmt: skip
_FREEMAIL = ("gmail.com", "gmail.com", "outlook.com", "yahoo.co.jp", "gmx.de", "hotmail.com", "icloud.com")
_FREEMAIL_SHARE = {
    Persona.STUDENT: 0.6,
    Persona.JOB_SEEKER: 0.95,
    Persona.CONSULTANT: 0.4,
    Persona.READER: 0.15,
    Persona.ECONOMIC_BUYER: 0.04,
    Persona.TECHNICAL_EVALUATOR: 0.06,
}
_SOURCES = (
    ("Web", 34.0), ("Google", 12.0), ("google", 3.0), ("Webinar", 12.0), ("Trade Show", 10.0), ("Referral", 6.0),
    ("Partner Referral", 4.0), ("Purchased List", 6.0), ("LinkedIn", 6.0), ("Linked In", 1.0), (None, 5.0), ("", 1.0),
)  # fmt: skip
# How the twin's contact spells the address: the same, another case, stray blanks, a private address, a plus-tag.
_TWIN_SPELLINGS = ("same", "case", "blanks", "private", "tagged")


def invite_people(
    seed: int, count: int, companies: tuple[Company, ...], calendar: Seasons
) -> tuple[Person, ...]:
    """The population, in the order in which Northwind met them."""
    rng = stream(seed, "people")
    personas = deck(rng, _PERSONAS, count)
    created = sorted(_met_us(rng, persona, calendar) for persona in personas)
    keys = range(count)
    standings = _standings(rng, personas)
    leads = [key for key in keys if standings[key] is Standing.LEAD]
    in_salesforce = [key for key in keys if standings[key] is not Standing.NONE]
    awkward_keys = rng.sample(in_salesforce, min(count // 4, max(len(AWKWARD), count // 100)))
    awkward = {key: AWKWARD[i % len(AWKWARD)] for i, key in enumerate(awkward_keys)}
    twins = [key for key in keys if standings[key] is Standing.TWIN]
    spellings = {key: _TWIN_SPELLINGS[i % len(_TWIN_SPELLINGS)] for i, key in enumerate(twins)}
    contacts = [key for key in keys if standings[key] is Standing.CONTACT]
    deleted = some_of(rng, leads, 0.012) | some_of(rng, contacts, 0.012)
    merged = some_of(rng, [key for key in leads if key not in deleted], 0.012)
    without_email = some_of(rng, leads, 0.015)
    tagged = some_of(rng, leads, 0.012)
    opted_out = some_of(rng, keys, 0.05)
    earlier = some_of(rng, keys, 0.03)
    outside_hubspot = some_of(rng, in_salesforce, 0.06)
    employers = _employers(companies)
    taken: set[str] = set()
    people = []
    for key in keys:
        persona = personas[key]
        company = _employer(rng, persona, employers)
        culture = company.culture if company else weighted(rng, [(p.culture, p.weight) for p in PLACES])
        place = rng.choice([p for p in PLACES if p.culture == culture])
        first, last, local = awkward.get(key) or full_name(rng, culture)
        free = company is None or rng.random() < _FREEMAIL_SHARE.get(persona, 0.02)
        domain = rng.choice(_FREEMAIL) if free or company is None else company.domain
        email = None if key in without_email else _address(rng, local, domain, taken, tagged=key in tagged)
        met_us = created[key]
        people.append(
            Person(
                key=key,
                persona=persona,
                first_name=first,
                last_name=last,
                title=rng.choice(_TITLES[persona]) if rng.random() < 0.86 else rng.choice((None, None, "")),
                email=email,
                contact_email=_twin_address(rng, spellings.get(key), email, local, taken),
                phone=f"{place.dial} {rng.randrange(100, 999)} {rng.randrange(1000, 9999)}"
                if rng.random() < 0.4
                else None,
                company=company.key if company else None,
                company_text=_typed_company(rng, company),
                country=company.country if company else place.spellings[0] if rng.random() < 0.7 else None,
                region=company.region if company else place.region,
                time_zone=company.time_zone if company else rng.choice(place.zones),
                source=weighted(rng, _SOURCES),
                created_us=met_us,
                standing=standings[key],
                in_hubspot=email is not None and key not in outside_hubspot,
                opted_out=key in opted_out,
                deleted=key in deleted,
                merged_from=rng.choice((1, 1, 1, 2)) if key in merged else 0,
                earlier_mql=_earlier_mql(rng, met_us, calendar) if key in earlier else None,
            )
        )
    return tuple(people)


def _met_us(rng: Random, persona: Persona, calendar: Seasons) -> int:
    """When the first CRM row was made: customers and partners often before the two years of the story."""
    if persona in (Persona.CUSTOMER, Persona.PARTNER) and rng.random() < 0.6:
        return calendar.start_us - int(rng.random() * 1200) * DAY - int(rng.random() * 9 * 3600_000) * 1000
    return calendar.moment(rng, "Europe/Berlin", calendar.start_us + DAY, calendar.until_us - HOUR)


def _standings(rng: Random, personas: list[Persona]) -> list[Standing]:
    known = (Persona.CUSTOMER, Persona.PARTNER)
    strangers = [key for key, persona in enumerate(personas) if persona not in known]
    acquaintances = [key for key, persona in enumerate(personas) if persona in known]
    standings = [Standing.CONTACT] * len(personas)
    shares = ((Standing.LEAD, 0.82), (Standing.TWIN, 0.07), (Standing.CONTACT, 0.05), (Standing.NONE, 0.06))
    for key, standing in zip(strangers, deck(rng, shares, len(strangers)), strict=True):
        standings[key] = standing
    known_shares = ((Standing.CONTACT, 0.86), (Standing.TWIN, 0.1), (Standing.NONE, 0.04))
    for key, standing in zip(acquaintances, deck(rng, known_shares, len(acquaintances)), strict=True):
        standings[key] = standing
    return standings


_Employers = dict[str, tuple[list[Company], list[float]]]


def _employers(companies: tuple[Company, ...]) -> _Employers:
    """Companies by kind with running weights: a few send dozens of people, most one or two."""
    groups: dict[str, list[Company]] = {"scanner": [c for c in companies if c.scans_mail]}
    for kind in CompanyKind:
        groups[kind] = [company for company in companies if company.kind is kind]
    return {
        name: (group, list(accumulate((rank + 4) ** -0.55 for rank in range(len(group)))))
        for name, group in groups.items()
    }


def _employer(rng: Random, persona: Persona, employers: _Employers) -> Company | None:
    if persona is Persona.JOB_SEEKER and rng.random() < 0.8:
        return None
    if persona in (Persona.STUDENT, Persona.CONSULTANT) and rng.random() < 0.4:
        return None
    wanted = "scanner" if persona is Persona.SCANNED else _EMPLOYER.get(persona, CompanyKind.PROSPECT)
    group, running = employers[wanted] if employers[wanted][0] else employers[CompanyKind.PROSPECT]
    return group[min(bisect_right(running, rng.random() * running[-1]), len(group) - 1)]


def _address(rng: Random, local: str, domain: str, taken: set[str], *, tagged: bool) -> str:
    stem = f"{local}+news" if tagged else local
    email = f"{stem}@{domain}"
    while email in taken:
        email = f"{stem}{rng.randrange(2, 9999)}@{domain}"
    taken.add(email)
    return email


def _twin_address(
    rng: Random, spelling: str | None, email: str | None, local: str, taken: set[str]
) -> str | None:
    if spelling is None or email is None:
        return email
    name, domain = email.split("@")
    match spelling:
        case "case":
            return f"{name.title()}@{domain.capitalize()}"
        case "blanks":
            return f" {email} "
        case "private":
            return _address(rng, local, "gmail.com", taken, tagged=False)
        case "tagged":
            return _address(rng, f"{name}+crm", domain, taken, tagged=False)
        case _:
            return email


def _typed_company(rng: Random, company: Company | None) -> str | None:
    """What stands in the lead's company field: mostly the name, sometimes what somebody typed."""
    if company is None:
        return rng.choice((None, "", "private", "-", "Self-employed", "n/a"))
    draw = rng.random()
    if draw < 0.88:
        return company.name
    if draw < 0.94:
        return company.name.upper()[:255]
    return (plain(company.name) or company.domain)[:255] if draw < 0.97 else company.domain


def _earlier_mql(rng: Random, met_us: int, calendar: Seasons) -> EarlierMql:
    """Counters kept by hand: from a day after the first meeting to the end of the story."""
    count = weighted(rng, ((1, 0.7), (2, 0.2), (3, 0.1)))
    room_us = max(HOUR, calendar.until_us - met_us - HOUR)
    first_us = met_us + int(room_us * rng.random() * 0.3)
    last_us = first_us if count == 1 else first_us + int((calendar.until_us - first_us) * 0.5 * rng.random())
    return EarlierMql(count, min(first_us, calendar.until_us - HOUR), min(last_us, calendar.until_us - HOUR))
