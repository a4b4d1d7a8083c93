"""Reads the YAML files of a definition into plain values that remember line and column of every key and value.

YAML 1.2, as ruamel.yaml parses it, with fewer liberties: no tags, no second document, no duplicate keys, no
tabs, no characters that only look like a space. Plain `NO`, `on`, `010` and `12:30` stay text. Only the events
of the parser are used; nothing is ever constructed from a file, and aliases are counted before they are walked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from leadledger.errors import Problem

MAX_BYTES = 1024 * 1024
"""Per file. A hundred rules with their comments take about 30 kB."""
MAX_NODES = 50_000
"""Per file, counted after aliases are expanded: nine lines of aliases can stand for 9^9 values."""
MAX_DEPTH = 40

Plain = None | bool | int | float | str | tuple["Plain", ...] | dict[str, "Plain"]
Path_ = Sequence[str | int]
Place = tuple[int, int]
"""Line and column, from 1."""


@dataclass(slots=True, eq=False)
class Node:
    """One value: its place, its plain form (sequences are tuples) and what is inside it."""

    place: Place
    plain: Plain = None
    children: dict[str | int, Node] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    size: int = 1
    """Values inside, itself included, with every alias expanded."""


@dataclass(frozen=True, slots=True)
class YamlFile:
    """One file that could be parsed. `shown` is its name as messages give it."""

    shown: str
    root: Node

    def place(self, path: Path_, *, key: bool = False) -> Place:
        """Where a value stands, or the key that leads to it; the nearest thing around it if it is missing."""
        node = self.root
        place = node.place
        for part in path:
            child = node.children.get(part)
            if child is None:
                return place
            place = node.keys.get(part, child.place) if key and isinstance(part, str) else child.place
            node = child
        return place


class _Refused(Exception):  # noqa: N818 - a signal inside this file, not an error for callers
    """What makes a file unusable; raised where going on makes no sense."""

    def __init__(self, place: Place, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.place = place
        self.text = text
        self.hint = hint


def read_yaml(path: Path, shown: str) -> YamlFile | list[Problem]:
    """The parsed file, or everything that keeps it from being read."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return [
            Problem(
                shown,
                0,
                0,
                "",
                f"cannot be read ({error.strerror})",
                "Check that it is a file that may be read.",
            )
        ]
    return parse_yaml(data, shown)


def parse_yaml(data: bytes, shown: str) -> YamlFile | list[Problem]:
    """The same for bytes that were read already."""
    if len(data) > MAX_BYTES:
        return [Problem(shown, 0, 0, "", "is larger than 1 MiB", "Split the definition or remove old rules.")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        line, column = _end_of(before)
        return [Problem(shown, line, column, "", "is not UTF-8 here", "Save the file as UTF-8.")]
    strange = list(_strange_characters(text, shown))
    if strange:
        return strange
    builder = _Builder(text)
    try:
        root = builder.root()
    except _Refused as refused:
        builder.refused.append(refused)
    else:
        if not builder.refused:
            return YamlFile(shown, root)
    return [Problem(shown, *refused.place, "", refused.text, refused.hint) for refused in builder.refused]


def _end_of(text: str) -> Place:
    lines = re.split(r"\r\n|\n|\r", text)
    return len(lines), len(lines[-1]) + 1


_LOOKS_LIKE_A_SPACE = {
    "\u00a0": "a non-breaking space",
    "\u2007": "a figure space",
    "\u200b": "a zero-width space",
    "\u200e": "an invisible direction mark",
    "\u200f": "an invisible direction mark",
    "\u202f": "a narrow non-breaking space",
    "\u3000": "an ideographic space",
    "\ufeff": "a byte-order mark",
    "\t": "a tab",
}
_ENDS_A_LINE = dict.fromkeys("\u0085\u2028\u2029", "an invisible line separator")
"""These end a comment too, for the parser if not for the eye."""
# Besides the characters above: what YAML calls non-printable, and marks that turn the reading direction.
_STRANGE = re.compile(
    "[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u00a0\u2007\u200b\u200e\u200f\u2028-\u202f"
    "\u2066-\u2069\u3000\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_UNFIT = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ud800-\udfff]")
"""What escapes can smuggle in: control characters, and halves of characters that no encoding can hold."""
_COMMENT = re.compile(r"(?:^|\s)#")


def _strange_characters(text: str, shown: str) -> Iterator[Problem]:
    """People paste from wikis and e-mails; these characters would become part of a name without being seen."""
    if not _STRANGE.search(text):
        return
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        for found in _STRANGE.finditer(line):
            character = found.group()
            printable = character in _LOOKS_LIKE_A_SPACE
            if printable and _in_comment(line, found.start()):
                continue
            names = _LOOKS_LIKE_A_SPACE | _ENDS_A_LINE
            name = names.get(character, f"the control character U+{ord(character):04X}")
            hint = "Replace it with ordinary spaces." if printable else "Remove it."
            yield Problem(shown, number, found.start() + 1, "", f"{name} stands here", hint)
            break


def _in_comment(line: str, position: int) -> bool:
    for comment in _COMMENT.finditer(line, 0, position):
        before = line[: comment.start()]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            return True
    return False


class _Builder:
    """Turns the parser's events into nodes, without recursion."""

    def __init__(self, text: str) -> None:
        self.refused: list[_Refused] = []
        self._text = text
        self._anchors: dict[str, Node] = {}
        self._open: set[str] = set()
        self._nodes = 0

    def root(self) -> Node:
        roots: list[Node] = []
        # One frame per open collection: the node, its anchor, and the key that waits for its value.
        frames: list[tuple[Node, str | None, list[tuple[str, Place]]]] = []
        documents = 0
        for event in self._events():
            place = (event.start_mark.line + 1, event.start_mark.column + 1)
            match event:
                case DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        raise _Refused(place, "a second document begins here", "Keep one document per file.")
                    if event.version not in {None, (1, 2)} or event.tags:
                        raise _Refused(place, "only YAML 1.2 is read", "Remove the line that begins with %.")
                    continue
                case MappingStartEvent() | SequenceStartEvent():
                    self._refuse_tag(event, place)
                    node = Node(place, {} if isinstance(event, MappingStartEvent) else ())
                    if frames and isinstance(frames[-1][0].plain, dict) and not frames[-1][2]:
                        raise _Refused(place, "a key must be text")
                    frames.append((node, event.anchor, []))
                    self._count(place)
                    if len(frames) > MAX_DEPTH:
                        raise _Refused(place, f"is nested deeper than {MAX_DEPTH} levels")
                    if event.anchor:
                        self._open.add(event.anchor)
                    continue
                case MappingEndEvent() | SequenceEndEvent():
                    node, anchor, _ = frames.pop()
                    if not isinstance(node.plain, dict):
                        node.plain = tuple(child.plain for child in node.children.values())
                    self._remember(anchor, node)
                case AliasEvent():
                    node = self._aliased(event.anchor, place)
                    if frames and isinstance(frames[-1][0].plain, dict) and not frames[-1][2]:
                        raise _Refused(place, "a key must be text")
                case ScalarEvent():
                    self._refuse_tag(event, place)
                    if frames and isinstance(frames[-1][0].plain, dict) and not frames[-1][2]:
                        self._key(frames[-1][0], event.value, place)
                        frames[-1][2].append((event.value, place))
                        continue
                    self._refuse_unfit(event.value, place)
                    node = Node(place, _scalar(event))
                    self._count(place)
                    self._remember(event.anchor, node)
                case _:
                    continue
            if frames:
                self._put(frames[-1], node)
            else:
                roots.append(node)
        if not roots or roots[0].plain is None:
            raise _Refused((1, 1), "is empty", "Write the file's keys, or remove it.")
        return roots[0]

    def _events(self) -> Iterator[Event]:
        parser = YAML(typ="safe", pure=True)
        try:
            yield from parser.parse(self._text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            reason = " ".join(str(error.problem or "cannot be understood").split())
            if error.context:
                reason = f"{reason} ({' '.join(str(error.context).split())})"
            raise _Refused(place, f"is not YAML: {reason}", _syntax_hint(reason)) from None
        except (YAMLError, ValueError, LookupError, AttributeError, TypeError, AssertionError):
            # ruamel 0.19 lets some of these through for broken directives and escapes.
            raise _Refused((1, 1), "is not YAML", "Check quotes, brackets and indentation.") from None

    def _key(self, node: Node, key: str, place: Place) -> None:
        if not key:
            raise _Refused(place, "a key is missing before the colon")
        self._refuse_unfit(key, place)
        if key in node.keys:
            line = node.keys[key][0]
            text = f"the key `{shortened(key)}` stands here twice (first in line {line})"
            self.refused.append(_Refused(place, text, "Keep one of them."))
        node.keys[key] = place

    def _put(self, frame: tuple[Node, str | None, list[tuple[str, Place]]], child: Node) -> None:
        parent, _, waiting = frame
        if isinstance(parent.plain, dict):
            key, _ = waiting.pop()
            parent.children[key] = child
            parent.plain[key] = child.plain
        else:
            parent.children[len(parent.children)] = child
        parent.size += child.size

    def _aliased(self, anchor: str, place: Place) -> Node:
        if anchor in self._open:
            raise _Refused(place, f"the alias *{shortened(anchor)} contains itself")
        node = self._anchors.get(anchor)
        if node is None:
            raise _Refused(place, f"no anchor &{shortened(anchor)} stands before this alias")
        self._count(place, node.size)
        return node

    def _remember(self, anchor: str | None, node: Node) -> None:
        if anchor:
            self._open.discard(anchor)
            self._anchors[anchor] = node

    def _count(self, place: Place, nodes: int = 1) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise _Refused(place, f"holds more than {MAX_NODES:,} values once its aliases are expanded")

    def _refuse_unfit(self, text: str, place: Place) -> None:
        if _UNFIT.search(text):
            self.refused.append(_Refused(place, "holds an escaped control character", "Remove it."))

    def _refuse_tag(self, event: Event, place: Place) -> None:
        if getattr(event, "tag", None) is not None:
            hint = "Remove it, or put the text in quotes."
            self.refused.append(_Refused(place, "a YAML tag (`!…`) is not allowed", hint))


def shortened(name: str) -> str:
    """A name from a file, fit for a message: one line, printable, at most 60 characters."""
    printable = "".join(c if c.isprintable() else "?" for c in name)
    return printable if len(printable) <= 60 else printable[:59] + "…"


def _syntax_hint(reason: str) -> str:
    if "mapping values" in reason:
        return "Put text that contains a colon in quotes."
    if "cannot start any token" in reason:
        return "Put text that begins with such a character in quotes."
    return "Check quotes, brackets and indentation."


_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def _scalar(event: ScalarEvent) -> Plain:
    """Text, unless a plain scalar reads as a number, true, false or null.

    Only decimal notation makes a number: `010`, `0x1F`, `1e3` and a 16-digit record id keep every character.
    """
    text: str = event.value
    if event.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text
