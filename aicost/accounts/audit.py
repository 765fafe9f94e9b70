"""The audit trail: who did what. Rows are only ever added (a trigger refuses the rest)."""

from collections.abc import Iterable

from aicost.accounts.models import AuditEvent, User

LOGIN, LOGIN_REFUSED, LOGIN_LOCKED, LOGOUT = "login", "login_refused", "login_locked", "logout"
SOURCE_SAVED, SOURCE_RUN, SOURCE_PAUSED = "source_saved", "source_run", "source_paused"
MAPPING_SAVED, TOKEN_MADE, TOKEN_REVOKED = "mapping_saved", "token_made", "token_revoked"
RULE_SAVED, RULES_IMPORTED = "rule_saved", "rules_imported"
USER_CHANGED, TEAM_REMOVED = "user_changed", "team_removed"
INVITED, INVITATION_ENDED, JOINED = "invited", "invitation_ended", "joined"
RESET_MADE, PASSWORD_SET = "reset_made", "password_set"
VIEW_SAVED, VIEW_CHANGED, VIEW_DELETED = "view_saved", "view_changed", "view_deleted"
COMPANY_SAVED, ALERT_ACTED = "company_saved", "alert_acted"
NOTE_ADDED, NOTE_CHANGED, NOTE_DELETED = "note_added", "note_changed", "note_deleted"
EVENT_ANNOUNCED, EVENT_WITHDRAWN = "event_announced", "event_withdrawn"
DIGEST_SAVED, DIGEST_ENDED = "digest_saved", "digest_ended"
ROUTE_SAVED, ROUTE_ENDED = "route_saved", "route_ended"
CHANNEL_SAVED, CHANNEL_ENDED = "channel_saved", "channel_ended"
WEBHOOK_SAVED, WEBHOOK_ENDED, WEBHOOK_OFF = "webhook_saved", "webhook_ended", "webhook_off"
WEBHOOK_SECRET, WEBHOOK_REPLAYED = "webhook_secret", "webhook_replayed"
BI_LOGIN_SAVED, BI_LOGIN_ENDED = "bi_login_saved", "bi_login_ended"
SEND_AGAIN, SEND_ARRIVED = "send_again", "send_arrived"
FILES_ADDED, FILES_REMOVED = "files_added", "files_removed"
FILES_RUN, FILES_PAUSED = "files_run", "files_paused"
DENIED, EXPORT, UPLOAD, USER_ADDED = "denied", "export", "upload", "user_added"


def record(user: User | None, action: str, subject: str = "", detail: dict | None = None) -> None:
    """Add one event. `detail` is JSON and holds no secrets; an anonymous user is None."""
    record_all(user, action, [(subject, detail or {})])


def record_all(user: User | None, action: str, events: Iterable[tuple[str, dict]]) -> None:
    """Add events (subject, detail) of one action at once."""
    who = user if user is not None and user.is_authenticated else None
    AuditEvent.objects.bulk_create(
        AuditEvent(user=who, action=action, subject=subject, detail=detail)
        for subject, detail in events
    )
