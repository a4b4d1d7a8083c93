"""Marketing forms and their submissions, newest first. A submission names no contact: match by e-mail."""

from __future__ import annotations

from leadledger.sandbox.http import JsonObject, Response
from leadledger.sandbox.hubspot.account import Account, Call, read_cursor
from leadledger.sandbox.hubspot.definitions import BEGINNING
from leadledger.sandbox.hubspot.errors import not_found, refuse

_FORMS_PAGE = 100
_SUBMISSIONS_PAGE = 50


def list_forms(account: Account, call: Call) -> Response:
    """Forms in the order of their ids; `formTypes` keeps some kinds (default `hubspot`, or `all`)."""
    size, after = call.limit(_FORMS_PAGE, _FORMS_PAGE), call.request.one("after")
    kinds, archived = call.names("formTypes") or ["hubspot"], call.flag("archived")
    forms = [
        body
        for body in (_body(row) for row in account.store.documents("forms"))
        if body["archived"] == archived
        and ("all" in kinds or body["formType"] in kinds)
        and body["id"] >= after
    ]
    answer: JsonObject = {"results": forms[:size]}
    if len(forms) > size:
        answer["paging"] = call.next_page(forms[size]["id"])
    return Response.json(200, answer)


def get_form(account: Account, call: Call, id_: str) -> Response:
    """One form."""
    row = account.store.document("forms", id_)
    if row is None or bool(row.get("archived")) != call.flag("archived"):
        raise not_found()
    return Response.json(200, _body(row))


def _body(row: JsonObject) -> JsonObject:
    return {
        "id": str(row["id"]),
        "name": row.get("name") or "",
        "formType": row.get("formType") or "hubspot",
        "createdAt": row.get("createdAt") or BEGINNING,
        "updatedAt": row.get("updatedAt") or BEGINNING,
        "archived": bool(row.get("archived")),
        "fieldGroups": row.get("fieldGroups") or [],
    }


def list_submissions(account: Account, call: Call, form_id: str) -> Response:
    """Submissions of a form, newest first; an archived form keeps its own."""
    size = call.limit(20, _SUBMISSIONS_PAGE)
    form = account.store.document("forms", form_id)
    if form is None:
        raise not_found()
    if form.get("formType") == "blog_comment":
        raise refuse(400, "Submissions of blog comment forms cannot be read.", "FORM_TYPE_NOT_ALLOWED")
    rows = account.store.submissions(form_id, _cursor(call.request.one("after")), size + 1)
    answer: JsonObject = {
        "results": [
            {key: row[key] for key in ("conversionId", "submittedAt", "pageUrl", "values") if key in row}
            for row in rows[:size]
        ]
    }
    if len(rows) > size:
        after = f"{rows[size]['submittedAt']}_{rows[size]['conversionId']}"
        answer["paging"] = call.next_page(after)
    return Response.json(200, answer)


def _cursor(after: str) -> tuple[int, str] | None:
    if not after:
        return None
    at, _, id_ = after.partition("_")
    return read_cursor(at), id_
