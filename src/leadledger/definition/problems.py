"""Turns what is wrong into problems with file, line, column, path, and the nearest known name.

No message ever repeats a value from a file, since a value may be a secret in the wrong place. Names that the
file uses (keys, facts, stages) are repeated, shortened.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from leadledger.definition.documents.strict import REFUSED, Document
from leadledger.definition.yaml_files import Node, Path_, YamlFile, shortened
from leadledger.errors import Problem


def nearest(name: str, known: Iterable[str]) -> str:
    """`Did you mean "x"?` for a misspelt name, otherwise the known names if they are few."""
    names = sorted(set(known))
    lowered = {known_name.lower(): known_name for known_name in reversed(names)}
    close = difflib.get_close_matches(name.lower()[:80], lowered, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{lowered[close[0]]}"?'
    return f"Known: {', '.join(names)}." if 0 < len(names) <= 20 else ""


@dataclass(slots=True)
class Report:
    """Collects what is wrong in one folder, and what only deserves a warning."""

    files: Mapping[str, YamlFile]
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def error(self, file: str, path: Path_, text: str, hint: str = "", *, key: bool = False) -> None:
        """Something that must be changed. `key`: the name before the colon is meant, not the value."""
        self.problems.append(self._problem(file, path, text, hint, key=key))

    def warning(self, file: str, path: Path_, text: str, hint: str = "", *, key: bool = False) -> None:
        """Something that works, but hardly as it is meant."""
        self.warnings.append(self._problem(file, path, text, hint, key=key))

    def unknown(
        self, file: str, path: Path_, what: str, name: str, known: Iterable[str], *, key: bool = False
    ) -> None:
        """A name that nothing defines."""
        self.error(file, path, f"unknown {what} `{shortened(name)}`", nearest(name, known), key=key)

    def _problem(self, file: str, path: Path_, text: str, hint: str, *, key: bool) -> Problem:
        yaml_file = self.files[file]
        return Problem(yaml_file.shown, *yaml_file.place(path, key=key), shown_path(path), text, hint)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By file, line and column, each once."""
    return tuple(sorted(set(problems), key=lambda p: (p.file, p.line, p.column, p.path, p.text)))


MOST_TOLD = 100
"""Problems per file whose shape is wrong. Beyond that the file is something else altogether."""


def most_important(problems: Sequence[Problem]) -> list[Problem]:
    """The first problems of one file, and how many there are besides."""
    first = [*in_order(problems)[:MOST_TOLD]]
    if len(problems) > MOST_TOLD:
        text = f"there are more problems than these {MOST_TOLD}"
        first.append(Problem(first[0].file, 0, 0, "", text, "Mend them and check again."))
    return first


def shown_path(path: Path_) -> str:
    """`engagement.rules.3.points`: positions count from 0."""
    return ".".join(shortened(str(part)) for part in path)


def empty_values(file: YamlFile) -> list[Problem]:
    """Keys without a value, which YAML reads as null: always an unfinished line."""
    found: list[Problem] = []
    waiting: list[tuple[tuple[str | int, ...], Node]] = [((), file.root)]
    while waiting:
        path, node = waiting.pop()
        for part, child in node.children.items():
            here = (*path, part)
            if child.plain is None:
                place = file.place(here, key=True)
                found.append(
                    Problem(file.shown, *place, shown_path(here), "has no value", "Give one or remove it.")
                )
            waiting.append((here, child))
    return found


_SECRET = re.compile(
    r"-----BEGIN |pat-(?:na|eu|ap)[0-9]-[0-9a-f]{8}-|^eyJ[\w-]{10,}\.|^00D[0-9A-Za-z]{12,15}!|^Bearer \S+|^CJ[\w-]{60,}"
)
"""Private keys, HubSpot tokens, JWTs, Salesforce sessions."""


def literal_secrets(file: YamlFile) -> list[Problem]:
    """Values that look like a token or a key. The value itself is not repeated."""
    found: list[Problem] = []
    waiting: list[tuple[tuple[str | int, ...], Node]] = [((), file.root)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node.plain, str) and _SECRET.search(node.plain):
            text = "looks like a secret"
            hint = "Secrets live in LEADLEDGER_ variables or key files; withdraw this one if it was shared."
            found.append(Problem(file.shown, *node.place, shown_path(path), text, hint))
        waiting.extend(((*path, part), child) for part, child in node.children.items())
    return found


_SECRET_KEY = re.compile(r"secret|token|password|passwd|private_?key|api_?key|credential", re.IGNORECASE)

DocumentT = TypeVar("DocumentT", bound=BaseModel)


def read_document(model: type[DocumentT], file: YamlFile) -> DocumentT | list[Problem]:
    """The document of one file, or everything that is wrong with its shape."""
    seen: dict[int, type[Document]] = {}
    try:
        return model.model_validate(file.root.plain, context=seen)
    except ValidationError as error:
        # One more than is told, so that the reader of the list sees that it was cut.
        details = error.errors(include_input=False, include_url=False)[: MOST_TOLD + 1]
    found = [_translated(file, detail, seen) for detail in details if not _follows_another(file, detail)]
    meant = {_sibling(p.path, p.hint) for p in found if p.text == _UNKNOWN_KEY}
    return [p for p in found if not (p.text == _WORDING["missing"] and p.path in meant)]


def _follows_another(file: YamlFile, detail: ErrorDetails) -> bool:
    """A list whose entries are all wrong also counts as too short."""
    return detail["type"] == "too_short" and bool(_at(file, _path_in_file(file, detail["loc"])[0]).children)


def _sibling(path: str, hint: str) -> str:
    """The path to the key that an unknown key was probably meant to be."""
    return ".".join([*path.split(".")[:-1], *re.findall('"(.*)"', hint)])


def _translated(file: YamlFile, detail: ErrorDetails, seen: Mapping[int, type[Document]]) -> Problem:
    path, is_key = _path_in_file(file, detail["loc"])
    kind = detail["type"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(file, path, seen)
    if kind == REFUSED:
        text, hint = str(context["text"]), str(context["hint"])
    elif kind == "literal_error":
        expected = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        given = path[-1] if is_key else _at(file, path).plain
        text = f"should be {_either(expected)}"
        hint = nearest(given, expected) if isinstance(given, str) else ""
        hint = hint if hint.startswith("Did you mean") else ""
    else:
        text, hint = _wording(kind, context), ""
    return Problem(file.shown, *file.place(path, key=is_key), shown_path(path), text, hint)


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)


_UNKNOWN_KEY = "unknown key"
_WORDING = {
    "missing": "is missing",
    "model_type": "should be a mapping (key: value)",
    "dict_type": "should be a mapping (key: value)",
    "tuple_type": "should be a list",
    "string_type": "should be text",
    "int_type": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "bool_type": "should be true or false",
    "too_short": "should not be empty",
    "recursion_loop": "contains itself",
}


def _wording(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "greater_than_equal":
        return f"should be {context['ge']} or more"
    if kind == "less_than_equal":
        return f"should be {context['le']} or less"
    return _WORDING.get(kind, "is not what stands here in a definition")


def _unknown_key(file: YamlFile, path: Path_, seen: Mapping[int, type[Document]]) -> Problem:
    key = str(path[-1])
    if _SECRET_KEY.search(key):
        hint = "Secrets live in LEADLEDGER_ variables or key files, never in a definition."
    else:
        model = seen.get(id(_at(file, path[:-1]).plain))
        hint = nearest(key, model.known_keys()) if model else ""
    return Problem(file.shown, *file.place(path, key=True), shown_path(path), _UNKNOWN_KEY, hint)


def _at(file: YamlFile, path: Path_) -> Node:
    node = file.root
    for part in path:
        node = node.children.get(part, Node(node.place))
    return node


def _path_in_file(file: YamlFile, loc: Sequence[str | int]) -> tuple[tuple[str | int, ...], bool]:
    """The way through the file, without what pydantic adds: tags of unions and the mark of a bad key.

    Tags are skipped by value (they look like `<fact>`), never by position: a tag that equals a key would
    otherwise send the message to the wrong line.
    """
    node: Node | None = file.root
    path: list[str | int] = []
    for part in loc:
        if part == "[key]":
            return tuple(path), True
        inside = node.children.get(part) if node else None
        if inside is None and isinstance(part, str) and part.startswith("<") and part.endswith(">"):
            continue
        path.append(part)
        node = inside
    return tuple(path), False
