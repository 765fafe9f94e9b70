"""What changed rules alone moved between two periods: the earlier one as the rules of the later
one would have it. Writes nothing."""

from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction

from aicost.kernel.periods import Period
from attribution import vocabulary
from attribution.claims import ensure_builtin_rules, governing_each
from attribution.ruling.draft import Draft
from attribution.ruling.effect import drafted, segments
from attribution.ruling.replay.apart import one_snapshot
from attribution.ruling.replay.engine import Replayed, replay

ONE_DAY = timedelta(days=1)


def changed_rules(before: Period, now: Period) -> list[Draft]:
    """Drafts under which the rules of the last day of `now` govern all of `before`: those that
    began or changed since, and those that ended, switched off."""
    days = (before.start, now.end - ONE_DAY)
    then, today = ({rule.key: rule for rule in rules} for rules in governing_each(days))
    since = [rule for key, rule in today.items() if key not in then or then[key].pk != rule.pk]
    ended = [rule for key, rule in then.items() if key not in today]
    return [
        *(Draft.of(rule).but(valid_from=before.start) for rule in since),
        *(Draft.of(rule).but(enabled=False, valid_to=None) for rule in ended),
    ]


def moved_between(before: Period, now: Period, basis: str) -> Replayed:
    """What the money of `before` would do under the rules of `now`; closed months stay as they
    are. Nothing, at once, where the rules are the same."""
    found = Replayed()
    drafts = changed_rules(before, now)
    if not drafts:
        return found
    threads = 1 if connection.in_atomic_block else settings.AICOST_ATTRIBUTION_THREADS
    with vocabulary.steady(), transaction.atomic():
        snapshot = one_snapshot() if threads > 1 else None
        ensure_builtin_rules()
        for segment in segments(before, drafted(drafts)):
            found.add(replay(segment, basis, threads, snapshot))
        transaction.set_rollback(True)
    return found
