"""What a change of rules would move in a month of SIZE charges: a rule that claims a tenth of the
series, and one that claims them all, of a month that is published and of one that nobody has
attributed yet; and to decide all series anew."""

from datetime import date
import time

from django.db import connection

from aicost.accounts.models import ADMIN
from aicost.kernel.periods import Period
from aicost.kernel.sqlfiles import sql
from aicost.runtime.bench.registry import Measured
from aicost.runtime.bench.run import peak_mb
from attribution.allocate import attribute
from attribution.claims import claim_series, ensure_builtin_rules, rule_set_on
from attribution.reports.spec import Asker
from attribution.ruling.draft import Draft
from attribution.ruling.preview import preview
from ingest.models import ChangedDay, Delivery, Scope, Source
from ingest.partitions import ensure_partitions

NAME = "preview"
SIZE = 1_000_000
MONTH = Period(date(2026, 9, 1), date(2026, 10, 1))

A_TENTH = ({"field": "service_name", "op": "is", "value": "Service 5"},)
LIMIT_SECONDS, CLAIM_LIMIT_SECONDS = 3, 2


def run(size: int) -> list[Measured]:
    """`limit_seconds` is the goal."""
    series = size // MONTH.length_days
    bill = _make(series)
    ensure_builtin_rules()
    began = time.perf_counter()
    claim_series(bill.id, MONTH.start, *rule_set_on(MONTH.start))
    claimed = time.perf_counter() - began
    out = [Measured("claims: decide all series", series, claimed, CLAIM_LIMIT_SECONDS, peak_mb())]
    out.append(_previewed("all, nothing published", ()))
    ChangedDay.objects.bulk_create(
        ChangedDay(source=bill, day=day, what="charges") for day in MONTH.days()
    )
    attribute()
    for name, conditions in (("a tenth", A_TENTH), ("all", ()), ("all, again", ())):
        out.append(_previewed(name, conditions))
    return out


def _previewed(name: str, conditions: tuple) -> Measured:
    draft = Draft("bench", "a rule", "direct", conditions, {"team": "bench"}, position=50)
    found = preview([draft], MONTH, Asker(ADMIN))
    told = f"preview: a rule that claims {name}"
    return Measured(told, found.charges, found.seconds, LIMIT_SECONDS, peak_mb())


def _make(series: int) -> Source:
    bill = Source.objects.create(name="bill", kind="bill")
    gpus = Source.objects.create(name="gpus", kind="telemetry")
    calls = Source.objects.create(name="calls", kind="usage")
    scope = Scope.objects.create(
        source=bill, invoice_issuer="", billing_account_id="1", part="2026-09"
    )
    delivery = Delivery.objects.create(
        source=bill, name="bench", state=Delivery.PUBLISHED, set_sha256="0" * 64
    )
    days = {"start": MONTH.start, "end": MONTH.end}
    of_bill = {"source": bill.id, "scope": scope.id, "delivery": delivery.id, **days}
    ensure_partitions("ingest_charge", [MONTH.start])
    ensure_partitions("ingest_gpuinterval", [MONTH.start])
    for name, binds in (
        ("preview_series", {"source": bill.id, "series": series}),
        ("preview_charges", of_bill),
        ("preview_telemetry", {"source": gpus.id, "delivery": delivery.id, **days}),
        ("preview_usage", {"source": calls.id, **days}),
    ):
        with connection.cursor() as cursor:
            cursor.execute(sql("aicost.runtime.bench", name), binds)
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    return bill
