"""`/crm/owners/{v}`: the people who may own a record. Deactivated ones appear with archived=true only."""

from __future__ import annotations

from leadledger.sandbox.http import JsonObject, Response
from leadledger.sandbox.hubspot.account import Account, Call
from leadledger.sandbox.hubspot.definitions import BEGINNING
from leadledger.sandbox.hubspot.errors import invalid, not_found

_LARGEST_PAGE = 500


def list_owners(account: Account, call: Call) -> Response:
    """Owners in id order, by e-mail if asked. `after` is the id of the next owner."""
    size, after = call.limit(100, _LARGEST_PAGE), call.after_id()
    archived, email = call.flag("archived"), call.request.one("email").strip().lower()
    found = [
        owner
        for owner in _owners(account)
        if owner["archived"] == archived
        and int(owner["id"]) >= after
        and (not email or owner["email"].lower() == email)
    ]
    body: JsonObject = {"results": found[:size]}
    if len(found) > size:
        body["paging"] = call.next_page(found[size]["id"])
    return Response.json(200, body)


def get_owner(account: Account, call: Call, id_: str) -> Response:
    """One owner by owner id or, with idProperty=userId, by user id."""
    key = call.request.one("idProperty") or "id"
    if key not in {"id", "userId"}:
        raise invalid("idProperty must be id or userId.")
    for owner in _owners(account):
        wanted = owner["id"] if key == "id" else str(owner["userIdIncludingInactive"])
        if wanted == id_ and owner["archived"] == call.flag("archived"):
            return Response.json(200, owner)
    raise not_found()


def _owners(account: Account) -> list[JsonObject]:
    owners = [_body(row) for row in account.store.documents("owners")]
    return sorted(owners, key=lambda owner: int(owner["id"]))


def _body(row: JsonObject) -> JsonObject:
    archived = bool(row.get("archived"))
    user_id = row.get("userIdIncludingInactive") or row.get("userId")
    number = int(user_id) if user_id is not None else None
    return {
        "id": str(row["id"]),
        "email": row.get("email") or "",
        "type": row.get("type") or "PERSON",
        "firstName": row.get("firstName") or "",
        "lastName": row.get("lastName") or "",
        # A deactivated user has no userId any more; the other field keeps it.
        "userId": None if archived else number,
        "userIdIncludingInactive": number,
        "createdAt": row.get("createdAt") or BEGINNING,
        "updatedAt": row.get("updatedAt") or BEGINNING,
        "archived": archived,
        "teams": row.get("teams") or [],
    }
