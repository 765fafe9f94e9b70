"""Load files: identify, read, stage, check totals, and swap in one transaction.

`load` is the one way in: command, watched folder, upload and worker all call it.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
import hashlib
from pathlib import Path

from django.db import DataError, transaction

from aicost.kernel.money import plain
from ingest.fetch.kept import KeptFile, working_folder
from ingest.fetch.sets import FileSet, Refused, find_sets
from ingest.load_rows import lock_source, publish_rows
from ingest.models import Delivery, Scope, Source, SourceFile
from ingest.publish import Held, SetOfFiles, Stands, publish, standing_set
from ingest.readers import mapping_reader
from ingest.row_stage import staged_rows
from ingest.sources.base import BillReader, Unreadable
from ingest.stage import staged
from ingest.told import tell_held

UNKNOWN_READER = ""


@dataclass(frozen=True)
class LoadResult:
    """One delivery as `ingest --json` prints it. Money is in `currency`; of a delivery in several
    currencies `billed_cost`, `effective_cost` and `currency` are None and `totals` has them."""

    source: str
    reader: str
    state: str
    name: str
    rows_read: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    billed_cost: Decimal | None = None
    effective_cost: Decimal | None = None
    currency: str | None = None
    billing_periods: tuple[str, ...] = ()
    message: str = ""
    scope: str = ""
    delivery: int | None = None
    totals: tuple[dict, ...] = ()

    def as_json(self) -> dict:
        shown = asdict(self)
        for cost in ("billed_cost", "effective_cost"):
            shown[cost] = plain(shown[cost])
        return shown


def load(
    paths: Sequence[Path | str],
    source_name: str | None = None,
    *,
    replace: bool = False,
    part_of: bool = False,
    each: Callable[[LoadResult], None] | None = None,
) -> list[LoadResult]:
    """Load files and folders; one result per delivery, in the order they were loaded, and told to
    `each` as soon as it stands.

    Files a manifest lists form a set; other bills of one reader do, together; any other file is a
    delivery of its own. A set is published whole, found `unchanged`, or `held` with its reason in
    `message`, and then nothing else has changed. `replace` lets a set stand that holds less than
    half of what it replaces, and reads known bytes again; `part_of` reads it together with the
    files that stand in its scopes. The source is named `source_name`, or like the reader; if it has
    a mapping of columns, its files are read by that."""
    results: list[LoadResult] = []
    for found in find_sets([Path(path) for path in paths], mapping_reader(source_name)):
        if isinstance(found, Refused):
            made = [_refused(found, source_name)]
        elif isinstance(found.reader, BillReader):
            made = _load_bill(found, source_name, replace=replace, part_of=part_of)
        else:
            made = [_load_rows(found, source_name, replace=replace)]
        for result in made if each else ():
            each(result)
        results += made
    return results


def set_sha256(files: Sequence[KeptFile]) -> str:
    """The identity of a set of files: their bytes, in whatever order they came."""
    digests = sorted(file.sha256 for file in files)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _source(name: str | None, reader) -> Source:
    source, _ = Source.objects.get_or_create(
        name=name or reader.name, defaults={"kind": reader.kind}
    )
    return source


def _source_files(source: Source, files: Sequence[KeptFile]) -> list[SourceFile]:
    return [
        SourceFile.objects.get_or_create(
            source=source,
            sha256=file.sha256,
            name=file.name,
            defaults={"size_bytes": file.size_bytes, "kept_as": file.kept_as},
        )[0]
        for file in files
    ]


def _load_bill(
    found: FileSet, source_name: str | None, *, replace: bool, part_of: bool
) -> list[LoadResult]:
    source = _source(source_name, found.reader)
    sha256 = set_sha256(found.files)
    standing = standing_set(source, sha256)
    if standing and not replace:
        return [result_of(d, state=Delivery.UNCHANGED) for d in standing]
    given = SetOfFiles(source, found.reader.name, found.name, sha256, ())
    try:
        files = found.files
        if part_of:
            files = _joined(source, found)
        with staged(found.reader, files, working_folder()) as rows:
            _refuse_short(found, files, rows.rows)
            given = SetOfFiles(
                source, found.reader.name, found.name, set_sha256(files),
                _source_files(source, files),
            )  # fmt: skip
            published = publish(rows, given, replace=replace)
    except (Unreadable, Held) as refusal:
        return [_held(given, found.files, str(refusal))]
    except DataError as error:
        return [_held(given, found.files, _not_storable(found, error))]
    except Stands:
        standing = standing_set(source, given.sha256)
        return [result_of(d, state=Delivery.UNCHANGED) for d in standing]
    Delivery.objects.filter(source=source, set_sha256=sha256, state=Delivery.HELD).delete()
    return [result_of(delivery) for delivery in published]


def _refuse_short(found: FileSet, files: Sequence[KeptFile], rows: int) -> None:
    if found.rows is not None and files == found.files and rows != found.rows:
        told = f"the manifest promises {found.rows} rows, the files hold {rows}"
        raise Unreadable(told, found.name, "Fetch the whole run again")


def _joined(source: Source, found: FileSet) -> tuple[KeptFile, ...]:
    """The set with all files of the deliveries standing in its scopes, until no more come."""
    files = {file.sha256: file for file in found.files}
    while True:
        with staged(found.reader, tuple(files.values()), working_folder()) as rows:
            scopes = [(s.invoice_issuer, s.billing_account_id, s.part) for s in rows.scopes]
        known = len(files)
        for issuer, account, part in scopes:
            standing = SourceFile.objects.filter(
                deliveries__source=source,
                deliveries__state=Delivery.PUBLISHED,
                deliveries__reader=found.reader.name,
                deliveries__scope__invoice_issuer=issuer,
                deliveries__scope__billing_account_id=account,
                deliveries__scope__part=part,
            )
            for file in standing:
                kept = KeptFile(file.name, file.sha256, file.size_bytes, file.kept_as)
                files.setdefault(file.sha256, kept)
        if len(files) == known:
            return tuple(files.values())


def _load_rows(found: FileSet, source_name: str | None, *, replace: bool) -> LoadResult:
    source = _source(source_name, found.reader)
    [file] = found.files
    sha256 = set_sha256(found.files)
    same = Delivery.objects.filter(
        source=source, set_sha256=sha256, name=found.name, state=Delivery.PUBLISHED
    )
    if not replace and (known := same.last()):
        return result_of(known, state=Delivery.UNCHANGED)
    given = SetOfFiles(source, found.reader.name, found.name, sha256, ())
    try:
        with staged_rows(found.reader, file.path, file.name) as rows, transaction.atomic():
            lock_source(source)
            if not replace and (known := same.last()):  # another load was faster
                return result_of(known, state=Delivery.UNCHANGED)
            [source_file] = _source_files(source, found.files)
            delivery = _row_delivery(given, source_file)
            counts = publish_rows(source, rows, source_file, delivery, replace=replace)
            _finish_rows(delivery, counts)
    except Unreadable as refusal:
        return _held(given, found.files, str(refusal))
    except DataError as error:
        return _held(given, found.files, _not_storable(found, error))
    return result_of(delivery)


def _not_storable(found: FileSet, error: DataError) -> str:
    """A value passed all checks, and the database refuses it or a sum of it."""
    told = str(error).split("\n")[0]
    return f"{found.name}: the database cannot keep a value or a sum ({told}). Look for absurd ones"


def _row_delivery(given: SetOfFiles, file: SourceFile) -> Delivery:
    delivery = Delivery.objects.create(
        source=given.source,
        reader=given.reader,
        name=given.name,
        state=Delivery.PUBLISHED,
        set_sha256=given.sha256,
    )
    delivery.files.set([file])
    return delivery


def _finish_rows(delivery: Delivery, counts) -> None:
    delivery.rows_read = counts.rows_read
    delivery.rows_loaded = counts.rows_loaded
    delivery.rows_quarantined = counts.rows_quarantined
    delivery.first_day, delivery.last_day = counts.first_day, counts.last_day
    delivery.save()


def _held(given: SetOfFiles, files: Sequence[KeptFile], message: str) -> LoadResult:
    """Keep the refusal, so that Data health can show it; the same set refused again replaces it."""
    with transaction.atomic():
        Delivery.objects.filter(
            source=given.source, set_sha256=given.sha256, state=Delivery.HELD
        ).delete()
        delivery = Delivery.objects.create(
            source=given.source,
            reader=given.reader,
            name=given.name,
            state=Delivery.HELD,
            message=message,
            set_sha256=given.sha256,
        )
        delivery.files.set(_source_files(given.source, files))
        tell_held(delivery)
    return result_of(delivery)


def _scope_name(scope: Scope | None) -> str:
    return f"{scope.invoice_issuer}, account {scope.billing_account_id}" if scope else ""


def _refused(found: Refused, source_name: str | None) -> LoadResult:
    return LoadResult(source_name or "", UNKNOWN_READER, Delivery.HELD, found.name,
                      message=found.message)  # fmt: skip


def result_of(delivery: Delivery, state: str | None = None) -> LoadResult:
    """A stored delivery as a result."""
    totals = list(delivery.totals.order_by("currency"))
    one = totals[0] if len(totals) == 1 else None
    return LoadResult(
        source=delivery.source.name,
        reader=delivery.reader,
        state=state or delivery.state,
        name=delivery.name,
        rows_read=delivery.rows_read,
        rows_loaded=delivery.rows_loaded,
        rows_quarantined=delivery.rows_quarantined,
        billed_cost=one.billed_cost if one else None,
        effective_cost=one.effective_cost if one else None,
        currency=one.currency if one else None,
        billing_periods=tuple(delivery.billing_periods),
        message=delivery.message,
        scope=_scope_name(delivery.scope),
        delivery=delivery.pk,
        totals=tuple(
            {
                "currency": total.currency,
                "rows": total.rows,
                "billed_written": plain(total.billed_written),
                "billed_cost": plain(total.billed_cost),
                "effective_cost": plain(total.effective_cost),
            }
            for total in totals
        ),
    )
