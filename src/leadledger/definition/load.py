"""Loads the definition of one folder: read, check alone, check against each other, compile.

Everything that is wrong is told at once. Checks across files look only at files that are right by themselves,
so that one typing error does not drag a tail of false ones behind it. Nothing here asks a CRM.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from leadledger.definition.checks.adds import check_adds
from leadledger.definition.checks.contradictions import check_contradictions
from leadledger.definition.checks.examples import check_examples
from leadledger.definition.checks.lifecycle import check_lifecycle
from leadledger.definition.checks.names import Documents
from leadledger.definition.checks.routing import check_routing
from leadledger.definition.checks.scoring import check_scoring
from leadledger.definition.checks.sources import check_sources
from leadledger.definition.checks.writeback import check_writeback
from leadledger.definition.compile import compile_definition
from leadledger.definition.documents.activities import ActivitiesDocument
from leadledger.definition.documents.examples import ExamplesDocument
from leadledger.definition.documents.leadledger import LeadledgerDocument
from leadledger.definition.documents.lifecycle import LifecycleDocument
from leadledger.definition.documents.people import PeopleDocument
from leadledger.definition.documents.routing import RoutingDocument
from leadledger.definition.documents.scoring import ScoringDocument
from leadledger.definition.documents.writeback import WritebackDocument
from leadledger.definition.examples import to_examples
from leadledger.definition.problems import (
    Report,
    empty_values,
    in_order,
    literal_secrets,
    most_important,
    read_document,
)
from leadledger.definition.yaml_files import YamlFile, read_yaml
from leadledger.domain.definition import Definition
from leadledger.domain.examples import Example
from leadledger.errors import BugError, ConfigError, Problem

MODELS: Mapping[str, type[BaseModel]] = {
    "leadledger": LeadledgerDocument,
    "people": PeopleDocument,
    "activities": ActivitiesDocument,
    "scoring": ScoringDocument,
    "lifecycle": LifecycleDocument,
    "routing": RoutingDocument,
    "writeback": WritebackDocument,
    "examples": ExamplesDocument,
}
"""The files of a definition, in the order in which people read them, with their documents."""
OPTIONAL = ("routing", "examples")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A definition that can be used, the admin's examples, and what deserves a second look."""

    definition: Definition
    examples: tuple[Example, ...]
    warnings: tuple[Problem, ...]


def load(folder: Path) -> Loaded:
    """The definition of a folder. Raises ConfigError with every problem, sorted by file and line."""
    if not folder.is_dir():
        msg = f"{folder} is not a folder. Give the folder that holds leadledger.yaml."
        raise ConfigError(msg)
    problems = _unexpected_files(folder)
    files: dict[str, YamlFile] = {}
    for name in MODELS:
        path = folder / f"{name}.yaml"
        if path.exists():
            read = read_yaml(path, str(path))
            if isinstance(read, YamlFile):
                files[name] = read
            else:
                problems.extend(read)
        elif name not in OPTIONAL:
            problems.append(Problem(str(path), 0, 0, "", "is missing", "A definition needs this file."))
    report = Report(files, problems)
    documents = _documents(files, report)
    _check(documents, report)
    if not report.problems:
        loaded = _compile(documents, report)
        if not report.problems:
            return loaded
    found = in_order(report.problems)
    msg = f"{folder}: {len(found)} problem{'s' if len(found) > 1 else ''} in the definition"
    raise ConfigError(msg, found)


def _unexpected_files(folder: Path) -> list[Problem]:
    """Files that look as if they were meant, such as scoring.yml."""
    known = [f"{name}.yaml" for name in MODELS]
    problems = []
    for path in sorted(folder.iterdir()):
        if (
            path.suffix.lower() in {".yaml", ".yml"}
            and path.name not in known
            and not path.name.startswith(".")
        ):
            close = difflib.get_close_matches(path.name.lower(), known, n=1)
            hint = f'Did you mean "{close[0]}"?' if close else f"Its files are {', '.join(known)}."
            problems.append(Problem(str(path), 0, 0, "", "is not a file of a definition", hint))
    return problems


def _documents(files: Mapping[str, YamlFile], report: Report) -> Documents:
    """The documents of the files whose shape is right; the problems of the others."""
    documents: dict[str, Any] = {}
    for name, file in files.items():
        found = literal_secrets(file)
        if name != "examples":
            found.extend(empty_values(file))
        read = read_document(MODELS[name], file)
        if isinstance(read, list):
            told = {p.path for p in found}
            found.extend(p for p in read if p.path not in told)
        elif not found:
            documents[name] = read
        report.problems.extend(most_important(found))
    return Documents(**documents)


def _check(documents: Documents, report: Report) -> None:
    check_sources(documents, report)
    check_scoring(documents, report)
    check_lifecycle(documents, report)
    check_routing(documents, report)
    check_writeback(documents, report)
    check_examples(documents, report)
    check_contradictions(documents, report, bounded=not _is_broken("scoring", report))
    check_adds(documents, report)
    routed = documents.routed()
    if routed and documents.routing is None and not _is_broken("routing", report):
        report.error("lifecycle", routed[0], "asks for an owner, but there is no routing.yaml", "Write one.")


def _is_broken(name: str, report: Report) -> bool:
    return any(Path(problem.file).name == f"{name}.yaml" for problem in report.problems)


def _compile(documents: Documents, report: Report) -> Loaded:
    d = documents
    if not (d.leadledger and d.people and d.activities and d.scoring and d.lifecycle and d.writeback):
        msg = "a document is missing although no problem was found"
        raise BugError(msg)
    definition = compile_definition(
        d.leadledger,
        d.people,
        d.activities,
        d.scoring,
        d.lifecycle,
        d.routing or RoutingDocument(),
        d.writeback,
        {name: file.root.plain for name, file in report.files.items()},
    )
    examples = to_examples(d.examples.root if d.examples else (), definition, report)
    return Loaded(definition, examples, in_order(report.warnings))
