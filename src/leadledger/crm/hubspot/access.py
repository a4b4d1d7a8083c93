"""The way into one HubSpot account: its address and the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from leadledger.crm.session import LOOPBACK
from leadledger.errors import AuthError

DEFAULT_URL = "https://api.hubapi.com"


@dataclass(frozen=True, slots=True)
class HubSpotAccess:
    """A service key or a private app's token; neither expires, so there is nothing to refresh.

    `url` is another address only for the sandbox. The token is kept out of `repr`, logs and messages.
    """

    token: str = field(repr=False)
    url: str = DEFAULT_URL

    @property
    def on_loopback(self) -> bool:
        """Whether the address is a sandbox on this machine, which alone may speak plain http."""
        return urlsplit(self.url).hostname in LOOPBACK

    def headers(self) -> Mapping[str, str]:
        """What every call carries. Raises AuthError for a key that cannot be a header."""
        if not self.token or not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            msg = (
                "The HubSpot key is empty or holds characters that no key has. "
                "Copy it again (HubSpot: Development, Keys, Service keys) into LEADLEDGER_HUBSPOT__TOKEN"
            )
            raise AuthError(msg)
        return {"Authorization": f"Bearer {self.token}"}
