"""Bring a staged bill into force: every scope of the set in one transaction, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db import connection, transaction

from aicost.kernel.sqlfiles import sql
from ingest.fetch.kept import scratch_folder, working_folder
from ingest.job_runs import keep_job_runs
from ingest.models import BillDay, ControlTotal, Delivery, Restatement, Scope, Source, SourceFile
from ingest.partitions import ensure_partitions
from ingest.sources.charges import DISPLAY, IDENTITY, json_text
from ingest.stage import Staged, StagedScope
from ingest.told import tell_published, tell_restated

_BLOCK_BYTES = 1 << 20
ANALYZE_FROM_ROWS = 5_000
# One provider under the names it gives itself.
_SAME_PROVIDER = {"amazon web services": "aws", "amazon": "aws", "microsoft azure": "microsoft"}
# What a view of a bill does not tell, shown with its delivery.
_NOTES = {
    "actual": "actual cost: usage under a reservation or savings plan stands at 0, its purchase on"
    " the day it is billed; a FOCUS export tells both",
    "amortised": "amortised cost: what is invoiced is not told, so billed cost is the same",
}


class Stands(Exception):
    """Another load has just brought the same set into force: nothing is left to do."""


class Held(Exception):
    """The set is not brought into force; the message says why and what to do."""


@dataclass(frozen=True)
class SetOfFiles:
    """What the deliveries of one set have in common."""

    source: Source
    reader: str
    name: str
    sha256: str
    files: Sequence[SourceFile]


def publish(staged: Staged, given: SetOfFiles, *, replace: bool) -> list[Delivery]:
    """Replace what stands in the scopes of the set; one delivery a scope. Raises `Held`
    and `Stands`.

    Charges are compared by key: those that are the same keep their rows and ids. The difference
    is kept as a restatement, and its days are marked as changed."""
    ensure_partitions("ingest_charge", staged.days)
    with transaction.atomic(), scratch_folder(working_folder()) as folder:
        if not staged.scopes:
            return [_delivery(given, None, staged)]
        scopes = _lock_scopes(given.source, staged.scopes)
        _refuse_foreign(given, staged.scopes)
        if not replace:
            _refuse_again(given)
            _refuse_other_view(given.source, staged)
            _refuse_shrunk(staged.scopes, scopes)
        deliveries = {
            s.number: _delivery(given, scopes[s.number], staged, s) for s in staged.scopes
        }
        _stage(staged, given.source, deliveries, folder)
        previous = _supersede(deliveries)
        _execute("compare_charges")
        for step in ("remove_charges", "change_charges"):
            _execute(step)
        _execute("add_charges", source=given.source.pk)
        _keep_restatements(deliveries, previous)
        changed = _rows("mark_changed_days", source=given.source.pk)
        sum_bill_days(given.source, [day for (day,) in changed])
        keep_job_runs(given.source, _billing_periods(staged), staged.days)
        tell_published(deliveries.values())
        _analyze_charges(staged)
    return list(deliveries.values())


def sum_bill_days(source: Source, days: Sequence[date]) -> None:
    """Sum the charges of these days anew, in the caller's transaction; of a source one at a time,
    since two loads of one day would each miss the other's charges."""
    _execute("alone_with_bill_days", source=source.pk)
    BillDay.objects.filter(source=source, day__in=days).delete()
    _execute("sum_bill_days", source=source.pk, days=list(days))


def _billing_periods(staged: Staged) -> list[date]:
    named = {period for scope in staged.scopes for period in scope.billing_periods}
    return [date.fromisoformat(f"{period}-01") for period in sorted(named)]


def _analyze_charges(staged: Staged) -> None:
    """Tell the planner about a large load at once; autovacuum would come minutes too late."""
    if sum(scope.rows for scope in staged.scopes) < ANALYZE_FROM_ROWS:
        return
    with connection.cursor() as cursor:
        cursor.execute("analyze ingest_chargeseries")
        for month in sorted({f"{day:%Y%m}" for day in staged.days}):
            cursor.execute(f"analyze ingest_charge_{month}")


def _lock_scopes(source: Source, staged: Sequence[StagedScope]) -> dict[int, Scope]:
    """The scopes by their number within the set, locked against another load of them."""
    found = {}
    for scope in sorted(staged, key=lambda s: (s.invoice_issuer, s.billing_account_id, s.number)):
        found[scope.number], _ = Scope.objects.get_or_create(
            source=source,
            invoice_issuer=scope.invoice_issuer,
            billing_account_id=scope.billing_account_id,
            part=scope.part,
        )
    ids = [scope.pk for scope in found.values()]
    list(Scope.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    return found


def standing_set(source: Source, set_sha256: str) -> list[Delivery]:
    """The deliveries of this very set, if all of them are in force; else none."""
    same = Delivery.objects.filter(source=source, set_sha256=set_sha256)
    found = list(same.exclude(state=Delivery.HELD).order_by("pk"))
    return found if all(one.state == Delivery.PUBLISHED for one in found) else []


def _refuse_again(given: SetOfFiles) -> None:
    """Asked again with the scopes locked: a job may run twice, or two people load one file."""
    if standing_set(given.source, given.sha256):
        raise Stands


def _refuse_foreign(given: SetOfFiles, staged: Sequence[StagedScope]) -> None:
    for scope in staged:
        providers = {provider.lower() for provider in scope.providers}
        for names in (_SAME_PROVIDER.items(), ((v, k) for k, v in _SAME_PROVIDER.items())):
            providers |= {other for name, other in names if name in providers}
        rows = _rows(
            "scope_conflicts",
            source=given.source.pk,
            reader=given.reader,
            account=scope.billing_account_id,
            part=scope.part,
            periods=[f"{period}-01" for period in scope.billing_periods],
            issuer=scope.invoice_issuer,
            providers=sorted(providers - {""}),
        )
        for owner, reader, account, part in rows:
            raise Held(
                f"the bill of account {account} for {part} already stands under source {owner!r},"
                f" read as {reader}; two views of one bill cannot both be money. Go on with that"
                " source and format, or remove what stands first"
            )


def _refuse_other_view(source: Source, staged: Staged) -> None:
    """Actual and amortised cost are one bill told twice; a purchase in one month and its
    amortisation in the next would count it twice as well, so a source keeps to one of them."""
    if not staged.view:
        return
    standing = Delivery.objects.filter(source=source, state=Delivery.PUBLISHED)
    accounts = {scope.billing_account_id for scope in staged.scopes}
    others = standing.filter(scope__billing_account_id__in=accounts).exclude(
        view__in=("", staged.view)
    )
    if first := others.select_related("scope").order_by("pk").first():
        raise Held(
            f"this set shows {staged.view} cost, and {first.name} brought the {first.view} cost of"
            f" account {first.scope.billing_account_id} for {first.scope.part}: two views of one"
            f" bill, so both cannot be money. Go on with {first.view} cost, or use --replace for"
            " each month if you change over"
        )


def _refuse_shrunk(staged: Sequence[StagedScope], scopes: dict[int, Scope]) -> None:
    ids = [scope.pk for scope in scopes.values()]
    standing = {row[0]: row[1:] for row in _rows("standing_scopes", scopes=ids)}
    for new in staged:
        scope = scopes[new.number]
        rows, gross_cost = standing.get(scope.pk, (0, 0))
        if new.rows * 2 < rows or new.gross_cost * 2 < gross_cost:
            raise Held(
                f"{new.rows} rows and {new.gross_cost.normalize():f} of cost would replace {rows}"
                f" rows and {gross_cost.normalize():f} in {scope.part} of account"
                f" {scope.billing_account_id or '(none)'}: less than half. Use --replace if this"
                " is the whole month now, --part-of if it belongs beside what stands"
            )


def _delivery(
    given: SetOfFiles, scope: Scope | None, staged: Staged, part: StagedScope | None = None
) -> Delivery:
    totals = [t for t in staged.totals if part is not None and t.scope_number == part.number]
    rows = sum(total.rows for total in totals)
    delivery = Delivery.objects.create(
        source=given.source,
        scope=scope,
        reader=given.reader,
        name=given.name,
        state=Delivery.PUBLISHED,
        message=_NOTES.get(staged.view, ""),
        view=staged.view,
        set_sha256=given.sha256,
        rows_read=rows,
        rows_loaded=rows,
        billing_periods=list(part.billing_periods) if part else [],
        first_day=min((total.first_day for total in totals), default=None),
        last_day=max((total.last_day for total in totals), default=None),
    )
    delivery.files.set(given.files)
    ControlTotal.objects.bulk_create(
        ControlTotal(
            delivery=delivery,
            currency=total.currency,
            rows=total.rows,
            billed_written=total.billed_written,
            billed_cost=total.billed_cost,
            effective_cost=total.effective_cost,
        )
        for total in totals
    )
    return delivery


def _stage(staged: Staged, source: Source, deliveries: dict[int, Delivery], folder: Path) -> None:
    """Copy series and facts into temporary tables and give them their ids."""
    with connection.cursor() as cursor:
        cursor.execute(sql("ingest.sql", "stage_tables"))
        for number, delivery in deliveries.items():
            ids = {"number": number, "scope": delivery.scope_id, "delivery": delivery.pk}
            cursor.execute(sql("ingest.sql", "stage_scopes"), ids)
        with cursor.copy(sql("ingest.sql", "copy_series")) as copy:
            for number, sha256, series in staged.series():
                copy.write_row((number, sha256, *_series_values(series)))
        facts = folder / "facts.csv"
        staged.write_facts(facts)
        with cursor.copy(sql("ingest.sql", "copy_facts")) as copy, facts.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                copy.write(block)
        cursor.execute("analyze staged_series; analyze staged_fact")
    _execute("upsert_series", source=source.pk)
    _execute("stage_charges", source=source.pk)


def _series_values(series: dict[str, object]) -> list[object]:
    objects = [json_text(series["tags"]), json_text(series["extras"])]
    return [series[c] for c in IDENTITY] + objects + [series[c] for c in DISPLAY]


def _supersede(deliveries: dict[int, Delivery]) -> dict[int, Delivery]:
    """The deliveries that stood in the scopes until now, by scope id; they stand no longer."""
    new = [delivery.pk for delivery in deliveries.values()]
    scopes = [delivery.scope_id for delivery in deliveries.values()]
    standing = Delivery.objects.filter(scope__in=scopes, state=Delivery.PUBLISHED)
    previous = {d.scope_id: d for d in standing.exclude(pk__in=new).order_by("pk")}
    standing.exclude(pk__in=new).update(state=Delivery.SUPERSEDED)
    return previous


def _keep_restatements(deliveries: dict[int, Delivery], previous: dict[int, Delivery]) -> None:
    by_scope = {delivery.scope_id: delivery for delivery in deliveries.values()}
    for scope_id, *summary in _rows("change_summary"):
        if scope_id not in previous:
            continue
        fields = (
            "currency",
            "billed_delta",
            "effective_delta",
            "charges_added",
            "charges_changed",
            "charges_removed",
            "first_day",
            "last_day",
        )
        change = Restatement.objects.create(
            delivery=by_scope[scope_id],
            previous=previous[scope_id],
            **dict(zip(fields, summary, strict=True)),
        )
        tell_restated(change)


def _execute(name: str, **binds) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql("ingest.sql", name), binds)


def _rows(name: str, **binds) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql("ingest.sql", name), binds)
        return cursor.fetchall()
