"""A change of rules on its way: made, previewed, saved. What is saved is exactly what was seen:
the preview hands out a signed token with the drafts and with the rules as they then were."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
import hashlib
import json

from django.core import signing
from django.db import transaction

from aicost.accounts.audit import RULES_IMPORTED, record
from aicost.accounts.models import User
from attribution.models import AllocationRule
from attribution.ruling import words
from attribution.ruling.draft import Draft, RuleRefused
from attribution.ruling.edit import newest, reorder, save
from attribution.ruling.preview import reordered

SAVE, SWITCH, REVERT, REORDER, IMPORT = ("save", "switch", "revert", "reorder", "import")
SALT = "aicost.rules.seen"
SEEN_SECONDS = 24 * 3600
_DAYS = ("valid_from", "valid_to")


@dataclass(frozen=True)
class Change:
    """`drafts` are all rule versions it adds; `order` the keys of a new order; `title` says what
    it is; `to` is the rule whose page it leads to, '' for the list."""

    kind: str
    title: str
    drafts: tuple[Draft, ...]
    order: tuple[str, ...] = ()
    to: str = ""

    def told(self) -> list[dict]:
        """[{title, key, lines}]: what each draft changes, in words."""
        have = {rule.key: rule for rule in newest()}
        found = []
        for draft in self.drafts:
            rule = have.get(draft.key)
            lines = words.changes(Draft.of(rule), draft) if rule else _new(draft)
            if lines:
                found.append({"title": draft.title, "key": draft.key, "lines": lines})
        return found

    def apply(self, by: User, why: str) -> None:
        """Save it, all or nothing. Raises `RuleRefused` and `NotAllowed`."""
        if self.kind == REORDER:
            reorder(self.order, by, why)
            return
        with transaction.atomic():
            for draft in self.drafts:
                save(draft, by, why)
            if self.kind == IMPORT:
                keys = [draft.key for draft in self.drafts]
                record(by, RULES_IMPORTED, "", {"why": why.strip(), "rules": keys})


def _new(draft: Draft) -> tuple[str, ...]:
    """A rule that is new, in words."""
    days = [
        f"{word} {day:%Y-%m-%d}"
        for word, day in (("Valid from", draft.valid_from), ("Valid until", draft.valid_to))
        if day
    ]
    return ("New", words.summary(draft), f"Place: {draft.position}", *days)


def new_order(keys: Sequence[str]) -> Change:
    """The change that puts rules into this order. Raises `RuleRefused`."""
    return Change(REORDER, "A new order", tuple(reordered(keys)), tuple(keys))


def switched(rule: AllocationRule) -> Change:
    draft = Draft.of(rule).but(enabled=not rule.enabled)
    word = "off" if rule.enabled else "on"
    return Change(SWITCH, f"Switch {word}: {rule.title}", (draft,), to=rule.key)


def reverted(old: AllocationRule, latest: AllocationRule) -> Change:
    draft = Draft.of(old).but(base=latest.version)
    title = f"Back to version {old.version}: {old.title}"
    return Change(REVERT, title, (draft,), to=old.key)


def state() -> str:
    """The rules as they are, in short: any version added changes it."""
    told = json.dumps([[rule.key, rule.version] for rule in newest()])
    return hashlib.sha256(told.encode()).hexdigest()


def seen(change: Change, by: User) -> str:
    """The token of a preview that this person has before them."""
    told = {"change": packed(change), "state": state(), "by": by.pk}
    return signing.dumps(told, salt=SALT, compress=True)


def of_seen(token: str, by: User) -> Change:
    """The change of a preview this person saw. Raises `RuleRefused` without one, or when rules
    changed since."""
    cure = "Preview the change once more, then save it"
    try:
        told = signing.loads(token, salt=SALT, max_age=SEEN_SECONDS)
    except signing.BadSignature as error:
        raise RuleRefused("preview", "there is no preview of this change", cure) from error
    if told["by"] != by.pk:
        raise RuleRefused("preview", "somebody else has seen this preview", cure)
    if told["state"] != state():
        raise RuleRefused("preview", "rules were changed since it was previewed", cure)
    return unpacked(told["change"])


def carried(change: Change) -> str:
    """The change for a form that asks for a preview of it; signed, so that it is one we made."""
    return signing.dumps(packed(change), salt=f"{SALT}.carried", compress=True)


def of_carried(token: str) -> Change:
    """Raises `RuleRefused` for anything that `carried` did not make."""
    try:
        return unpacked(signing.loads(token, salt=f"{SALT}.carried", max_age=SEEN_SECONDS))
    except signing.BadSignature as error:
        told = "the change cannot be read, or is older than a day"
        raise RuleRefused("preview", told, "Make the change again") from error


def packed(change: Change) -> dict:
    told = asdict(change)
    for draft in told["drafts"]:
        draft |= {name: draft[name] and draft[name].isoformat() for name in _DAYS}
    return told


def unpacked(told: Mapping) -> Change:
    drafts = []
    for one in told["drafts"]:
        days = {name: one[name] and date.fromisoformat(one[name]) for name in _DAYS}
        tuples = {name: tuple(one[name]) for name in ("conditions", "sources")}
        drafts.append(Draft(**{**one, **days, **tuples}))
    return Change(told["kind"], told["title"], tuple(drafts), tuple(told["order"]), told["to"])
