"""Every error that a caller may act on, grouped by what to do next.

LeadledgerError                 exit  what to do
├── UsageError                    64  repeat the command with other words
├── ConfigError                   78  edit a file or a variable; carries all problems at once
├── AuthError                      5  renew the access, then run again
├── RetryLaterError                6  a limit or a budget: run again later, nothing was lost
├── LockHeldError                  4  another run holds the lock
├── BrakeError                     7  a guard stopped the plan; look at it, then --allow-large
├── CrmUnavailableError           74  the CRM did not answer, or not in its own language
├── StateError                    74  ledger or mirror cannot be used as it is
├── RecordRejectedError            -  skip this record and tell the admin (never ends a run)
├── WriteInDoubtError              -  ask the CRM what happened, do not resend another value
└── BugError                       1  we were wrong

A message says what happened, to what, and what to do next. Never a record's content, never a token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells its caller. The table stands in docs/reference/exit-codes.md."""

    OK = 0
    UNEXPECTED = 1
    PLAN_HAS_CHANGES = 2
    FINISHED_WITH_REJECTED = 3
    LOCKED = 4
    AUTH = 5
    LATER = 6
    BRAKE = 7
    USAGE = 64
    IO = 74
    CONFIG = 78
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file of the definition.

    `line` and `column` count from 1; 0 means that the whole file is meant. `path` is the way to the
    value inside the file (`engagement.rules.3.points`). `hint` is one sentence on what to do.
    """

    file: str
    line: int
    column: int
    path: str
    text: str
    hint: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        where = f" {self.path}:" if self.path else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{place}:{where} {self.text}.{hint}"


class LeadledgerError(Exception):
    """The root: whatever we raise on purpose."""

    exit_code = ExitCode.UNEXPECTED


class UsageError(LeadledgerError):
    """The command line asks for something that does not exist or does not go together."""

    exit_code = ExitCode.USAGE


class ConfigError(LeadledgerError):
    """A file of the definition or a LEADLEDGER_ variable is wrong."""

    exit_code = ExitCode.CONFIG

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class AuthError(LeadledgerError):
    """The CRM does not let us in, or not far enough."""

    exit_code = ExitCode.AUTH


class RetryLaterError(LeadledgerError):
    """A limit is reached. `after_s` is the CRM's own advice in seconds, when it gave one."""

    exit_code = ExitCode.LATER

    def __init__(self, message: str, *, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class LockHeldError(LeadledgerError):
    """Another process works on the same state."""

    exit_code = ExitCode.LOCKED


class BrakeError(LeadledgerError):
    """A guard of the definition stopped the plan before the first write."""

    exit_code = ExitCode.BRAKE


class CrmUnavailableError(LeadledgerError):
    """No answer, or an answer that is not the CRM's (a proxy's page, half a document)."""

    exit_code = ExitCode.IO


class StateError(LeadledgerError):
    """The ledger or the mirror is damaged, foreign, newer than this program, or cannot be written."""

    exit_code = ExitCode.IO


class RecordRejectedError(LeadledgerError):
    """One record cannot be used. The run goes on without it and keeps the reason."""

    def __init__(self, record: str, reason: str) -> None:
        super().__init__(f"{record}: {reason}")
        self.record = record
        self.reason = reason


class WriteInDoubtError(LeadledgerError):
    """A write was sent and no trustworthy answer came back: it may or may not have been applied."""


class BugError(LeadledgerError):
    """A state that the program thought impossible."""
