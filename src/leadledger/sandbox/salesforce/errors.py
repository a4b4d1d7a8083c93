"""Salesforce's ways to say no: an array of errors for a call, a list of problems for a row."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.sandbox.http import JsonObject, Response

_STATUS = {
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "METHOD_NOT_ALLOWED": 405,
    "PRECONDITION_FAILED": 412,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "URI_TOO_LONG": 414,
    "INVALID_SESSION_ID": 401,
    "UNSUPPORTED_API_VERSION": 410,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One error. `fields` are API names; the code is `errorCode` for a call and `statusCode` in Collections."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


class ApiError(Exception):
    """A call, or a row of a call, is refused with one or more problems."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{problem.code}: {problem.message}" for problem in problems))
        self.problems = problems

    def response(self) -> Response:
        """The whole call refused: the array that REST answers with."""
        body: list[JsonObject] = []
        for problem in self.problems:
            item: JsonObject = {"message": problem.message, "errorCode": problem.code}
            if problem.fields:
                item["fields"] = list(problem.fields)
            body.append(item)
        return Response.json(_STATUS.get(self.problems[0].code, 400), body)

    def row(self, record_id: str | None = None) -> JsonObject:
        """The item of a Collections reply for a row that failed."""
        errors = [
            {"statusCode": problem.code, "message": problem.message, "fields": list(problem.fields)}
            for problem in self.problems
        ]
        return (
            {"id": record_id, "success": False, "errors": errors}
            if record_id
            else {
                "success": False,
                "errors": errors,
            }
        )


def refuse(code: str, message: str, *fields: str) -> ApiError:
    """An error with a single problem, to raise."""
    return ApiError(Problem(code, message, fields))


def not_found() -> ApiError:
    """What Salesforce says to a resource that it does not have."""
    return refuse("NOT_FOUND", "The requested resource does not exist")


def method_not_allowed(method: str, allowed: str) -> ApiError:
    """What Salesforce says to the wrong verb."""
    return refuse("METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {allowed}")
