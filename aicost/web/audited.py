"""An event of the audit trail in words: a sentence of what was done, and each thing before and
after. Actions that no sentence is written for are said by their name and what was kept of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aicost.accounts.models import AuditEvent

NOT_SET = "not set"
CHARS_MAX, ITEMS_MAX, CHANGES_MAX = 160, 6, 12
# {subject} and the keys of the detail are filled in; a phrase in brackets whose key is not there is
# left out: "Took away cost[ as {format}]".
_SAID = {
    "login": "Logged in[ from {address}]",
    "login_refused": "Login as {subject} was refused[, from {address}]",
    "login_locked": "Login as {subject} was locked for a while: too many tries[, from {address}]",
    "logout": "Logged out",
    "denied": "Was refused {subject}",
    "export": "Took away {subject}[ as {format}][, {rows} rows][; asked with {query}]",
    "upload": "Uploaded {subject}[ for source {source}][, {bytes} bytes]",
    "source_saved": "Saved the source {subject}[, {connector}]",
    "source_run": "Fetched the source {subject} by hand",
    "mapping_saved": "Saved the mapping {subject}[ to {target}]",
    "token_made": "Made the token {subject}[, {prefix}…][, {token_id}][, for {scopes}]",
    "token_revoked": "Revoked the token {subject}[, {prefix}…][, {token_id}]",
    "rule_saved": "Saved the rule {subject}[ as version {version}]",
    "rules_imported": "Imported rules[: {rules}]",
    "user_added": "Added {subject}[ as {role}][, of {teams}]",
    "user_changed": "Changed what {subject} may do and see",
    "webhook_saved": "Saved the webhook {subject}[, {address}][, of {teams}]",
    "webhook_ended": "Ended the webhook {subject}",
    "webhook_off": "The webhook {subject} was switched off by itself[: {why}]",
    "webhook_secret": "Made another secret of the webhook {subject}[, the old one for {hours} h]",
    "webhook_replayed": "Sent messages again to the webhook {subject}[, from {from}][ to {to}]",
    "team_removed": "Took away the team {subject}",
    "invited": "Invited {subject}[ as {role}][, of {teams}]",
    "invitation_ended": "Ended the invitation of {subject}",
    "joined": "{subject} joined[ as {role}]",
    "reset_made": "Made a link for a new password of {subject}",
    "password_set": "The password of {subject} was set[ by {by}]",
    "view_saved": "Saved the view {subject}[: {address}]",
    "view_changed": "Changed the view {subject}[; {digests} digests use it]",
    "view_deleted": "Deleted the view {subject}[: {address}]",
    "company_saved": "Changed the company’s calendar",
    "note_added": "Noted on {day}: {subject}",
    "note_changed": "Changed a note: {subject}",
    "note_deleted": "Deleted a note on {day}[, of {author}]: {subject}",
    "event_announced": "Announced {subject}[, of {of}][, from {begins}][ to {ends}]",
    "event_withdrawn": "Withdrew {subject}[, announced of {of}][, from {begins}][ to {ends}]",
    "target_changed": "Changed the {what} of {subject}",
    "price_saved": "Saved the price {subject}",
    "price_ended": "Ended the price {subject}",
    "prices_imported": "Imported prices from {subject}[, {rows} rows]",
    "prices_repriced": "Priced {subject} anew[, models {models}]",
    "finance_table_saved": "Saved {subject}",
    "month_closed": "Closed {subject}[ as edition {edition}][; closed anyway: {anyway}]",
    "month_reopened": "Reopened {subject}[, edition {edition}][; {days} days are attributed anew]",
    "invoice_paid": "Entered the payment {subject}",
    "invoice_payment_removed": "Took away the payment {subject}",
    "bi_login_saved": "Said what the BI login {subject} sees[ as {role}][: {teams}]",
    "bi_login_ended": "Ended the BI login {subject}",
    "files_added": "Said that daily files go to {subject}[, {kind}][: {datasets}]",
    "files_removed": "Said that daily files no longer go to {subject}",
    "files_run": "Had the daily files of {subject} written",
    "invoices_imported": "Imported payments from {subject}[: {entered} new][, {changed} changed]",
}
_BY_VALUE = {
    ("source_paused", "enabled", True): "Resumed the source {subject}",
    ("source_paused", "enabled", False): "Paused the source {subject}",
    ("files_paused", "enabled", True): "Resumed the daily files of {subject}",
    ("files_paused", "enabled", False): "Paused the daily files of {subject}",
    ("webhook_saved", "enabled", True): "Switched on the webhook {subject}",
    ("webhook_saved", "enabled", False): "Switched off the webhook {subject}",
    ("user_changed", "active", True): "Let {subject} in again",
    ("user_changed", "active", False): "Ended every session and token of {subject}",
}
# Names of what stands before and after in a detail.
_PAIRS = (("before", "after"), ("from", "to"), ("before", "now"))
_WHY = ("why", "reason")


@dataclass(frozen=True)
class Told:
    """`changes` are (what, before, after); one that was not there before has before NOT_SET."""

    text: str
    changes: tuple[tuple[str, str, str], ...] = ()
    why: str = ""

    @property
    def line(self) -> str:
        """All of it as one line of text."""
        steps = "; ".join(
            ": ".join(filter(None, (name, f"{old} → {new}" if old else new)))
            for name, old, new in self.changes
        )
        return ". ".join(part for part in (self.text, steps, self.why) if part)


def told(event: AuditEvent) -> Told:
    """Never raises: whatever stands in the trail can be shown."""
    detail = event.detail if isinstance(event.detail, Mapping) else {"detail": event.detail}
    changes = tuple(_changes(event.action, detail))
    why = next((_shown(detail[name]) for name in _WHY if detail.get(name)), "")
    return Told(_sentence(event, detail), changes[:CHANGES_MAX], why)


def _sentence(event: AuditEvent, detail: Mapping) -> str:
    known = {k: _shown(v) for k, v in detail.items() if v} | {"subject": event.subject or "nothing"}
    for (action, key, value), text in _BY_VALUE.items():
        if action == event.action and detail.get(key) is value:
            return _filled(text, known)
    if text := _SAID.get(event.action):
        return _filled(text, known)
    paired = {name for pair in _PAIRS for name in pair}
    facts = [f"{_word(k)} {v}" for k, v in known.items() if k not in {"subject", *_WHY, *paired}]
    named = f"{_word(event.action).capitalize()}: {event.subject}".rstrip(": ")
    return f"{named} ({'; '.join(facts)})" if facts else named


def _filled(text: str, known: Mapping[str, str]) -> str:
    """The text with its gaps filled; a phrase in brackets that lacks something is left out."""
    found = []
    for nth, part in enumerate(text.replace("]", "[").split("[")):
        keys = [piece.split("}")[0] for piece in part.split("{")[1:]]
        if nth % 2 and any(key not in known for key in keys):
            continue
        for key in keys:
            part = part.replace("{" + key + "}", known.get(key, "unknown"), 1)
        found.append(part)
    return "".join(found)


def _changes(action: str, detail: Mapping) -> Iterator[tuple[str, str, str]]:
    pair = next(((old, new) for old, new in _PAIRS if {old, new} <= detail.keys()), None)
    if pair:
        yield from _compared(detail[pair[0]], detail[pair[1]])
    elif "before" in detail:
        yield from _compared(detail["before"], None)
    if action == "company_saved":
        for name, pair in detail.items():
            if isinstance(pair, list) and len(pair) == 2:
                yield _word(name), _shown(pair[0]), _shown(pair[1])
    for line in _listed(detail, "changes"):
        name, arrow, new = str(line).partition(" → ")
        what, colon, old = name.partition(": ")
        yield (what, old, new) if arrow and colon else ("", "", str(line))
    for name, as_pair in (("removed", True), ("added", False)):
        for row in _listed(detail, name):
            yield ("Row", _shown(row), "taken out") if as_pair else ("Row", NOT_SET, _shown(row))


def _listed(detail: Mapping, name: str) -> list:
    found = detail.get(name)
    return found if isinstance(found, list) else []


def _compared(before: object, after: object) -> Iterator[tuple[str, str, str]]:
    """Each thing that differs, of two dicts or of two values."""
    if not isinstance(before, Mapping) and not isinstance(after, Mapping):
        yield "", _shown(before), _shown(after)
        return
    old = before if isinstance(before, Mapping) else {}
    new = after if isinstance(after, Mapping) else {}
    for name in (*new, *(name for name in old if name not in new)):
        if old.get(name) != new.get(name):
            yield _word(name), _shown(old.get(name)), _shown(new.get(name))


def _word(name: str) -> str:
    return str(name).replace("_", " ")


def _shown(value: object) -> str:
    """Any value of JSON as words, cut where it is long."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if "is" in value:  # a value that holds on days: attribution.entities
            days = [f"{word} {value[word]}" for word in ("from", "to") if value.get(word)]
            return " ".join([_shown(value["is"]), *days])
        text = ", ".join(f"{_word(k)} {_shown(v)}" for k, v in value.items() if v not in ("", None))
        return _cut(text) or NOT_SET
    if isinstance(value, list | tuple):
        shown = [_shown(one) for one in value[:ITEMS_MAX]]
        more = f" and {len(value) - ITEMS_MAX} more" if len(value) > ITEMS_MAX else ""
        return _cut(", ".join(shown)) + more or NOT_SET
    return NOT_SET if value in (None, "") else _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= CHARS_MAX else f"{text[: CHARS_MAX - 1]}…"
