"""
Who may do what: roles, permissions, and the one table from a route to what it asks.

Every route of the application stands in ``ROUTES`` by its name; a route that does not is refused, and a test walks
over all of them with every role. A study's permission is asked of the caller's role in the study of the address;
being an administrator of the installation opens no chart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """What a route asks."""

    PUBLIC = "public"  # nobody has to be signed in
    SIGNED_IN = "signed_in"  # anybody with an account
    ADMIN = "admin"  # an administrator of the installation
    # in a study
    READ = "read"  # work list, charts, notes, findings, proposals, signed records
    UPLOAD = "upload"  # add patients and notes
    REVIEW = "review"  # read a chart, decide, sign
    ADJUDICATE = "adjudicate"  # settle what two readers differ on
    EXPORT = "export"  # take the record out
    MANAGE = "manage"  # settings, members, assignments, opening a signed chart again
    AUDIT = "audit"  # read the audit trail, agreement of readers
    ERASE = "erase"  # erase a patient on request


STUDY_PERMISSIONS = frozenset(
    {
        Permission.READ,
        Permission.UPLOAD,
        Permission.REVIEW,
        Permission.ADJUDICATE,
        Permission.EXPORT,
        Permission.MANAGE,
        Permission.AUDIT,
        Permission.ERASE,
    }
)

_MANAGER = {
    Permission.READ,
    Permission.UPLOAD,
    Permission.EXPORT,
    Permission.MANAGE,
    Permission.AUDIT,
}

ROLE_PERMISSIONS: Mapping[str, frozenset[Permission]] = {
    "viewer": frozenset({Permission.READ}),
    "reviewer": frozenset({Permission.READ, Permission.UPLOAD, Permission.REVIEW}),
    "adjudicator": frozenset({Permission.READ, Permission.REVIEW, Permission.ADJUDICATE}),
    # Who manages a study sees the readers' figures, and so reads no chart himself.
    "trial_manager": frozenset(_MANAGER),
    "admin": frozenset({*_MANAGER, Permission.ERASE}),
}

SCOPES: Mapping[str, str] = {
    "evaluate": "screen notes without storing them",
    "read": "read studies, charts, notes, findings and results",
    "upload": "add patients and notes",
    "review": "decide, adjudicate and sign",
    "export": "take the record out",
    "manage": "manage studies, members and assignments",
    "audit": "read the audit trail and the agreement of readers",
}
"""What a token can be made for. A token never has more rights than its owner."""


@dataclass(frozen=True, slots=True)
class Rule:
    """
    What a route asks.

    Attributes:
        permission: Asked of the person.
        scope: Asked of a token; empty refuses every token (a person has to be signed in).
        is_use: Whether it shows that somebody is at work: what a page asks by itself keeps no idle session alive.
    """

    permission: Permission
    scope: str = ""
    is_use: bool = True


_READ = Rule(Permission.READ, "read")
_REVIEW = Rule(Permission.REVIEW, "review")
_ADJUDICATE = Rule(Permission.ADJUDICATE, "review")
_UPLOAD = Rule(Permission.UPLOAD, "upload")
_EXPORT = Rule(Permission.EXPORT, "export")
_MANAGE = Rule(Permission.MANAGE, "manage")
_ADMIN = Rule(Permission.ADMIN, "manage")
_PUBLIC = Rule(Permission.PUBLIC)
_SIGNED_IN = Rule(Permission.SIGNED_IN)

ROUTES: Mapping[str, Rule] = {
    # HTTP interface: without a chart
    "health": _PUBLIC,
    "openapi": _PUBLIC,
    "about": Rule(Permission.SIGNED_IN, "read"),
    "trials": Rule(Permission.SIGNED_IN, "evaluate"),
    "evaluate": Rule(Permission.SIGNED_IN, "evaluate"),
    # HTTP interface: accounts
    "me": Rule(Permission.SIGNED_IN, "read"),
    "list_tokens": _SIGNED_IN,
    "create_token": _SIGNED_IN,
    "revoke_token": _SIGNED_IN,
    "list_sessions": _SIGNED_IN,
    "end_session": _SIGNED_IN,
    "list_users": _ADMIN,
    "create_user": _ADMIN,
    "disable_user": _ADMIN,
    "end_user_sessions": _ADMIN,
    # HTTP interface: studies
    "list_studies": Rule(Permission.SIGNED_IN, "read"),
    "create_study": _ADMIN,
    "get_study": _READ,
    "change_study": _MANAGE,
    "list_members": _MANAGE,
    "set_member": _MANAGE,
    "remove_member": _MANAGE,
    # HTTP interface: charts
    "list_patients": _READ,
    "search_patients": _READ,
    "create_patient": Rule(Permission.UPLOAD, "upload"),
    "get_patient": _READ,
    "change_patient": Rule(Permission.UPLOAD, "upload"),
    "next_patient": _REVIEW,
    "assign_patient": _MANAGE,
    "reopen_patient": _MANAGE,
    # By a person only: no token erases.
    "erase_patient": Rule(Permission.ERASE),
    "get_erasure": Rule(Permission.AUDIT, "audit"),
    "list_notes": _READ,
    "create_note": Rule(Permission.UPLOAD, "upload"),
    "get_note": _READ,
    "list_findings": _READ,
    "get_result": _READ,
    # HTTP interface: what comes in
    "create_upload": _UPLOAD,
    "add_upload_files": _UPLOAD,
    "list_uploads": _UPLOAD,
    "get_upload": _UPLOAD,
    "list_upload_items": _UPLOAD,
    "correct_upload": _UPLOAD,
    "confirm_upload": _UPLOAD,
    "discard_upload": _UPLOAD,
    "add_patient_list": _UPLOAD,
    "list_jobs": _READ,
    "get_job": _READ,
    "retry_job": _UPLOAD,
    # HTTP interface: what changes
    "list_changes": _READ,
    "set_screening_day": _MANAGE,
    "propose_trial": _MANAGE,
    "get_trial_preview": _READ,
    "switch_trial": _MANAGE,
    "list_stale": _READ,
    "get_export": _EXPORT,
    # HTTP interface: judgement
    "list_reviews": _READ,
    "open_review": _REVIEW,
    "reveal_proposal": _REVIEW,
    "list_decisions": _READ,
    "make_decision": _REVIEW,
    "add_evidence": _REVIEW,
    "reject_evidence": _REVIEW,
    "undo_decision": _REVIEW,
    "sign_review": _REVIEW,
    "adjudication_queue": _ADJUDICATE,
    "open_adjudication": _ADJUDICATE,
    "adjudicate": _ADJUDICATE,
    "undo_adjudication": _ADJUDICATE,
    "sign_adjudication": _ADJUDICATE,
    "agreement": Rule(Permission.AUDIT, "audit"),
    "audit_trail": Rule(Permission.AUDIT, "audit"),
    "check_audit": Rule(Permission.AUDIT, "audit"),
    # pages
    "static": _PUBLIC,
    "sign_in_page": _PUBLIC,
    "sign_in": _PUBLIC,
    "provider_sign_in_page": _PUBLIC,
    "provider_callback_page": _PUBLIC,
    "sign_out": _SIGNED_IN,
    "home_page": _SIGNED_IN,
    "account_page": _SIGNED_IN,
    "change_password_page": _SIGNED_IN,
    "end_session_page": _SIGNED_IN,
    "make_token_page": _SIGNED_IN,
    "end_token_page": _SIGNED_IN,
    "users_page": _ADMIN,
    "add_user_page": _ADMIN,
    "disable_user_page": _ADMIN,
    "end_user_sessions_page": _ADMIN,
    "members_page": _MANAGE,
    "set_member_page": _MANAGE,
    "audit_page": Rule(Permission.AUDIT, "audit"),
    "erasure_page": Rule(Permission.ERASE),
    "erase_patient_page": Rule(Permission.ERASE),
    "work_list_page": _READ,
    "search_page": _READ,
    "assign_form": _MANAGE,
    "reopen_form": _MANAGE,
    "chart_page": _READ,
    "criterion_part": _READ,
    "note_part": _READ,
    "chart_search": _READ,
    "presence_part": Rule(Permission.READ, is_use=False),
    "decide_form": _REVIEW,
    "evidence_form": _REVIEW,
    "reject_form": _REVIEW,
    "undo_form": _REVIEW,
    "reveal_form": _REVIEW,
    "sign_form": _REVIEW,
    "adjudication_list_page": _ADJUDICATE,
    "adjudication_page": _ADJUDICATE,
    "settle_form": _ADJUDICATE,
    "unsettle_form": _ADJUDICATE,
    "sign_settled_form": _ADJUDICATE,
    "agreement_page": Rule(Permission.AUDIT, "audit"),
    "pictures_page": _READ,
    "worksheet_page": _READ,
    "keys_page": _SIGNED_IN,
    "save_keys": _SIGNED_IN,
    "upload_page": _UPLOAD,
    "send_upload_page": _UPLOAD,
    "send_list_page": _UPLOAD,
    "draft_page": _UPLOAD,
    "correct_draft_page": _UPLOAD,
    "retry_job_page": _UPLOAD,
    "versions_page": _MANAGE,
    "propose_version_page": _MANAGE,
    "preview_page": _MANAGE,
    "switch_version_page": _MANAGE,
    "screening_day_page": _MANAGE,
    "exports_page": _EXPORT,
    "download_page": _EXPORT,
    "slot_styles": _PUBLIC,
}


def permissions_of(role: str | None) -> frozenset[Permission]:
    """Return the permissions of *role* in a study; none for no role."""
    return ROLE_PERMISSIONS.get(role or "", frozenset())
