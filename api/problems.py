"""
Refusals of the HTTP interface: one table of stable codes, and their RFC 9457 form (application/problem+json).

Nothing in here repeats what was sent: not a value, not a name, not a path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.responses import JSONResponse

from chartsift.nlp.errors import ChartsiftError

PROBLEM_MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One refusal: its HTTP status, a title that never changes and what the caller can do."""

    code: str
    status: int
    title: str
    remedy: str


KINDS: Mapping[str, ProblemKind] = {
    kind.code: kind
    for kind in (
        ProblemKind("HT801", 413, "The request is too large", "Send the notes in several smaller requests."),
        ProblemKind(
            "HT802", 413, "Too many patients, or files", "Send fewer in one request, or files as one archive."
        ),
        ProblemKind("HT803", 413, "Too many notes", "Send fewer notes in one request."),
        ProblemKind("HT804", 413, "A note is too long", "Split the note, or leave out what is not text."),
        ProblemKind(
            "HT805",
            422,
            "The request does not have the documented shape",
            "Compare it with /api/v1/openapi.json.",
        ),
        ProblemKind("HT806", 404, "No such trial", "GET /api/v1/trials lists the trials."),
        ProblemKind("HT807", 404, "No such address", "GET /api/v1/openapi.json lists the addresses."),
        ProblemKind("HT808", 405, "Method not allowed here", "See the methods in /api/v1/openapi.json."),
        ProblemKind(
            "HT809", 421, "Not answered under this host name", "Open the address the server printed."
        ),
        ProblemKind("HT810", 403, "Requests from another site are refused", "Send the form from this page."),
        ProblemKind("HT811", 422, "No note could be read", "See the list of problems for each file."),
        ProblemKind("HT812", 400, "The request could not be read", "Send well-formed JSON or form data."),
        ProblemKind(
            "HT813", 422, "The same patient is given twice", "Put all notes of a patient in one entry."
        ),
        ProblemKind("HT814", 422, "A date is not a plausible date", "Write YYYY-MM-DD, from 1900 to 2100."),
        ProblemKind("HT815", 500, "Something went wrong here", "Look for the code in the server's log."),
        ProblemKind("HT816", 500, "The rules of the server are invalid", "Run `chartsift trial check`."),
        ProblemKind("HT831", 422, "No file was sent", "Choose at least one file."),
        ProblemKind("AC501", 401, "Sign in first", "Sign in, or send a token."),
        ProblemKind("AC502", 403, "Your role does not allow this", "Ask the study's trial manager."),
        ProblemKind("AC503", 401, "The session is over", "Sign in again; what was saved is there."),
        ProblemKind("AC504", 401, "Name or password is wrong", "Try again, or ask an administrator."),
        ProblemKind("AC505", 429, "Too many failed sign-ins", "Wait, then try again."),
        ProblemKind(
            "AC506", 401, "The token is not valid", "Make a new token; it may have lapsed or been revoked."
        ),
        ProblemKind(
            "AC507", 404, "No such study, patient or note", "It may not exist, or not be open to you."
        ),
        ProblemKind("AC508", 403, "Not shown before your own reading is signed", "Sign your reading first."),
        ProblemKind(
            "AC509", 403, "The token's scopes do not allow this", "Make a token with the scope needed."
        ),
        ProblemKind("AC511", 401, "Signing in at the provider did not succeed", "Try again from the start."),
        ProblemKind("AC512", 403, "No account here belongs to you", "Ask an administrator for an account."),
        ProblemKind(
            "AC513", 503, "The identity provider cannot be used", "Try later, or sign in with a password."
        ),
        ProblemKind("AC510", 422, "The password is too short or too common", "Take at least 12 characters."),
        ProblemKind(
            "CO601", 409, "Changed in the meantime", "Load the chart again; nothing was overwritten."
        ),
        ProblemKind(
            "CO602", 409, "The state of the chart does not allow this", "See the state of the chart."
        ),
        ProblemKind("CO603", 409, "Someone else reads this chart", "Take another chart from the work list."),
        ProblemKind("CO604", 409, "The idempotency key was used for another request", "Take a fresh key."),
        ProblemKind("CO605", 409, "There is one of that name already", "Choose another name."),
        ProblemKind("CO606", 409, "Not every criterion is decided", "Decide those that are left, then sign."),
        ProblemKind("CO607", 404, "No such criterion, note or place in a note", "Load the chart again."),
        ProblemKind("CO608", 409, "There is nothing to undo", "See the history of the criterion."),
        ProblemKind("CO609", 422, "The entry is not one of those possible", "See /api/v1/openapi.json."),
        ProblemKind(
            "CO620",
            409,
            "The state of the upload does not allow this",
            "Load the upload again and see its state.",
        ),
        ProblemKind(
            "CO621", 409, "Notes lack their patient or day", "Fill them in, or leave those notes out."
        ),
        ProblemKind("CO622", 422, "A value of the draft cannot be used", "Correct it; nothing was changed."),
        ProblemKind("CO625", 409, "No chart is signed", "Only signed charts are exported."),
        ProblemKind("CO626", 409, "No annotated charts for this trial", "Take another format."),
        ProblemKind("CO623", 422, "No version of this trial", "Run `chartsift trial check` on the file."),
        ProblemKind(
            "CO624", 422, "The list of patients cannot be used", "Correct the list, and send it again."
        ),
        ProblemKind("ST701", 503, "The database has another schema", "Run `chartsift db upgrade`."),
        ProblemKind("ST702", 503, "The database is busy", "Send the request again."),
        ProblemKind("ST703", 503, "The database cannot be reached", "Check CHARTSIFT_DATABASE_URL."),
        ProblemKind("ST704", 500, "The key for the notes is missing or wrong", "Set CHARTSIFT_NOTE_KEYS."),
        ProblemKind(
            "ST705", 500, "The audit trail is broken", "Keep the database as it is and tell the sponsor."
        ),
        ProblemKind("ST706", 404, "No such user", "`chartsift user list` shows them."),
        ProblemKind("ST707", 500, "Nobody can sign in yet", "Run `chartsift user add NAME --admin`."),
        ProblemKind("ST708", 500, "A stored value is damaged", "Restore the database from its backup."),
        ProblemKind(
            "ST720", 500, "A piece of work failed again and again", "See the worker's log, then try it again."
        ),
    )
}


class RequestError(ChartsiftError):
    """A request is refused (codes HT8xx)."""

    exit_status = 6

    def __init__(self, code: str, message: str = "") -> None:
        kind = KINDS[code]
        super().__init__(code, message or kind.title, hint=kind.remedy)
        self.kind = kind


class ServerError(ChartsiftError):
    """The server cannot start as asked (codes HT82x)."""

    exit_status = 6


def problem_body(code: str, detail: str = "", *, errors: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """Return the problem+json document of *code*; *detail* must be free of anything that was sent."""
    kind = KINDS[code]
    body: dict[str, Any] = {
        "type": f"urn:chartsift:problem:{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail or kind.title,
        "code": code,
        "remedy": kind.remedy,
    }
    if errors:
        body["errors"] = [dict(error) for error in errors]
    return body


def problem_response(
    code: str,
    detail: str = "",
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return the response that refuses a request with *code*."""
    return JSONResponse(
        problem_body(code, detail, errors=errors),
        status_code=KINDS[code].status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=dict(headers or {}),
    )


def safe_errors(raw: Iterable[Mapping[str, Any]], known_names: frozenset[str]) -> list[dict[str, str]]:
    """
    Reduce pydantic errors to place and kind.

    A place may hold a key that the caller invented (a name where a field was expected), so that every part
    that is neither a number nor one of *known_names* becomes "?".

    >>> safe_errors([{"loc": ("body", "Jane Doe", 0), "type": "missing", "input": "x"}], frozenset({"body"}))
    [{'where': 'body.?.0', 'kind': 'missing'}]
    """
    return [
        {
            "where": ".".join(_safe_part(part, known_names) for part in error["loc"]),
            "kind": str(error["type"]),
        }
        for error in raw
    ]


def _safe_part(part: object, known_names: frozenset[str]) -> str:
    if isinstance(part, int) or (isinstance(part, str) and part in known_names):
        return str(part)
    return "?"
