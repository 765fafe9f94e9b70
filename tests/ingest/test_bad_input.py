"""Bad files: a bill is held whole, a row is quarantined, and nothing else changes."""

import gzip
import io
import json
import os
import random

from django.core.management import CommandError, call_command
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.inbox import load_inbox
from ingest.load import load
from ingest.models import ChargeSeries, Delivery, Quarantined, Scope
from tests.ingest.bills import FOCUS_COLUMNS, focus_row, ledger, write_focus

pytestmark = pytest.mark.django_db

TIME = "2026-09-03T01:00:00Z"


@pytest.fixture
def bill(home):
    """The bytes of a FOCUS file of one row, changed by keywords."""

    def make(**changes) -> bytes:
        row = focus_row("r", "2026-09-03", "1.5", **changes)
        return write_focus(home / "made.csv", row).read_bytes()

    return make


@pytest.fixture
def arrive(home):
    def given(name: str, content: bytes):
        (home / name).write_bytes(content)
        return load([home / name])

    return given


def parquet(**columns) -> bytes:
    row = {name: [value] for name, value in focus_row("r", "2026-09-03", "1.5").items()}
    out = io.BytesIO()
    pq.write_table(pa.table(row | columns), out)
    return out.getvalue()


HELD_CELLS = (
    ("BilledCost", "NaN", "line 2: column BilledCost: 'NaN' is no amount"),
    ("BillingPeriodStart", "1900-01-01T00:00:00Z", "line 2: column BillingPeriodStart"),
    ("ChargePeriodEnd", "9999-12-31T00:00:00Z", "line 2: column ChargePeriodEnd"),
    ("ChargePeriodEnd", "2026-09-01T00:00:00Z", "a charge period ends before it starts"),
    ("BillingCurrency", "", "a row has no currency"),
    ("Tags", '{"a":' * 20_000, "line 2: tags:"),
    ("Tags", '{"a":"\\u0000"}', "line 2: tags: '\\x00' holds a character"),
    ("Tags", '{"a":"\\ud800"}', "line 2: tags:"),
    ("Tags", json.dumps({"k": "v" * 1_000_001}), "line 2: the tags"),
    ("BillingAccountId", "a" * 5_000, "line 2: the billing account id"),
)


def test_it_holds_a_bill_for_one_bad_cell_and_says_which(bill, arrive):
    for number, (column, value, told) in enumerate(HELD_CELLS):
        [result] = arrive(f"{number}.csv", bill(**{column: value}))
        assert (result.state, told in result.message) == ("held", True), (column, result)
        assert result.message.startswith(f"{number}.csv")
    assert ledger() == []
    assert not Scope.objects.exists()
    assert not ChargeSeries.objects.exists()


def test_it_keeps_unusual_but_good_money(home):
    good = ("-0", "0.0000000000000000001", "+5", "123456789.5", "9999999999999999999", "1.5E-8")
    rows = [focus_row(f"r{n}", "2026-09-03", cost) for n, cost in enumerate(good)]
    [result] = load([write_focus(home / "costs.csv", *rows)])
    assert result.state == "published", result
    huge = [focus_row("r", "2026-09-04", "9" * 20), focus_row("s", "2026-09-04", "9" * 20)]
    [result] = load([write_focus(home / "huge.csv", *huge)])
    assert (result.state, "beyond 38 digits" in result.message) == ("held", True)
    assert [row[3] for row in ledger()] == [
        "0", "0", "5", "123456789.5", "9999999999999999999", "0.000000015",
    ]  # fmt: skip


def _broken_files(good: bytes):
    columns = ",".join(FOCUS_COLUMNS).encode()
    row = good.split(b"\r\n")[1] + b"\r\n"
    noise = random.Random(1).randbytes(200_000).hex().encode()
    wide = b"," + b",".join(b"c%d" % n for n in range(6_000))
    page = bytearray(parquet())
    page[200:400] = b"\xff" * 200
    yield "empty.csv", b"", "it is empty"
    yield "zip.csv", b"PK\x03\x04 rest", "zip archive"
    yield "cut.csv.gz", gzip.compress(good + noise)[:-9], "cannot decompress"
    yield "late cut.csv.gz", gzip.compress(good + row * 90_000 + noise * 40)[:-9], "broken"
    yield "bomb.csv.gz", gzip.compress(good + b"a" * 20_000_000), "a row is longer"
    yield "quoted.csv", good + b'"' + b"a\n" * 9_000_000, "a row is longer"
    yield "renamed.csv", good.replace(b"EffectiveCost", b"Effective"), "EffectiveCost is missing"
    yield "twice.csv", good.replace(b"ListCost", b"billedcost"), "billedcost is there twice"
    yield "wide.csv", good.replace(columns, columns + wide), "line 1: the header has 6015 columns"
    yield "ragged.csv", good + b"1,2\r\n", "line 3: 2 fields where the header has 15"
    yield "cut.parquet", parquet()[:-100], "no readable Parquet"
    yield "page.parquet", bytes(page), "page.parquet: "
    yield "nan.parquet", parquet(BilledCost=[float("nan")]), "'nan' is no amount"


def test_it_holds_broken_files_and_loads_nothing_of_them(bill, arrive):
    for name, content, told in _broken_files(bill()):
        [result] = arrive(name, content)
        assert (result.state, told in result.message) == ("held", True), (name, result)
    assert ledger() == []


def test_it_reads_every_usual_charset(bill, arrive):
    text = bill(ServiceName="Café").decode()
    for name, content in (
        ("bom", b"\xef\xbb\xbf\xef\xbb\xbf" + text.encode()),
        ("latin", text.replace("acct", "b").encode("latin-1")),
        ("wide", text.replace("acct", "c").encode("utf-16")),
    ):
        [result] = arrive(f"{name}.csv", content)
        assert result.state == "published", result
    assert set(ChargeSeries.objects.values_list("service_name", flat=True)) == {"Café"}


def test_it_never_leaves_the_folder_of_a_manifest(bill, home):
    (home / "secret.csv").write_bytes(bill())
    folder = home / "set" / "20260901-20261001"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(bill())
    for keys, told in (
        (["p/20260901-20261001/../../secret.csv"], "elsewhere"),
        (["p/20260901-20261001/none.csv"], "not there"),
        (["a.csv", "a.csv"], "the same file twice"),
        ([5], "lists no files"),
        (["a\x00"], "cannot read the set"),
    ):
        (folder / "x-Manifest.json").write_text(json.dumps({"reportKeys": keys}))
        results = load([folder / "x-Manifest.json"])
        assert [r.state for r in results] == ["held"], (keys, results)
        assert told in results[0].message
    assert ledger() == []


def test_it_refuses_what_is_no_file(home):
    folder = home / "odd"
    folder.mkdir()
    [empty] = load([folder])
    os.mkfifo(home / "pipe.csv")
    os.symlink(write_focus(home / "made.csv", focus_row("r", "2026-09-03", "1")), folder / "l.csv")
    results = [empty, *load([folder])]
    results += load([home / "none.csv"]) + load([home / "pipe.csv", "/dev/zero"])
    told = ["nothing to read", "link out of", "no such file", "no regular file", "no regular file"]
    assert all(r.state == "held" for r in results)
    assert all(text in r.message for text, r in zip(told, results, strict=True)), results


def test_it_takes_any_file_name(home, bill):
    names = ["new\nline.csv", "quote'\".csv", "<b>.csv", os.fsdecode(b"\xff.csv")]
    for number, name in enumerate(names):
        (home / name).write_bytes(bill(BillingAccountId=str(number)))
    results = load([home / name for name in names])
    assert [r.state for r in results] == ["published"] * 4
    assert Delivery.objects.get(scope__billing_account_id="0").name.isprintable()


def test_it_quarantines_bad_rows_of_calls(arrive):
    lines = [
        {"id": "good", "requests": 1},
        {"id": "e", "requests": "1e400"},
        {"id": "m", "requests": -1},
        {"id": "h", "requests": 10**19},
        {"id": "g", "gpu_seconds": "9e19"},
        {"id": "l", "latency_histogram": "[" * 5_000},
        {"id": "\ud800", "requests": 1},
        {"id": "z\x00", "requests": 1},
        {"id": "old", "requests": 1, "time": "1900-01-01"},
        {"id": "new", "requests": 1, "time": "2999-01-01"},
        {"id": "odd", "requests": 1, "colour": "red"},
    ]
    text = "\n".join(json.dumps({"time": TIME, **line}) for line in lines)
    deep = f'{{"time":"{TIME}","id":{"[" * 100_000}}}'
    [result] = arrive("calls.jsonl", f"{text}\nno json\n[]\n{deep}\n".encode())
    counts = (result.rows_read, result.rows_loaded, result.rows_quarantined)
    assert (result.state, *counts) == ("published", 14, 1, 13)
    assert Quarantined.objects.count() == 13


def test_it_holds_calls_whose_sum_no_column_can_hold(arrive):
    rows = "".join(f"{TIME},i{n},m,1000000000000000\n" for n in range(10_000))
    [result] = arrive("calls.csv", f"time,id,model,input_tokens\n{rows}".encode())
    assert (result.state, "cannot keep a value or a sum" in result.message) == ("held", True)


def test_it_quarantines_bad_business_rows(arrive):
    day = "2026-09-03"
    rows = [f"{day},{told}" for told in ("10,USD", "1e400,USD", "NaN,USD", "1,US$")]
    rows += [f"{day},{'1' * 60},USD", "2999-01-01,1,USD", "2026-02-30,1,USD"]
    [result] = arrive("revenue.csv", ("day,revenue,currency\n" + "\n".join(rows)).encode())
    assert (result.rows_loaded, result.rows_quarantined) == (1, 6)


def test_one_bad_file_does_not_block_the_inbox(home, bill):
    inbox = home / "inbox"
    inbox.mkdir()
    (inbox / "a.csv").write_bytes(gzip.compress(bill())[:-9])
    (inbox / "b.csv").write_bytes(bill())
    (inbox / "nowhere.csv").symlink_to(home / "none")
    states = {r.name: r.state for r in load_inbox(stable_seconds=-1)}
    assert states == {"a.csv": "held", "b.csv": "published"}


def test_a_report_says_what_is_wrong_with_its_question(tmp_path):
    month = ("--from", "2026-09-01", "--to", "2026-10-01")
    for arguments, told in (
        (("cost", "--from", "2026-13-01", "--to", "2026-10-01"), "2026-13-01"),
        (("cost", "--from", "2026-10-01", "--to", "2026-09-01"), "reversed"),
        (("cost", "--from", "0001-01-01", "--to", "0001-02-01"), "not in the years"),
        (("cost", *month, "--group-by", "bogus"), "bogus"),
        (("cost", *month, "--filter", "team"), "dimension=value"),
        (("margin", *month, "--role", "viewer"), "viewer"),
        (("cost", *month, "--output", str(tmp_path / "none" / "x")), "cannot write"),
    ):
        with pytest.raises(CommandError, match=told):
            call_command("report", *arguments)
