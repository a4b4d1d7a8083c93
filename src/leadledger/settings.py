"""LEADLEDGER_ environment variables: where the state lives and how to reach the CRMs.

Secrets come from the environment only, never from a file of the definition or an option of the command line.
`__` separates the parts of a nested name: LEADLEDGER_SALESFORCE__CLIENT_ID.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from leadledger.errors import ConfigError


def _lower(word: object) -> object:
    return word.lower() if isinstance(word, str) else word


class SalesforceSettings(BaseModel):
    """How to log in to Salesforce: client credentials, or JWT bearer with a key file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    url: str
    """My Domain, `https://acme.my.salesforce.com` (for a JWT also `https://login.salesforce.com`)."""
    client_id: str
    """Consumer key of the External Client App."""
    client_secret: SecretStr | None = None
    """Consumer secret, for the client-credentials flow."""
    username: str | None = None
    """The integration user's name, for the JWT flow."""
    private_key_file: Path | None = None
    """PEM file with the RSA key of the JWT flow; may be readable by its owner only."""


class HubSpotSettings(BaseModel):
    """How to reach HubSpot: the token of a service key or a private app."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    token: SecretStr
    """Service key or private-app token."""
    url: str = "https://api.hubapi.com"
    """The API's address."""


class Settings(BaseSettings):
    """Everything that comes from the environment."""

    model_config = SettingsConfigDict(
        env_prefix="LEADLEDGER_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    state_dir: Path = Path(".leadledger")
    """Ledger, mirror and plans; one folder per definition name inside. A local disk, never NFS or SMB."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = "warning"
    """`debug`, `info`, `warning` or `error`: what reaches stderr."""
    log_format: Annotated[Literal["auto", "json", "pretty"], BeforeValidator(_lower)] = "auto"
    """`json`, `pretty`, or `auto`: pretty on a terminal, JSON elsewhere."""
    memory_limit: str = "4GB"
    """The most that the mirror's database may use."""
    salesforce: SalesforceSettings | None = None
    """Salesforce access; needed when the definition connects to it."""
    hubspot: HubSpotSettings | None = None
    """HubSpot access; needed when the definition connects to it."""


def read_settings() -> Settings:
    """Read the environment. Raises ConfigError that names variables, never values."""
    try:
        return Settings()
    except ValidationError as exc:
        lines = []
        for error in exc.errors(include_input=False, include_url=False, include_context=False):
            name = "LEADLEDGER_" + "__".join(str(part) for part in error["loc"]).upper()
            text = "is not set" if error["type"] == "missing" else error["msg"].lower()
            lines.append(f"{name}: {text}.")
        msg = "The environment is not complete: " + " ".join(lines)
        raise ConfigError(msg) from None


_PARTS: Mapping[str, type[BaseModel]] = {"salesforce": SalesforceSettings, "hubspot": HubSpotSettings}


def example() -> str:
    """deploy/leadledger.env.example: every variable with its default and one sentence."""
    lines = ["# Every setting of leadledger. Secrets stay in this file and in the environment: mode 0600."]
    for name, field in Settings.model_fields.items():
        parts = _PARTS.get(name)
        if parts is None:
            lines += _lines(f"LEADLEDGER_{name.upper()}", field)
            continue
        lines += ["", f"# {field.description}"]
        for part, inner in parts.model_fields.items():
            lines += _lines(f"LEADLEDGER_{name.upper()}__{part.upper()}", inner)
    return "\n".join(lines) + "\n"


def _lines(variable: str, field: FieldInfo) -> list[str]:
    sentence = " ".join((field.description or "").split()).replace("`", "")
    default = "" if field.is_required() or field.default is None else str(field.default)
    return ["", f"# {sentence}", f"#{variable}={default}"]
