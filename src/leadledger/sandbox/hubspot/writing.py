"""One change of one record, as every way of writing does it: check, apply, stamp, remember."""

from __future__ import annotations

from collections.abc import Mapping

from leadledger.sandbox.hubspot.account import Account
from leadledger.sandbox.hubspot.errors import BadValue, conflict, invalid, invalid_values
from leadledger.sandbox.hubspot.lifecycle import STAGE, moves_backward, set_stage
from leadledger.sandbox.hubspot.object_properties import DEAL_PIPELINE, DEAL_STAGES
from leadledger.sandbox.hubspot.object_types import ObjectType
from leadledger.sandbox.hubspot.records import Record, Source
from leadledger.sandbox.hubspot.requirements import is_enforced, unmet
from leadledger.sandbox.hubspot.stamps import stamp
from leadledger.sandbox.hubspot.values import as_texts, check_all

_CALCULATED = Source("CALCULATED", "hubspot")
_PROBABILITY = {id_: (probability, closed) for id_, _, probability, closed in DEAL_STAGES}


def owner_is_active(account: Account, owner_id: str) -> bool:
    """Whether an owner exists and is not archived."""
    owner = account.store.document("owners", owner_id)
    return owner is not None and not owner.get("archived")


def texts(account: Account, properties: object) -> dict[str, str]:
    """The `properties` of a body as texts, by the account's switches. Raises 400."""
    switches = account.switches
    return as_texts(properties, null=switches["null_value"], number=switches["number_value"])


def checked(
    account: Account, record: Record, changes: Mapping[str, str], version: str
) -> tuple[dict[str, str], list[BadValue]]:
    """The changes in stored form, and what is wrong with them. Nothing is changed."""
    good, bad = check_all(
        account.schema.definitions(record.type.name),
        changes,
        record.properties,
        lambda owner_id: owner_is_active(account, owner_id),
    )
    if not bad and account.requirements and is_enforced(version):
        bad = unmet(account.requirements, record.type.name, {**record.properties, **good})
    return good, bad


def require_free_email(account: Account, record: Record, good: Mapping[str, str]) -> None:
    """409 when another living contact has the e-mail address already."""
    address = good.get("email")
    if record.type.name != "contacts" or not address:
        return
    other = account.store.id_of_email(record.type, address)
    if other is not None and other != record.id:
        raise conflict(f"Contact already exists. Existing ID: {other}")


def apply(
    account: Account,
    record: Record,
    good: Mapping[str, str],
    source: Source,
    at_ms: int,
    *,
    any_direction: bool = False,
) -> None:
    """Give a record checked values, with what HubSpot derives from them, and bump its stamps.

    The stamps move even when no value is another. `any_direction` lets a lifecycle stage go backward.
    """
    name = record.type.name
    cleared = "" if account.switches["cleared_value"] == "empty" else None
    before = dict(record.properties)
    for property_, value in good.items():
        if property_ == STAGE:
            backward = moves_backward(account.schema.stage_order(name), record.value(STAGE), value)
            # HubSpot answers success and keeps the old stage (facts: objects, fields, stages, owners).
            if backward and not any_direction and account.switches["backward_stage"] == "ignored":
                continue
            set_stage(
                record,
                value,
                source,
                at_ms,
                definitions=account.schema.definitions(name).keys(),
                keep_dates=account.switches["stage_dates"] == "keep",
                cleared=cleared,
            )
        else:
            record.set(property_, value, source, at_ms, cleared=cleared)
    _derive(record, before, at_ms)
    touch(record, at_ms)


def touch(record: Record, at_ms: int) -> None:
    """Move the modification stamps; their history is not kept."""
    record.updated_ms = at_ms
    record.properties[record.type.modified] = stamp(at_ms)


def new_record(account: Account, type_: ObjectType, at_ms: int) -> Record:
    """An empty record under the next free id, not stored yet."""
    id_ = account.store.next_id(type_)
    now = stamp(at_ms)
    properties = {"hs_object_id": str(id_), type_.created: now, type_.modified: now}
    return Record(type_, id_, properties, at_ms, at_ms)


def create(
    account: Account, type_: ObjectType, properties: Mapping[str, str], source: Source, version: str
) -> Record:
    """Check, create and store a record. Raises 400 or 409; the caller's transaction undoes the rest."""
    at_ms = account.now_ms()
    record = new_record(account, type_, at_ms)
    if type_.name == "deals" and "pipeline" not in properties:
        properties = {**properties, "pipeline": DEAL_PIPELINE[0]}
    good, bad = checked(account, record, properties, version)
    if bad:
        raise invalid_values(bad)
    missing = [name for name in type_.required if not good.get(name)]
    if missing:
        message = f"Error creating {type_.singular.upper()}. Some required properties were not set."
        raise invalid(message, errors=[{"message": message, "context": {"properties": missing}}])
    require_free_email(account, record, good)
    apply(account, record, good, source, at_ms)
    account.store.insert([(record, at_ms)], changed_ms=at_ms)
    return record


def _derive(record: Record, before: Mapping[str, str], at_ms: int) -> None:
    owner = record.value("hubspot_owner_id")
    if owner != before.get("hubspot_owner_id", ""):
        record.set("hubspot_owner_assigneddate", stamp(at_ms) if owner else "", _CALCULATED, at_ms)
        record.set("hs_all_owner_ids", owner, _CALCULATED, at_ms)
    stage = record.value("dealstage")
    if record.type.name == "deals" and stage in _PROBABILITY and stage != before.get("dealstage", ""):
        probability, closed = _PROBABILITY[stage]
        record.set("hs_is_closed", "true" if closed else "false", _CALCULATED, at_ms)
        won = closed and float(probability) == 1.0
        record.set("hs_is_closed_won", "true" if won else "false", _CALCULATED, at_ms)
        record.set("hs_deal_stage_probability", probability, _CALCULATED, at_ms)
        if closed and not record.value("closedate"):
            record.set("closedate", stamp(at_ms), _CALCULATED, at_ms)
