"""What HubSpot's documents leave open: each behaviour has a switch, and its first value is the default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping

CHOICES: Mapping[str, tuple[str, ...]] = {
    "backward_stage": ("ignored", "applied"),
    "bad_row": ("whole_batch", "per_row"),
    "absorbed_id": ("dropped", "207", "resolved"),
    "null_value": ("clears", "ignored", "400"),
    "number_value": ("accepted", "400"),
    "cleared_value": ("null", "empty"),
    "stage_dates": ("restart", "keep"),
    "retry_after": ("absent", "present"),
    "form_of_429": ("documented", "category"),
    "oauth_rotation": ("off", "on"),
    "none_associated": ("207", "empty"),
}
"""Switch -> its values, the default first. docs/reference/sandbox-hubspot.md says what each one means."""


class Switches(MutableMapping[str, str]):
    """The current setting of every switch. Setting an unknown name or value raises ValueError."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = {name: values[0] for name, values in CHOICES.items()}
        self.update(settings)

    def __getitem__(self, name: str) -> str:
        return self._settings[name]

    def __setitem__(self, name: str, value: str) -> None:
        if name not in CHOICES:
            raise ValueError(f"there is no HubSpot switch {name!r}; choose one of {', '.join(CHOICES)}")
        if value not in CHOICES[name]:
            raise ValueError(f"switch {name} knows {' and '.join(CHOICES[name])}, not {value!r}")
        self._settings[name] = value

    def __delitem__(self, name: str) -> None:
        """Back to the default."""
        self._settings[name] = CHOICES[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __len__(self) -> int:
        return len(self._settings)
