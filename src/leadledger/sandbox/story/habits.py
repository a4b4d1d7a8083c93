"""How each persona tends to behave: how much, which pages, which campaigns, at what hours."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.sandbox.story.kinds import Persona
from leadledger.sandbox.story.seasons import EVENING_HOURS, OFFICE_HOURS
from leadledger.sandbox.story.site import Taste


@dataclass(frozen=True, slots=True)
class Habit:
    """Shares are probabilities from 0 to 1; `sessions` are the parameters of a lognormal number of sessions."""

    sessions: tuple[float, float]
    taste: Taste
    dwell_s: int
    subscribes: float
    clicks: float
    """Per mailing."""
    webinars: float
    """Per webinar while interested; so are downloads and trade shows."""
    downloads: float
    shows: float
    raises_hand: float
    """Per period of interest."""
    returns: float
    """Another period of interest after this one."""
    hours: tuple[int, ...] = OFFICE_HOURS


_WORK: Taste = (("product", 30), ("home", 14), ("blog", 18), ("customers", 12), ("pricing", 10), ("docs", 16))

HABITS: dict[Persona, Habit] = {
    Persona.ECONOMIC_BUYER: Habit(
        (0.65, 1.20),
        (("pricing", 34), ("product", 26), ("customers", 18), ("home", 14), ("security", 8)),
        70, 0.35, 0.12, 0.12, 0.2, 0.2, 0.45, 0.35,
    ),
    Persona.TECHNICAL_EVALUATOR: Habit(
        (1.25, 1.35),
        (("docs", 52), ("product", 22), ("security", 8), ("pricing", 8), ("blog", 10)),
        140, 0.45, 0.15, 0.3, 0.4, 0.12, 0.16, 0.4,
    ),
    Persona.READER: Habit((0.25, 1.40), _WORK, 60, 0.95, 0.18, 0.12, 0.3, 0.1, 0.05, 0.25),
    Persona.CUSTOMER: Habit(
        (1.10, 1.30), (("docs", 66), ("blog", 14), ("product", 16), ("pricing", 4)), 150, 0.6, 0.12, 0.2, 0.1, 0.1, 0.05, 0.3
    ),
    Persona.SCANNED: Habit((-0.10, 1.20), (("security", 40), ("product", 40), ("pricing", 20)), 50, 0.85, 0.02, 0.06, 0.2, 0.15, 0.08, 0.15),
    Persona.STUDENT: Habit(
        (0.75, 1.30), (("docs", 40), ("blog", 44), ("home", 8), ("careers", 8)), 180, 0.4, 0.2, 0.3, 0.75, 0.0, 0.02, 0.3, EVENING_HOURS
    ),
    Persona.JOB_SEEKER: Habit(
        (0.50, 1.10), (("careers", 72), ("home", 14), ("blog", 14)), 90, 0.1, 0.05, 0.05, 0.1, 0.0, 0.06, 0.35, EVENING_HOURS
    ),
    Persona.CONSULTANT: Habit((1.00, 1.40), _WORK, 100, 0.65, 0.2, 0.3, 0.5, 0.25, 0.12, 0.45),
    Persona.PARTNER: Habit((0.90, 1.20), (("partners", 50), ("docs", 30), ("product", 20)), 90, 0.5, 0.12, 0.2, 0.15, 0.3, 0.04, 0.4),
    Persona.COMPETITOR: Habit(
        (1.00, 1.50), (("pricing", 40), ("product", 36), ("docs", 16), ("customers", 8)), 45, 0.7, 0.3, 0.4, 0.7, 0.1, 0.05, 0.5
    ),
    Persona.EMPLOYEE: Habit((1.90, 1.10), (*_WORK, ("careers", 20)), 30, 0.6, 0.2, 0.3, 0.2, 0.3, 0.15, 0.5),
}  # fmt: skip
