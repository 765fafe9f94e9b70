"""Daily files in a folder and in a bucket: they add up to the report, and only what changed is
written again."""

from contextlib import contextmanager
from datetime import date
from decimal import Decimal
import io
import json
from pathlib import Path

from django.core.management import CommandError, call_command
import pyarrow.parquet as pq
import pytest

from aicost.accounts.models import AuditEvent
from aicost.files.datasets import DATASETS
from aicost.files.destinations import add
from aicost.files.export import export
from aicost.files.models import Destination, FilesRun
from aicost.jobs.models import Job
from aicost.jobs.queue import tick
from aicost.jobs.work import drain
from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.models import CostDay
from attribution.reports import run
from attribution.reports.focus_columns import ALLOCATION, FOCUS, OWN
from attribution.reports.spec import Asker, Spec
from ingest.connect import BadSettings
from ingest.models import Source
from tests.attribution import world
from tests.attribution.ledger import charge
from tests.files.reading import ask, manifest, sums
from tests.ingest.aws import s3

pytestmark = pytest.mark.django_db(transaction=True)

ALL = [one.name for one in DATASETS]
SUMMER = Period(date(2026, 8, 1), date(2026, 10, 1))
D = Decimal


@pytest.fixture
def built(home):
    world.build()


def destination(home: Path, datasets=ALL, **more) -> Destination:
    return add("lake", str(home / "exports" / "lake"), {}, datasets, **more)


def root(home: Path) -> Path:
    return home / "exports" / "lake"


def files(home: Path) -> dict[str, int]:
    """Every file below the destination, and when it was written."""
    found = (path for path in root(home).rglob("*") if path.is_file())
    return {path.relative_to(root(home)).as_posix(): path.stat().st_mtime_ns for path in found}


def cost(period: Period = SUMMER, **more) -> list[dict]:
    return run(Spec("cost", period, Asker("admin"), **more)).rows


def test_it_writes_what_the_report_says_to_the_last_digit(built, home):
    charge("0.000000000000000001", tags={"team": "a"}, service_name="Dust")
    charge("7", "6", billing_currency="EUR", tags={"team": "b"}, service_name="Bucket")
    attribute()

    done = export(destination(home))

    assert (done.state, done.message, done.days_written) == ("done", "", 6)
    days = manifest(root(home))
    assert list(days) == ["2026-08-02", "2026-09-01"]
    for basis, column in (("effective", "effective_cost"), ("billed", "billed_cost")):
        told = {row["currency"]: row["cost"] for row in cost(basis=basis)}
        assert sums(days, column) == told
        read = ask(root(home), "cost", f"currency, sum({column})", "group by 1")
        assert dict(read) == told
        focus = ask(root(home), "focus", f"BillingCurrency, sum({column.title().replace('_', '')})",
                    "group by 1")  # fmt: skip
        assert dict(focus) == told
    assert sums(days, "effective_cost") == {"USD": D("108.000000000000000001"), "EUR": D(6)}
    for name in ("team", "model", "feature", "workload", "kind", "service", "activity", "layer"):
        told = {(row[name], row["currency"]): D(0) for row in cost(group_by=(name,))}
        for row in cost(group_by=(name,)):
            told[row[name], row["currency"]] += row["cost"]
        read = ask(root(home), "cost", f"{name}, currency, sum(effective_cost)", "group by 1, 2")
        assert {(one, currency): amount for one, currency, amount in read} == told, name


def test_its_focus_file_has_the_columns_of_focus_and_reads_without_us(built, home):
    export(destination(home, ["focus"]))
    [path] = (root(home) / "dataset=focus" / "usage_date=2026-09-01").glob("part-*.parquet")
    table = pq.read_table(path, partitioning=None)
    assert table.column_names == [*FOCUS, *ALLOCATION, *OWN]
    assert sum(table["EffectiveCost"].to_pylist()) == D(100)
    parts = [row for row in table.to_pylist() if row["AllocatedMethodId"]]
    assert parts and all(json.loads(row["AllocatedMethodDetails"]) for row in parts)


def test_its_unit_cost_file_says_what_report_unit_cost_says(built, home):
    export(destination(home, ["unit_cost"]))
    [(calls, money)] = ask(root(home), "unit_cost", "sum(requests), sum(marginal_cost)")
    [row] = run(Spec("unit_cost", SUMMER, Asker("admin"))).rows
    assert (calls, money) == (row["requests"], row["marginal_cost"])


def test_a_restatement_writes_its_day_again_and_no_other(built, home):
    to = destination(home)
    export(to)
    before = files(home)
    assert export(to).days_written == 0
    assert files(home) == before, "nothing changed, so nothing is written"

    charge("1", tags={"team": "b"}, service_name="Bucket")
    waiting = export(to)
    assert (waiting.days_written, waiting.days_waiting) == (0, 0), "ingest said, no day knows yet"
    attribute()
    again = export(to)

    after = files(home)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert again.days_written == 2, "storage makes no inference dearer"
    assert {name.rpartition("/")[0] for name in changed} == {
        "dataset=cost", "dataset=cost/usage_date=2026-09-01",
        "dataset=focus", "dataset=focus/usage_date=2026-09-01", "dataset=unit_cost",
    }  # fmt: skip
    assert len(after) == len(before)
    assert sums(manifest(root(home)), "effective_cost") == {"USD": D(109)}
    assert ask(root(home), "cost", "sum(effective_cost)") == [(D(109),)], "no file is read twice"


def test_a_day_that_is_about_to_be_made_anew_waits_for_it(built, home):
    from attribution.dirty import absorb_changes

    to = destination(home, ["cost"])
    export(to)
    charge("1", tags={"team": "b"}, service_name="Bucket")
    absorb_changes()
    done = export(to)
    assert (done.state, done.days_written, done.days_waiting) == ("done", 0, 1)
    assert sums(manifest(root(home)), "effective_cost") == {"USD": D(108)}


def test_a_day_that_became_final_is_said_to_be_so(built, home):
    to = destination(home, ["cost"])
    Source.objects.filter(name="aws").update(final_after_days=30_000)
    export(to)
    assert {day["final"] for day in manifest(root(home)).values()} == {False}
    Source.objects.filter(name="aws").update(final_after_days=0)
    before = files(home)
    assert export(to).days_written == 0
    assert {day["final"] for day in manifest(root(home)).values()} == {True}
    assert [name for name in before if before[name] != files(home)[name]] == [
        "dataset=cost/_manifest.json"
    ]


def test_a_day_that_is_gone_from_the_ledger_is_gone_from_the_files(built, home):
    to = destination(home)
    export(to)
    CostDay.objects.filter(day=world.BEFORE).delete()
    Source.objects.get(name="aws").daystate_set.filter(day=world.BEFORE).delete()
    export(to)
    assert list(manifest(root(home))) == ["2026-09-01"]
    assert ask(root(home), "cost", "count(distinct usage_date)") == [(1,)]


def test_it_writes_no_day_whose_sum_is_not_the_report_s(built, home, monkeypatch):
    to = destination(home, ["cost"])
    monkeypatch.setattr("aicost.files.export.streamed", lambda spec: iter([]))
    done = export(to)
    assert done.state == FilesRun.FAILED
    assert "adds up to 0 USD, report cost says 8" in done.message and "audit" in done.cure
    assert manifest(root(home)) == {}


def test_it_writes_to_a_bucket_and_readers_go_by_the_manifest(built, home):
    with s3() as bucket:
        keys = {k: v for k, v in bucket.config().items() if k != "bucket"}
        to = add("s3", "s3://bills/lake", keys, ["cost"])
        assert "testing" not in json.dumps(to.settings), "secrets are kept apart"
        assert export(to).state == "done"
        first = in_bucket(bucket)
        charge("1", tags={"team": "b"}, service_name="Bucket")
        attribute()
        assert export(to).days_written == 1
        second = in_bucket(bucket)
        bucket.put("lake/dataset=cost/usage_date=2026-09-01/part-0123.parquet", b"left by a kill")
        assert export(to).days_written == 0
        assert in_bucket(bucket).keys() == second.keys(), "and is swept away"

    assert len(first) == len(second) == 3
    changed = [name for name in second if first.get(name) != second[name]]
    assert [name.rpartition("/")[0] for name in changed] == [
        "lake/dataset=cost", "lake/dataset=cost/usage_date=2026-09-01",
    ]  # fmt: skip
    told = json.loads(second["lake/dataset=cost/_manifest.json"])
    total = D(0)
    for day in told["days"]:
        table = pq.read_table(io.BytesIO(second[f"lake/{day['path']}"]))
        total += sum(table["effective_cost"].to_pylist())
    assert total == D(109)


def in_bucket(bucket) -> dict[str, bytes]:
    listed = bucket.client.list_objects_v2(Bucket="bills").get("Contents", ())
    return {
        one["Key"]: bucket.client.get_object(Bucket="bills", Key=one["Key"])["Body"].read()
        for one in sorted(listed, key=lambda one: one["Key"])
    }


def test_it_says_in_words_what_is_missing(built, home):
    with pytest.raises(BadSettings, match="is not below a folder that may be written"):
        add("etc", "/etc/aicost", {}, ["cost"])
    with pytest.raises(BadSettings, match="there are: cost, focus, unit_cost"):
        add("lake", str(home / "exports"), {}, ["costs"])
    with s3() as bucket:
        keys = {k: v for k, v in bucket.config().items() if k != "bucket"}
        done = export(add("s3", "s3://nowhere", keys, ["cost"]))
    assert (done.state, done.cure) == ("failed", "Check the name of the bucket")
    (home / "exports").mkdir()
    (home / "exports" / "lake").write_text("a file in the way")
    done = export(destination(home))
    assert done.state == "failed" and "cannot" in done.message and done.cure


def test_a_manifest_that_is_not_ours_is_not_overwritten(built, home):
    to = destination(home, ["cost"])
    theirs = root(home) / "dataset=cost" / "_manifest.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_text('{"format": "delta"}')
    done = export(to)
    assert done.state == "failed" and "no manifest of ours" in done.message
    assert theirs.read_text() == '{"format": "delta"}'


def test_it_is_configured_run_and_forgotten_by_command(built, home, capsys):
    where = str(root(home))
    call_command("export", "add", "lake", where, "--datasets", "cost", "--from", "2026-09-01")
    call_command("export", "run", "lake")
    call_command("export", "list")
    call_command("export", "pause", "lake")
    tick_and_work()
    call_command("export", "resume", "lake")
    call_command("export", "remove", "lake")
    said = capsys.readouterr().out
    assert "can be written, read and cleared" in said
    assert "done: 1 days written" in said
    assert list(manifest(root(home))) == ["2026-09-01"], "no day before --from"
    assert AuditEvent.objects.filter(action__startswith="files_").count() == 4
    assert not Destination.objects.exists() and files(home), "its files stay"
    with pytest.raises(CommandError, match="no destination 'lake'; there are: none"):
        call_command("export", "run", "lake")
    with pytest.raises(CommandError, match="others can read the command line"):
        call_command("export", "add", "s3", "s3://bills", "secret_access_key=abc")


def test_the_beat_writes_them_once_an_hour(built, home):
    destination(home, ["cost"])
    tick_and_work()
    assert sums(manifest(root(home)), "effective_cost") == {"USD": D(108)}
    assert FilesRun.objects.get().state == FilesRun.DONE
    tick_and_work()
    assert FilesRun.objects.count() == 1


def tick_and_work() -> None:
    Job.objects.exclude(kind__startswith="files.").delete()
    tick()
    Job.objects.exclude(kind__startswith="files.").delete()
    with only_files():
        drain("test")


@contextmanager
def only_files():
    yield
    failed = Job.objects.filter(kind__startswith="files.").exclude(state=Job.DONE)
    assert list(failed.values("kind", "error")) == []
