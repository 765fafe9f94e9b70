"""Azure's exports from Blob Storage and from a folder: the newest complete run of each month."""

from datetime import UTC, date, datetime, timedelta
import gzip
import json

import pytest

from ingest.connect import check_source, configure
from ingest.fetch import azure_store as store_of_azure
from ingest.load import load
from ingest.models import Quarantined, Source, SourceRun, StorageAge
from ingest.run_source import run_source
from tests.ingest.aws import s3
from tests.ingest.azure_store import ACCOUNT, CONTAINER, KEY, azure_store
from tests.ingest.bills import ledger
from tests.ingest.test_bill_goldens import FOLDER

pytestmark = pytest.mark.django_db

HEADER = (
    "SubscriptionId,Date,MeterCategory,MeterName,Quantity,Cost,BillingCurrency,ResourceId,"
    "BillingAccountId,UnitOfMeasure,ChargeType,PricingModel\n"
)
SEPTEMBER = "exports/daily/20260901-20260930"
RUNS = ("202609100702/aaaaaaaa-0000-0000-0000-000000000001",
        "202609110702/aaaaaaaa-0000-0000-0000-000000000002")  # fmt: skip


def rows(*told: tuple[str, str, str]) -> bytes:
    lines = (
        f"s1,{day},Storage,Hot,1,{cost},USD,{name},e1,1,Usage,OnDemand" for name, day, cost in told
    )
    return (HEADER + "\n".join(lines) + "\n").encode()


def manifest(folder: str, **parts: bytes) -> bytes:
    blobs = [
        {
            "blobName": f"{folder}/{name}.csv",
            "byteCount": len(body),
            "dataRowCount": body.count(b"\n") - 1,
        }
        for name, body in parts.items()
    ]
    told = {"manifestVersion": "2024-04-01", "blobCount": len(blobs), "blobs": blobs,
            "exportConfig": {"exportName": "daily", "type": "ActualCost"},
            "runInfo": {"submittedTime": folder, "runId": folder[-36:]}}  # fmt: skip
    return json.dumps(told).encode()


def run_files(folder: str, **parts: bytes) -> dict[str, bytes]:
    files = {f"{folder}/{name}.csv": body for name, body in parts.items()}
    return files | {f"{folder}/manifest.json": manifest(folder, **parts)}


TENTH = run_files(f"{SEPTEMBER}/{RUNS[0]}", part_0=rows(("a", "2026-09-01", "1")))
ELEVENTH = run_files(
    f"{SEPTEMBER}/{RUNS[1]}",
    part_0=rows(("a", "2026-09-01", "1"), ("b", "2026-09-02", "2.5")),
    part_1=rows(("c", "2026-09-03", "0.25")),
)


@pytest.fixture
def store():
    with azure_store() as running:
        yield running


def put(store, files: dict[str, bytes], day: int) -> None:
    for name, content in files.items():
        store.put(name, content, datetime(2026, 9, day, 7, tzinfo=UTC))


def source(store, **more) -> Source:
    values = {"account": ACCOUNT, "container": CONTAINER, "directory": "exports/daily",
              "account_key": KEY, "endpoint": store.url, **more}  # fmt: skip
    return configure("azure", "azure_blob", values)


def test_it_loads_the_newest_complete_run_and_only_that(store, home):
    put(store, TENTH, 10)
    put(store, ELEVENTH, 11)
    azure = source(store)

    run = run_source(azure)

    assert (run.state, run.published, run.rows) == (SourceRun.DONE, 1, 3), run.message
    assert [row[1:] for row in ledger()] == [
        ("a", "2026-09-01", "1"),
        ("b", "2026-09-02", "2.5"),
        ("c", "2026-09-03", "0.25"),
    ]
    asked = len(store.asked)
    again = run_source(Source.objects.get(pk=azure.pk))
    assert (again.state, again.sets) == (SourceRun.DONE, 0)
    assert not any(".csv" in one for one in store.asked[asked:])


def test_it_waits_for_the_manifest_of_a_run(store, home):
    put(store, TENTH, 10)
    put(store, {n: c for n, c in ELEVENTH.items() if not n.endswith("manifest.json")}, 11)
    azure = source(store)

    run_source(azure)
    assert [row[1] for row in ledger()] == ["a"]

    put(store, ELEVENTH, 11)
    run_source(Source.objects.get(pk=azure.pk))
    assert [row[1] for row in ledger()] == ["a", "b", "c"]


def test_it_passes_by_a_run_without_data_and_names_a_broken_manifest(store, home):
    put(store, TENTH, 10)
    empty = f"{SEPTEMBER}/202609120702/aaaaaaaa-0000-0000-0000-000000000003/manifest.json"
    store.put(empty, b'{"blobCount": 0, "blobs": []}', datetime(2026, 9, 12, tzinfo=UTC))
    azure = source(store)
    assert run_source(azure).state == SourceRun.DONE
    assert [row[1] for row in ledger()] == ["a"]

    store.put(empty, b'{"blobCount": 1, "blo', datetime(2026, 9, 12, tzinfo=UTC))
    broken = run_source(Source.objects.get(pk=azure.pk))

    assert broken.state == SourceRun.FAILED
    assert "202609120702/aaaaaaaa-0000-0000-0000-000000000003/manifest.json" in broken.message


def test_it_takes_up_a_download_where_it_broke_off(store, home, monkeypatch):
    monkeypatch.setattr(store_of_azure, "_BLOCK_BYTES", 100)
    put(store, ELEVENTH, 11)
    part = f"{SEPTEMBER}/{RUNS[1]}/part_0.csv"
    store.cut[part] = 150
    azure = source(store)

    broken = run_source(azure)
    assert broken.state == SourceRun.FAILED
    assert "Storage Blob Data Reader" in broken.cure
    assert ledger() == []

    asked = len(store.asked)
    run_source(Source.objects.get(pk=azure.pk))
    assert [row[1] for row in ledger()] == ["a", "b", "c"]
    first = next(one for one in store.asked[asked:] if "part_0.csv" in one and "GET" in one)
    assert "bytes=100-" in first


def test_it_holds_a_run_that_is_shorter_than_its_manifest_says(store, home):
    folder = f"{SEPTEMBER}/{RUNS[0]}"
    short = {
        **TENTH,
        f"{folder}/part_0.csv": rows(("a", "2026-09-01", "1"), ("x", "2026-09-01", "9")),
    }
    put(store, short, 10)

    run = run_source(source(store))

    assert run.state == SourceRun.HELD
    assert "the manifest promises 1 rows, the files hold 2" in run.message
    assert ledger() == []


def test_it_says_in_words_what_is_missing(store, home):
    put(store, TENTH, 10)
    azure = source(store)

    assert [check.ok for check in check_source(azure)] == [True, True, True]
    azure = configure("azure", "azure_blob", {**azure.settings, "sas": "sig=bad"}, source=azure)
    [check] = check_source(azure)
    assert not check.ok
    assert "AuthenticationFailed" in check.what
    assert "Storage Blob Data Reader" in check.cure
    assert "bad" not in check.what + check.cure

    missing = {**azure.settings, "sas": "sig=good", "container": "other"}
    [check] = check_source(configure("azure", "azure_blob", missing, source=azure))
    assert (check.ok, check.cure) == (False, "Check account, container and directory")


def test_it_refuses_to_mix_two_exports(store, home):
    put(store, TENTH, 10)
    put(store, {n.replace("/daily/", "/other/"): c for n, c in TENTH.items()}, 10)

    run = run_source(source(store, directory="exports"))

    assert run.state == SourceRun.FAILED
    assert "several exports lie below" in run.message


def test_it_reads_a_blob_inventory_by_the_day_of_its_folder(store, home):
    inventory = FOLDER / "azure_inventory" / "report" / "input.2026-09-30.csv"
    name = "inventory/2026/09/30/01-00-00/weekly/weekly.csv"
    store.put(name, inventory.read_bytes(), datetime(2026, 9, 30, tzinfo=UTC))
    store.put(name.replace(".csv", "-manifest.json"), b"{}", datetime(2026, 9, 30, tzinfo=UTC))

    run = run_source(source(store, directory="inventory", what="files"))

    assert (run.state, run.rows) == ("done", 3), run.message
    found = StorageAge.objects.get(bucket="models", version="current", prefix="llm/v1/")
    assert (found.day, found.bytes) == (date(2026, 9, 30), 80_000_000_000)
    assert (found.age_days_min, found.idle_days_min) == (365, 180)
    [quarantined] = Quarantined.objects.all()
    assert (quarantined.line, quarantined.file.name) == (6, name.removeprefix("inventory/"))


def in_folder(root, files: dict[str, bytes], pack=lambda body: body) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def test_it_reads_the_same_export_from_a_mounted_folder(home, tmp_path, monkeypatch):
    share = tmp_path / "share"
    in_folder(share, {**TENTH, **ELEVENTH})
    monkeypatch.setenv("AICOST_FOLDER_ROOTS", str(share))
    folder = configure("mounted", "folder", {"path": str(share / "exports" / "daily")})

    run = run_source(folder)

    assert (run.state, run.rows) == (SourceRun.DONE, 3), run.message
    assert [row[1] for row in ledger()] == ["a", "b", "c"]
    assert (share / SEPTEMBER / RUNS[1] / "part_0.csv").exists()


def test_it_reads_the_same_export_from_s3_compatible_storage(home):
    with s3() as bucket:
        for name, content in {**TENTH, **ELEVENTH}.items():
            bucket.put(name, content)
        azure = configure("mirrored", "aws_s3", bucket.config(prefix="exports"))

        run = run_source(azure)

    assert (run.state, run.rows) == (SourceRun.DONE, 3), run.message
    assert [row[1] for row in ledger()] == ["a", "b", "c"]


def test_it_reads_no_folder_that_is_not_allowed(home, tmp_path, monkeypatch):
    share = tmp_path / "share"
    share.mkdir()
    (share / "out").symlink_to(tmp_path)
    monkeypatch.setenv("AICOST_FOLDER_ROOTS", str(share))

    for path in ("/etc", str(share / ".."), str(share / "out"), "share"):
        [check] = check_source(configure(f"f {path}", "folder", {"path": path}))
        assert not check.ok
        assert "is not below a folder that may be read" in check.what
        assert "AICOST_FOLDER_ROOTS" in check.cure


def test_the_command_takes_the_newest_run_of_a_folder_too(home, tmp_path):
    in_folder(tmp_path / "e", {**ELEVENTH, **TENTH})

    [result] = load([tmp_path / "e"], "azure")

    assert (result.state, result.rows_loaded) == ("published", 3)


def test_it_counts_no_month_twice_where_runs_have_no_manifest(home, tmp_path):
    """Older exports write one file a day, each the whole month to date."""
    for name, day in (
        ("aaaaaaaa-0000-0000-0000-000000000001", 10),
        ("bbbbbbbb-0000-0000-0000-000000000002", 11),
    ):
        file = tmp_path / "e" / SEPTEMBER / f"daily_{name}.csv.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(rows(("a", f"2026-09-{day}", "1"))))

    [held] = load([tmp_path / "e"], "azure")

    assert held.state == "held"
    assert "2 runs of one month and no manifest" in held.message
    assert ledger() == []


def test_it_fetches_the_newest_run_where_runs_have_no_manifest(store, home):
    for day, cost in ((10, "1"), (11, "3")):
        name = f"{SEPTEMBER}/daily_aaaaaaaa-0000-0000-0000-0000000000{day}.csv"
        store.put(name, rows(("a", "2026-09-01", cost)), datetime(2026, 9, day, tzinfo=UTC))
    still = f"{SEPTEMBER}/daily_aaaaaaaa-0000-0000-0000-000000000099.csv"
    store.put(still, HEADER.encode(), datetime.now(UTC) - timedelta(minutes=1))

    run_source(source(store))

    assert [row[1:] for row in ledger()] == [("a", "2026-09-01", "3")]
