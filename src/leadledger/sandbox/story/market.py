"""What is the same for everybody: the calendar and what marketing runs."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.sandbox.story.kinds import CampaignKind
from leadledger.sandbox.story.model import Campaign, Mailing
from leadledger.sandbox.story.seasons import Seasons


@dataclass(frozen=True, slots=True)
class Market:
    """What is the same for everybody: the calendar and what marketing runs."""

    calendar: Seasons
    campaigns: tuple[Campaign, ...]
    mailings: tuple[Mailing, ...]

    def of(self, kind: CampaignKind) -> list[Campaign]:
        return [campaign for campaign in self.campaigns if campaign.kind is kind]
