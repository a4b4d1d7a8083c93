"""Each test gets its own sandbox, port and state directory, in both CRMs."""

from __future__ import annotations

from installed import crm, org, settled, stories

__all__ = ["crm", "org", "settled", "stories"]
