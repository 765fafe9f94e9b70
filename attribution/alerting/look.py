"""One look at the ledger: series and facts, what stands out, alerts. Run nightly and after days
were attributed anew; run twice, the second changes nothing."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
import time

from django.conf import settings
from django.db.models import Max

from aicost.kernel.periods import utc_now, utc_today
from attribution.alerting.facts import noticed_facts
from attribution.alerting.feedback import dulled, known_events
from attribution.alerting.judging import UNIT, judged, panel_of, series_detectors
from attribution.alerting.levels import Scope
from attribution.alerting.merging import merge
from attribution.alerting.people import monthly_budgets, owners
from attribution.alerting.seen import recall, remember
from attribution.alerting.series import Watched, watch
from attribution.alerting.states import Look
from attribution.alerting.store import store
from attribution.alerting.told import told
from attribution.alerting.weighing import passes
from attribution.detectors.findings import Noticed
from attribution.detectors.lacking import in_words, lacking
from attribution.models import AlertRun, AllocationRun

NIGHT = timedelta(hours=20)


@dataclass(frozen=True)
class Looked:
    """What one look did, for the command and the job."""

    through: date
    series: int
    changes: Counter
    notes: list[str]


def look(today: date | None = None) -> Looked:
    """Judge all days before `today` (the present day unless told) and write what changed."""
    began = time.monotonic()
    today = today or utc_today()
    watched = watch(today - timedelta(days=1))
    remember(watched, today)
    found, notes = noticed_series(watched)
    facts, more = noticed_facts(watched)
    found = [one for one in (*found, *facts) if passes(one, watched.total(_scope(one)))]
    seen = Look(
        through=watched.through,
        window=watched.period.start,
        known_until={scope: max(days) for scope, days in watched.cost.items() if days},
        owners=owners(),
        teams=watched.team,
        budgets=monthly_budgets(watched.through),
        is_first=not AlertRun.objects.exists(),
    )
    merged = merge(found, watched.part, watched.lies_in(), watched.period.length_days)
    store(merged, seen, watched.cost)
    notes = [*_late(watched), *notes, *more]
    AlertRun.objects.create(
        through=watched.through, series=len(watched.cost), changes=dict(seen.changes), notes=notes,
        seconds=Decimal(f"{time.monotonic() - began:.3f}"),
    )  # fmt: skip
    return Looked(watched.through, len(watched.cost), seen.changes, notes)


def look_if_due() -> Looked | None:
    """A look, if a night passed since the last one or days were published after it."""
    last = AlertRun.objects.aggregate(at=Max("at"))["at"]
    published = AllocationRun.objects.aggregate(at=Max("published_at"))["at"]
    if published is None:
        return None
    if last is None or published > last or last < utc_now() - NIGHT:
        return look()
    return None


def noticed_series(watched: Watched) -> tuple[list[Noticed], list[str]]:
    """What the detectors of series see: costs at every level, and costs per unit."""
    known, factors = known_events(), dulled(watched.through)
    country = settings.AICOST_COUNTRY
    scopes = list(watched.cost)
    if not scopes:
        return [], []
    looks = recall(scopes, watched.period.start)
    panel = panel_of(watched, scopes, watched.cost, looks, known=known, country=country)
    of_cost = tuple(one for one in series_detectors() if one.name != UNIT)
    found = judged(panel, scopes, factors, of_cost)
    notes = in_words([one for one in lacking(panel) if one.detector != UNIT])
    units = list(watched.unit)
    if units:
        paid = {scope: watched.unit[scope][2] for scope in units}
        used = {scope: watched.unit[scope][1] for scope in units}
        panel = panel_of(watched, units, paid, usage=used, known=known, country=country)
        only = tuple(one for one in series_detectors() if one.name == UNIT)
        found += judged(panel, units, factors, only)
        notes += in_words([one for one in lacking(panel) if one.detector == UNIT])
    return [told(watched, one) for one in found], notes


def _scope(one: Noticed) -> Scope:
    return Scope(one.level, one.name, one.currency)


def _late(watched: Watched) -> list[str]:
    return [
        f"data incomplete: {source} has delivered its bill up to {reach}; days after that are not"
        " judged where it matters, and no drop is told"
        for source, reach in sorted(watched.late.items())
    ]
