"""Exchange rates: a month of the ECB's history becomes one frozen rate; none is ever guessed."""

from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
import io
import zipfile

import pytest

from ingest.connect import check_source, configure
from ingest.fx import MissingRate, rate
from ingest.load import load
from ingest.models import FxRate, Source
from ingest.run_source import run_source
from tests.ingest.test_bill_goldens import FOLDER
from tests.served import serving

pytestmark = pytest.mark.django_db

HISTORY = FOLDER / "ecb_rates" / "month" / "input.csv"
SEPTEMBER = date(2026, 9, 1)


@pytest.fixture
def rates(home):
    [result] = load([HISTORY], "rates")
    assert result.state == "published"


def test_it_keeps_the_mean_of_each_complete_month(rates):
    found = {(f"{r.month:%Y-%m}", r.to_currency): r.rate for r in FxRate.objects.all()}
    assert found == {
        ("2026-08", "USD"): Decimal("1.05"),
        ("2026-08", "JPY"): Decimal("150"),
        ("2026-08", "HRK"): Decimal("7.4"),
        ("2026-08", "GBP"): Decimal("0.85"),
        ("2026-09", "USD"): Decimal("1.11"),
        ("2026-09", "JPY"): Decimal("158.966666666666666667"),
        ("2026-09", "HRK"): Decimal("7.5"),
        ("2026-09", "GBP"): Decimal("0.87"),
    }


def test_it_derives_inverse_and_cross_rates(rates):
    assert rate(SEPTEMBER, "EUR", "USD") == Decimal("1.11")
    assert rate(date(2026, 9, 30), "USD", "EUR") == Decimal("0.900900900900900901")
    assert rate(SEPTEMBER, "USD", "GBP") == Decimal("0.783783783783783784")
    assert rate(SEPTEMBER, "USD", "USD") == 1


def test_it_never_takes_a_missing_rate_as_one(rates):
    for pair in (("EUR", "CHF"), ("CHF", "EUR"), ("USD", "CHF")):
        with pytest.raises(MissingRate, match=f"no rate {pair[0]} to {pair[1]} for 2026-09"):
            rate(SEPTEMBER, *pair)
    with pytest.raises(MissingRate, match="no rate EUR to USD for 2026-10. Load the ECB"):
        rate(date(2026, 10, 1), "EUR", "USD")


def test_it_keeps_a_frozen_rate_until_told_otherwise(rates, tmp_path):
    newer = tmp_path / "eurofxref-hist.csv"
    told = HISTORY.read_text().replace("2026-09-30,1.10", "2026-09-30,1.13")
    newer.write_text(told.replace("Date,USD", "Date,USD").replace("2026-10-01", "2026-11-02"))

    [again] = load([newer], "rates")
    assert rate(SEPTEMBER, "EUR", "USD") == Decimal("1.11")
    assert "1 monthly rates differ" in again.message
    assert "first USD of 2026-09" in again.message

    load([newer], "rates", replace=True)
    assert rate(SEPTEMBER, "EUR", "USD") == Decimal("1.12")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("2026-09-29,1.11", "2026-09-29,1,11", "line 4: 7 fields where the header has 6"),
        ("2026-09-29,1.11", "2026-09-29,0", "line 4: '0' is no rate of USD"),
        ("2026-09-29,1.11", "29 Sep 2026,1.11", "line 4: '29 Sep 2026' is no date"),
        ("2026-09-29,", "2026-09-30,", "line 4: 2026-09-30 is there twice"),
    ],
)
def test_it_refuses_a_history_it_cannot_read_whole(home, tmp_path, old, new, told):
    file = tmp_path / "eurofxref-hist.csv"
    file.write_text(HISTORY.read_text().replace(old, new))

    [held] = load([file], "rates")

    assert held.state == "held"
    assert told in held.message
    assert not FxRate.objects.exists()


def test_it_refuses_the_archive_and_says_what_to_do(home, tmp_path):
    file = tmp_path / "eurofxref-hist.zip"
    file.write_bytes(archive(HISTORY.read_bytes()))

    [held] = load([file], "rates")

    assert "it is a zip archive: unpack it" in held.message


def archive(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("eurofxref-hist.csv", content)
    return packed.getvalue()


@contextmanager
def bank(content: bytes):
    """A server that answers every address with these bytes."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *told):
            """Quiet."""

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    with serving(server) as url:
        yield f"{url}/eurofxref-hist"


@pytest.mark.parametrize("packed", [False, True])
def test_it_fetches_the_history_packed_or_plain(home, packed):
    content = HISTORY.read_bytes()
    with bank(archive(content) if packed else content) as url:
        source = configure("bank", "ecb_rates", {"url": url})
        [check] = check_source(source)
        assert check.ok

        run = run_source(source)
        again = run_source(Source.objects.get(pk=source.pk))

    assert (run.state, run.rows) == ("done", 8), run.message
    assert (again.state, again.sets) == ("done", 0)
    assert rate(SEPTEMBER, "EUR", "USD") == Decimal("1.11")
