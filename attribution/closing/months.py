"""Close a month, reopen it, close it again: each close is one edition, kept for good."""

from datetime import date
from importlib.metadata import version

from django.db import connection, transaction
from django.db.models import Max

from aicost.accounts.audit import record
from aicost.accounts.models import User
from aicost.kernel.money import plain
from aicost.kernel.periods import FIRST_YEAR, LAST_YEAR, month_of, month_start, utc_now
from aicost.kernel.sqlfiles import sql
from attribution import vocabulary
from attribution.claims import ensure_builtin_rules, live_rule_set_on
from attribution.closing.blockers import WORKING, Blocker, blockers_of
from attribution.closing.outward import tell_closed, tell_reopened
from attribution.closing.pinned import PACKAGE, close_of
from attribution.dirty import absorb_changes, dirty_stale_rules
from attribution.models import MonthClose, PinnedRuleSet, PinnedWords
from attribution.spread import spread_months

MONTH_CLOSED, MONTH_REOPENED = "month_closed", "month_reopened"
COPIES = ("resourcemap", "workloadmap", "storagemap", "alias", "price", "fxrate")


class CannotClose(ValueError):
    """The month stays as it is; `blockers` say what stands in the way and what to do."""

    def __init__(self, message: str, blockers: tuple[Blocker, ...] = ()) -> None:
        super().__init__(message)
        self.blockers = blockers


def close_month(month: date, by: User, anyway: str = "") -> MonthClose:
    """Keep the month as it is reported now and pin what it stands on.

    `anyway` is a reason to close in spite of what blocks it; days that a worker is at right now
    are waited for by nobody: they refuse in any case. Raises `CannotClose`, and nothing changed.

    All of it is one transaction under the lock that marks days, with the days' states locked: no
    day of the month is claimed, published or added meanwhile. What is pinned is copied before the
    blockers are looked for, so that a change which came in between is seen as a pending day.
    """
    month, anyway = month_start(month), anyway.strip()
    if not FIRST_YEAR <= month.year <= LAST_YEAR:
        years = f"the years {FIRST_YEAR} to {LAST_YEAR}"
        raise CannotClose(f"{month:%Y-%m} is not in {years}. Write the month as YYYY-MM")
    ensure_builtin_rules()
    absorb_changes()
    dirty_stale_rules()
    spread_months()
    with transaction.atomic():
        _lock(month)
        if standing := close_of(month):
            raise CannotClose(
                f"{month:%B %Y} is closed already, by {standing.closed_by.get_username()} on"
                f" {standing.closed_at:%Y-%m-%d %H:%M} UTC. Reopen it with a reason first"
            )
        close = _new(month, by, anyway)
        counts = _pin(close)
        found = blockers_of(month, close)
        if found and (not anyway or any(one.what == WORKING for one in found)):
            told = "; ".join(one.message for one in found)
            raise CannotClose(f"{month:%B %Y} cannot be closed: {told}", found)
        close.blockers = [vars(one) for one in found]
        close.pinned = counts | _freeze(close)
        close.sealed = True
        close.save()
        detail = {"edition": close.edition, **close.pinned, "anyway": anyway}
        record(by, MONTH_CLOSED, f"{month:%Y-%m}", detail | {"blockers": close.blockers})
        tell_closed(close)
    return close


def reopen_month(month: date, by: User, why: str) -> MonthClose:
    """Let rules, maps, aliases and prices reach the month again: its days are attributed anew. The
    edition stays readable. Raises `CannotClose` without a reason, or for an open month."""
    month, why = month_start(month), why.strip()
    if not why:
        raise CannotClose(f"Say why {month:%B %Y} is reopened: the reason is kept for the audit")
    with transaction.atomic():
        _run("lock_marking")
        close = close_of(month)
        if close is None:
            raise CannotClose(f"{month:%B %Y} is not closed. `manage.py close --list` says which")
        close.reopened_at, close.reopened_by, close.reason = utc_now(), by, why
        close.save(update_fields=["reopened_at", "reopened_by", "reason"])
        days = _run("dirty_month", _bounds(month))
        detail = {"edition": close.edition, "why": why, "days": days}
        record(by, MONTH_REOPENED, f"{month:%Y-%m}", detail)
        tell_reopened(close)
    return close


def _new(month: date, by: User, anyway: str) -> MonthClose:
    texts, digest = vocabulary.texts(), vocabulary.digest()
    words, _ = PinnedWords.objects.get_or_create(sha256=digest, defaults={"texts": texts})
    last = MonthClose.objects.filter(month=month).aggregate(last=Max("edition"))["last"]
    return MonthClose.objects.create(
        month=month, edition=(last or 0) + 1, closed_by=by, why_anyway=anyway, words=words
    )


def _pin(close: MonthClose) -> dict:
    """Copy what the month stands on; how many rows of each."""
    binds = _bounds(close.month) | {"close": close.pk}
    counts: dict = {name: _run(f"pin_{name}", binds) for name in COPIES}
    sets = {day: live_rule_set_on(day)[0] for day in month_of(close.month).days()}
    PinnedRuleSet.objects.bulk_create(
        PinnedRuleSet(close=close, day=day, rule_set=rule_set) for day, rule_set in sets.items()
    )
    rules = {pk for rule_set in sets.values() for pk in rule_set.rule_ids}
    words = {"vocabulary": close.words.sha256, "price_list": version("genai-prices")}
    return {**counts, "rules": len(rules), **words}


def _freeze(close: MonthClose) -> dict:
    """Copy the rollup of the month; its rows, and its totals per currency."""
    rows = _run("freeze", _bounds(close.month) | {"close": close.pk})
    with connection.cursor() as cursor:
        cursor.execute(sql(PACKAGE, "frozen_totals"), {"close": close.pk})
        totals = {
            currency: {"billed": plain(billed), "effective": plain(effective)}
            for currency, billed, effective in cursor.fetchall()
        }
    return {"rows": rows, "totals": totals}


def _lock(month: date) -> None:
    _run("lock_marking")
    _run("lock_days", _bounds(month))


def _bounds(month: date) -> dict:
    period = month_of(month)
    return {"month": month, "start": period.start, "end": period.end}


def _run(query: str, binds: dict | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql(PACKAGE, query), binds or {})
        return cursor.rowcount
