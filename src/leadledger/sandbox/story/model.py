"""The values a story is made of: who lives in the sandbox and what they did, in no CRM's words.

Instants are microseconds since 1970 in UTC (`_us`). A person, a company, a rep, a campaign, a mailing and a deal
are named by `key`, their place in the story's tuple of that kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.sandbox.story.kinds import (
    CampaignKind,
    CompanyKind,
    DealState,
    FormName,
    LeadState,
    Owner,
    Persona,
    Region,
    Standing,
    TouchKind,
)


@dataclass(frozen=True, slots=True)
class Rep:
    """A seller, the same human being in both CRMs. `left_us` is when the account was deactivated."""

    key: int
    first_name: str
    last_name: str
    region: Region
    time_zone: str
    started_us: int
    left_us: int | None

    @property
    def email(self) -> str:
        return f"{self.first_name}.{self.last_name}@northwind.example".lower()

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    def works_at(self, instant_us: int) -> bool:
        return self.left_us is None or instant_us < self.left_us


@dataclass(frozen=True, slots=True)
class Company:
    """An employer. Firmographics may be None (never asked) or "" (somebody emptied the field)."""

    key: int
    name: str
    domain: str
    kind: CompanyKind
    industry: str | None
    employees: int | None
    revenue: int | None
    country: str | None
    region: Region
    time_zone: str
    culture: str
    owner: int | None
    scans_mail: bool
    known_to_sales: bool
    created_us: int


@dataclass(frozen=True, slots=True)
class EarlierMql:
    """What manual work left in the CRM before anybody kept a ledger."""

    count: int
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Person:
    """A human being. `contact_email` is what their Salesforce contact carries when they also have a lead."""

    key: int
    persona: Persona
    first_name: str | None
    last_name: str
    title: str | None
    email: str | None
    contact_email: str | None
    phone: str | None
    company: int | None
    company_text: str | None
    country: str | None
    region: Region
    time_zone: str
    source: str | None
    created_us: int
    standing: Standing
    in_hubspot: bool
    opted_out: bool
    deleted: bool
    merged_from: int
    """How many other leads were merged into this one."""
    earlier_mql: EarlierMql | None


@dataclass(frozen=True, slots=True)
class Campaign:
    """Something marketing runs, from its first day to its last."""

    key: int
    name: str
    kind: CampaignKind
    start_us: int
    end_us: int
    form: FormName | None


@dataclass(frozen=True, slots=True)
class Mailing:
    """One newsletter issue: its delivery time and its links."""

    key: int
    name: str
    at_us: int
    links: tuple[str, ...]
    campaign: int


@dataclass(frozen=True, slots=True)
class Visit:
    """One page view. `dwell_s` is None when the browser never said good-bye."""

    at_us: int
    url: str
    dwell_s: int | None
    referrer: str | None


@dataclass(frozen=True, slots=True)
class Send:
    """One mailing delivered to one person."""

    at_us: int
    mailing: int


@dataclass(frozen=True, slots=True)
class Click:
    """One link of a mailing followed, by a human or by a mail scanner."""

    at_us: int
    mailing: int
    url: str
    by_scanner: bool


@dataclass(frozen=True, slots=True)
class FormFill:
    """One form sent, with the answers beyond name and e-mail."""

    at_us: int
    form: FormName
    url: str
    answers: tuple[tuple[str, str], ...]

    @property
    def is_hand_raise(self) -> bool:
        return self.form in (FormName.CONTACT_SALES, FormName.PRICING_REQUEST)


@dataclass(frozen=True, slots=True)
class Response:
    """A person's part in a campaign. `responded_us` is None for those who never reacted."""

    campaign: int
    at_us: int
    changed_us: int
    status: str
    responded_us: int | None


@dataclass(frozen=True, slots=True)
class Journey:
    """What one person did, each kind in time order. `hot_us` are the moments at which a rep should notice."""

    visits: tuple[Visit, ...]
    sends: tuple[Send, ...]
    clicks: tuple[Click, ...]
    fills: tuple[FormFill, ...]
    responses: tuple[Response, ...]
    hot_us: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Touch:
    """A call, an e-mail or a meeting of a rep with a person; `colleague` is a second rep who was invited."""

    kind: TouchKind
    at_us: int
    rep: int
    subject: str
    outcome: str
    minutes: int
    colleague: int | None


@dataclass(frozen=True, slots=True)
class StateChange:
    """A lead's status moved. `by` is a rep's key, None for automation."""

    at_us: int
    old: LeadState
    new: LeadState
    by: int | None


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """A lead got another owner. `by` is a rep's key, None for automation."""

    at_us: int
    old: Owner
    new: Owner
    by: int | None


@dataclass(frozen=True, slots=True)
class Conversion:
    """A lead became a contact of an account. `by` None means self-service; `deal` None means no opportunity."""

    at_us: int
    by: int | None
    deal: int | None


@dataclass(frozen=True, slots=True)
class Handling:
    """What sales did with one person."""

    first_owner: Owner
    touches: tuple[Touch, ...]
    states: tuple[StateChange, ...]
    owners: tuple[OwnerChange, ...]
    conversion: Conversion | None

    @property
    def owner(self) -> Owner:
        return self.owners[-1].new if self.owners else self.first_owner

    @property
    def state(self) -> LeadState:
        return self.states[-1].new if self.states else LeadState.OPEN


@dataclass(frozen=True, slots=True)
class DealPerson:
    """A person's part in a deal."""

    person: int
    role: str | None
    is_primary: bool


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity. `created_us` is what the CRM says, which may lie before anybody met the people on it."""

    key: int
    company: int | None
    name: str
    amount: int | None
    created_us: int
    changed_us: int
    close_us: int
    state: DealState
    stage: int
    """0-3: how far an open deal got; 4 when closed."""
    owner: int
    self_service: bool
    people: tuple[DealPerson, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """Everybody and everything, up to `until_us`."""

    seed: int
    start_us: int
    until_us: int
    reps: tuple[Rep, ...]
    companies: tuple[Company, ...]
    people: tuple[Person, ...]
    campaigns: tuple[Campaign, ...]
    mailings: tuple[Mailing, ...]
    journeys: tuple[Journey, ...]
    """By person."""
    handlings: tuple[Handling, ...]
    """By person."""
    deals: tuple[Deal, ...]
