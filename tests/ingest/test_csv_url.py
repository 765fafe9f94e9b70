"""Files at web addresses: fetched when they changed, credentials kept at home."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ingest import connect
from ingest.models import Delivery, Revenue, Source
from ingest.readers import save_mapping
from ingest.run_source import run_source
from tests.served import serving

pytestmark = pytest.mark.django_db
HEAD = b"day,revenue,currency\n"
ONE, TWO = HEAD + b"2026-09-01,10,EUR\n", HEAD + b"2026-09-01,11,EUR\n2026-09-02,12,EUR\n"


class Site(BaseHTTPRequestHandler):
    """Files with ETags; /plain without, /private for a token, /away to another host's address,
    /cut ends early."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        site = self.server
        self.path = self.path.partition("?")[0]
        site.asked.append((self.path, dict(self.headers)))
        if self.path == "/private.csv" and self.headers["Authorization"] != "Bearer s3cret":
            self._answer(401, b"who?")
        elif self.path == "/away.csv":
            self._answer(302, b"", Location=f"http://localhost:{site.server_port}/moved.csv")
        elif self.path == "/round.csv":
            self._answer(302, b"", Location="/round.csv")
        elif self.path == "/cut.csv":
            self._answer(200, ONE[:30], length=len(ONE))
            self.close_connection = True
        elif self.path not in ("/no.csv",):
            body = site.bodies.get(self.path, site.body)
            etag = {} if self.path == "/plain.csv" else {"ETag": f'"{hash(body)}"'}
            if etag and self.headers["If-None-Match"] == etag["ETag"]:
                self._answer(304, b"", **etag)
            else:
                self._answer(200, body, **etag)
        else:
            self._answer(404, b"")

    def _answer(self, status: int, body: bytes, length: int | None = None, **headers: str):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.asked, server.body, server.bodies = [], ONE, {}
    with serving(server) as server.url:
        yield server


def source(site, *paths: str, **more) -> Source:
    return connect.configure("figures", "csv_url", {"urls": [site.url + p for p in paths], **more})


def amounts() -> list[int]:
    return sorted(int(row.amount) for row in Revenue.objects.all())


@pytest.mark.parametrize("path", ["/revenue.csv", "/plain.csv"])
def test_it_takes_a_file_again_only_when_it_changed(site, home, path):
    figures = source(site, path)
    assert run_source(figures).published == 1 and amounts() == [10]
    again = run_source(figures)
    assert (again.state, again.published, again.unchanged) == ("done", 0, 0)
    site.body = TWO
    assert run_source(figures).published == 1
    assert amounts() == [11, 12]
    assert Delivery.objects.filter(state="superseded").count() == 1


def test_it_sends_its_token_to_the_address_and_nowhere_else(site, home):
    figures = source(site, "/private.csv", "/away.csv", token="s3cret")
    assert run_source(figures).state == "done" and amounts() == [10, 10]
    sent = {path: headers.get("Authorization") for path, headers in site.asked}
    assert sent == {
        "/private.csv": "Bearer s3cret",
        "/away.csv": "Bearer s3cret",
        "/moved.csv": None,
    }


def test_it_takes_user_and_password(site, home):
    run_source(source(site, "/revenue.csv", user="ana", password="s3cret"))
    assert site.asked[0][1]["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/private.csv", "answers 401. Check the token"),
        ("/no.csv", "answers 404. Check the address"),
        ("/round.csv", "more than 5 redirects"),
        ("/cut.csv", "broke off"),
    ],
)
def test_it_says_what_went_wrong_and_keeps_nothing_half(site, home, path, told):
    run = run_source(source(site, path + "?sig=s3cret"))
    assert run.state == "failed" and told in f"{run.message}. {run.cure}"
    assert "s3cret" not in run.message and amounts() == []
    assert not list((home / "fetch").rglob("*.csv"))


def test_it_keeps_what_stands_when_the_next_address_fails(site, home):
    figures = source(site, "/revenue.csv", "/no.csv")
    assert run_source(figures).state == "failed" and amounts() == [10]
    assert list(Source.objects.get(pk=figures.pk).state["files"]) == [f"{site.url}/revenue.csv"]


def test_it_asks_for_the_address_as_it_is_written(site, home):
    run = run_source(source(site, "/files/"))
    assert (run.state, site.asked[0][0]) == ("done", "/files/"), "without its slash it is another"


def test_it_asks_again_for_a_file_that_was_held_though_another_came(site, home):
    site.bodies["/bad.csv"] = b"nobody,knows,this\n1,2,3\n"
    figures = source(site, "/bad.csv", "/revenue.csv")
    first = run_source(figures)
    assert (first.state, first.held, first.published) == ("held", 1, 1)
    again = run_source(figures)
    assert (again.state, again.held, again.sets) == ("held", 1, 1)
    site.bodies["/bad.csv"] = TWO
    assert run_source(figures).state == "done" and amounts() == [10, 11, 12]


def test_it_tells_a_login_page_from_a_file(site, home):
    [check] = connect.check_source(source(site, "/revenue.csv"))
    assert check.ok and str(len(ONE)) in check.what
    site.body = b"<!doctype html><title>Sign in</title>"
    [check] = connect.check_source(Source.objects.get())
    assert not check.ok and "the file itself" in check.cure
    run_source(Source.objects.get())
    assert Delivery.objects.get().state == "held" if Delivery.objects.exists() else True
    assert amounts() == []


def test_it_reads_a_file_of_any_shape_by_the_mapping_of_the_source(site, home):
    figures = source(site, "/report.csv")
    told = {
        "target": "revenue", "columns": {"day": "Tag", "revenue": "Umsatz"},
        "constants": {"currency": "EUR"}, "decimal": ",", "date": "day_first",
    }  # fmt: skip
    save_mapping(figures, told)
    site.body = b"Tag;Umsatz\n01.09.2026;1.234,00\n"
    run = run_source(figures)
    assert (run.state, run.message) == ("done", "") and amounts() == [1234]
