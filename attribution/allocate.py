"""Claim a day, weigh, split, audit, publish. One (source, day) is rebuilt from nothing in one
transaction; until it commits, readers see what was last published."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
import logging
import os
import socket
import threading
import time

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction

from aicost.kernel.sqlfiles import sql
from attribution.claims import claim_series, ensure_builtin_rules, rule_set_on
from attribution.classify import gpus_by_instance_type
from attribution.closing.pinned import words_of
from attribution.customers import split_customers
from attribution.dirty import absorb_changes, dirty_stale_rules
from attribution.instance_shapes import shape_binds
from attribution.lease import kept_leases
from attribution.models import AllocationRun, RuleSet
from attribution.rules import RULES
from attribution.spread import spread_months
from attribution.token_weights import price_day
from ingest.partitions import ensure_partitions

log = logging.getLogger(__name__)
DAY_TRIES, DAY_RETRY_SECONDS = 5, 0.5
HELD_WAIT_SECONDS = 0.5
# SQLSTATEs of what passes by itself: deadlock, lock timeout, lost connection, server restarting.
PASSING = ("40", "55P", "08", "57P")
DAY_TABLES = (
    "w_charge",
    "w_alias",
    "w_usage",
    "w_unmetered",
    "w_price",
    "w_part",
    "w_twice",
    "w_gpu",
    "w_capacity",
    "w_machine",
    "w_pods",
    "w_node_price",
    "w_workload",
    "w_stored",
    "w_what",
    "w_stands",
    "w_stage1",
    "w_share",
    "w_total",
    "w_final",
)


class Leak(RuntimeError):
    """Parts that do not sum to their charge. Nothing of the day is published."""


@dataclass(frozen=True)
class Claimed:
    """A day this worker holds until the lease runs out. `published` is the rule set it stands under
    if nothing but rules changed since, else None."""

    state: int
    source: int
    day: date
    version: int
    worker: str
    published: int | None = None


@dataclass(frozen=True)
class DayResult:
    source: int
    day: date
    charges: int
    allocated_charges: int
    seconds: float
    failure: str = ""


def _run(name: str, binds: dict, package: str = "attribution.sql") -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql(package, name), binds)
        return cursor.rowcount


def claim_day(worker: str, start: date | None, end: date | None) -> Claimed | None:
    """Take the newest dirty day nobody holds, by one conditional UPDATE; None if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql("attribution.sql", "claim_day"),
            {
                "worker": worker,
                "lease_seconds": settings.AICOST_JOB_LEASE_SECONDS,
                "from": start,
                "to": end,
            },
        )
        row = cursor.fetchone()
    return Claimed(*row[:4], worker, row[4]) if row else None


def allocate_day(claimed: Claimed) -> DayResult:
    """Rebuild one claimed day and publish it. Raises `Leak` if a cent is lost: then nothing of
    this call remains."""
    with words_of(claimed.day):
        return _allocate_day(claimed)


def _allocate_day(claimed: Claimed) -> DayResult:
    began = time.monotonic()
    rule_set, rules, aliases = rule_set_on(claimed.day)
    claim_series(claimed.source, claimed.day, rule_set, rules, aliases)
    ensure_partitions("attribution_allocatedcharge", [claimed.day])
    binds = {"source": claimed.source, "day": claimed.day, "rule_set": rule_set.id}
    if _stands(claimed, rule_set, binds):
        _keep(claimed, binds)
        return DayResult(claimed.source, claimed.day, 0, 0, time.monotonic() - began)
    with transaction.atomic(), day_tables():
        charges, methods = weigh(binds)
        _run("clear_day", binds)
        parts = split(binds)
        _refuse_leaks(binds, claimed)
        with _hashed():
            _run("day_rollup", binds)
        for name in ("day_spread", "day_sums_target", "day_sums_service", "day_sums_period"):
            _run(name, binds)
        if "gpu_time" in methods:
            _run("day_gpu", binds)
            _run("day_gpu_hours", binds)
        seconds = time.monotonic() - began
        _publish(claimed, binds, charges, parts, seconds)
    return DayResult(claimed.source, claimed.day, charges, parts, seconds)


def _stands(claimed: Claimed, rule_set: RuleSet, binds: dict) -> bool:
    """Whether the new rules claim every charge of the day as the ones before did: then its parts
    are the same, and it need not be rebuilt."""
    if claimed.published is None:
        return False
    before = RuleSet.objects.get(pk=claimed.published)
    if not before.names_sha256 or before.names_sha256 != rule_set.names_sha256:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            sql("attribution.sql", "claims_stand"), binds | {"published": claimed.published}
        )
        return cursor.fetchone()[0]


def _keep(claimed: Claimed, binds: dict) -> None:
    held = {"version": claimed.version, "state": claimed.state, "worker": claimed.worker}
    if _run("keep_day", held | {"rule_set": binds["rule_set"]}) != 1:
        raise LeaseLost(f"{claimed.day} of source {claimed.source} went to another worker")


@contextmanager
def day_tables() -> Iterator[None]:
    """Temporary tables of one day, dropped also when the caller's transaction goes on."""
    with connection.cursor() as cursor:
        cursor.execute("set local work_mem = '128MB'")
        cursor.execute("set local jit = off")
        # Whole tables of one day are read: a rough sample plans them as well as a fine one.
        cursor.execute("set local default_statistics_target = 10")
        yield
        cursor.execute(f"drop table if exists {', '.join(DAY_TABLES)}")


def weigh(binds: dict) -> tuple[int, set[str]]:
    """Make w_part, the weights of a (source, day, rule_set); (charges, methods of their rules)."""
    types = gpus_by_instance_type()
    weigh_binds = {**binds, "instance_types": list(types), "instance_gpus": list(types.values())}
    charges = _run("day_charges", weigh_binds)
    with connection.cursor() as cursor:
        cursor.execute("analyze w_charge (charge_id, resource_id, method, model)")
        cursor.execute("select distinct method from w_charge")
        methods = {row[0] for row in cursor.fetchall()}
    for name in ("day_alias", "day_usage", "day_unmetered", "day_parts"):
        _run(name, binds)
    if "tokens" in methods:
        price_day(binds["day"])
    weigh_binds |= shape_binds()
    waiting = [method.method_id for method in RULES if method.after_others]
    for later in (False, True):
        for method in RULES:
            if method.method_id in methods and method.after_others == later:
                for query in method.queries:
                    _run(query, {**weigh_binds, "method": method.method_id}, "attribution.rules")
        _run("day_fallback", {"waiting": [] if later else waiting})
    with connection.cursor() as cursor:
        cursor.execute("analyze w_part (charge_id, key), w_usage (model), w_alias (dimension, raw)")
    return charges, methods


def split(binds: dict, package: str = "attribution.sql") -> int:
    """Split w_charge by w_part into allocated charges; how many. `package` has the queries that
    add targets: a preview has its own, since it keeps none and waits for nobody."""
    _run("day_stage1_targets", binds, package)
    _run("day_stage1", binds)
    with connection.cursor() as cursor:
        cursor.execute("analyze w_stage1 (charge_id, target_id, then_method)")
    _run("day_share", binds)
    _run("day_share_targets", binds, package)
    _run("day_total", binds)
    _run("day_final", binds)
    with connection.cursor() as cursor:
        cursor.execute("analyze w_total, w_final (stage1_target_id, then_method)")
    written = ("day_allocated", "day_allocated_long", "day_allocated_whole")
    return sum(_run(name, binds) for name in written)


@contextmanager
def _hashed() -> Iterator[None]:
    """For queries over what the day has just written: without statistics the planner takes it for
    one row, loops over a whole table for each of them and sorts where it should hash."""
    with connection.cursor() as cursor:
        for plan in ("nestloop", "mergejoin", "sort"):
            cursor.execute(f"set local enable_{plan} = off")
        yield
        for plan in ("nestloop", "mergejoin", "sort"):
            cursor.execute(f"set local enable_{plan} = on")


def _refuse_leaks(binds: dict, claimed: Claimed) -> None:
    with _hashed(), connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "leaks_of_day"), binds)
        leaks = cursor.fetchall()
    if leaks:
        raise Leak(
            f"{len(leaks)} charges of source {claimed.source} on {claimed.day} do not sum to their"
            f" parts, for instance charge {leaks[0][0]}: billed {leaks[0][1]} against"
            f" {leaks[0][2]}; nothing was published"
        )


def _publish(claimed: Claimed, binds: dict, charges: int, parts: int, seconds: float) -> None:
    published = _run(
        "publish_day",
        {
            "version": claimed.version,
            "state": claimed.state,
            "worker": claimed.worker,
            "rule_set": binds["rule_set"],
        },
    )
    if published != 1:
        raise LeaseLost(f"{claimed.day} of source {claimed.source} went to another worker")
    AllocationRun.objects.create(
        source_id=claimed.source,
        day=claimed.day,
        rule_set_id=binds["rule_set"],
        charges=charges,
        allocated_charges=parts,
        seconds=round(seconds, 3),
    )


class LeaseLost(RuntimeError):
    """Somebody else took the day over; this worker's copy was rolled back."""


def attribute(
    start: date | None = None,
    end: date | None = None,
    progress: Callable[[DayResult], None] | None = None,
) -> list[DayResult]:
    """Attribute every dirty day in [start, end) until none is left; any number of processes may
    do so at once, and each returns when all days are done, with the results of its own. A day
    that fails keeps its last published figures and says why in DayState.

    Postgres does the work, so that settings.AICOST_ATTRIBUTION_THREADS take days side by side;
    inside the caller's own transaction it is one, since no other connection sees its rows.
    """
    ensure_builtin_rules()
    threads = 1 if connection.in_atomic_block else settings.AICOST_ATTRIBUTION_THREADS
    if threads == 1:
        results = _drain(start, end, progress)
    else:
        with ThreadPoolExecutor(threads) as pool:
            given = (start, end, progress)
            drained = [pool.submit(_drain_apart, *given) for _ in range(threads)]
            results = [result for one in drained for result in one.result()]
    spread_months()
    split_customers()
    return results


def _drain_apart(*given) -> list[DayResult]:
    try:
        return _drain(*given)
    finally:
        connection.close()


def _drain(
    start: date | None, end: date | None, progress: Callable[[DayResult], None] | None
) -> list[DayResult]:
    """Claim and rebuild days until none is dirty and none is held by anybody."""
    worker = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}:{time.monotonic_ns()}"
    results: list[DayResult] = []
    with kept_leases(worker):
        while True:
            absorb_changes()
            dirty_stale_rules()
            before = len(results)
            while claimed := claim_day(worker, start, end):
                result = _attempt(claimed)
                if result:
                    results.append(result)
                    if progress:
                        progress(result)
            if len(results) > before:
                continue
            if not _held_days(start, end):
                return results
            time.sleep(HELD_WAIT_SECONDS)


def _held_days(start: date | None, end: date | None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "held_days"), {"from": start, "to": end})
        return cursor.fetchone()[0]


def _attempt(claimed: Claimed) -> DayResult | None:
    """One day; a failure is logged, kept in DayState and returned, a lost lease is None. What
    passes by itself is tried again and never marks the day as failed."""
    held = {"state": claimed.state, "worker": claimed.worker}
    try:
        return _allocate_patiently(claimed)
    except LeaseLost as lost:
        log.warning("%s", lost)
        return None
    except (Leak, ValueError, DatabaseError) as error:
        if _passes(error):  # the job is tried again; by then the lease has run out
            raise
        log.error("attribution of %s failed: %s", claimed.day, error)
        log.debug("the failure of %s in full", claimed.day, exc_info=True)
        _run("fail_day", {**held, "failure": f"{type(error).__name__}: {error}"[:2000]})
        return DayResult(claimed.source, claimed.day, 0, 0, 0.0, str(error))
    except BaseException:
        _run("release_day", held)
        raise


def _allocate_patiently(claimed: Claimed) -> DayResult:
    for _ in range(DAY_TRIES - 1):
        try:
            return allocate_day(claimed)
        except OperationalError as error:
            if not _passes(error):
                raise
            log.warning("%s is tried again: %s", claimed.day, error)
            time.sleep(DAY_RETRY_SECONDS)
    return allocate_day(claimed)


def _passes(error: Exception) -> bool:
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(PASSING)
