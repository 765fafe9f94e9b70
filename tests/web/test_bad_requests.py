"""Nonsense in addresses, forms and methods: an answer that says why, never a server error."""

import logging

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
import pytest

from aicost.accounts.models import AuditEvent
from aicost.jobs.models import Job
from aicost.web.pages.registry import PAGES
from ingest import inbox
from tests.web.world import PASSWORD

NONSENSE = (
    "?from=2026-13-01&to=x",
    "?from=0001-01-01&to=0001-01-02",
    "?from=9999-12-30&to=9999-12-31",
    "?from=2026-09-30&to=2026-09-01",
    "?period=bogus",
    "?group=bogus",
    "?group=team,model,feature,state",
    "?team=%00",
    "?team=%ED%A0%80",
    "?team=%FF&team=" + "x" * 4_000,
    "?feature='%3Bdrop table--&feature=%3Cscript%3E",
    "?step=x&basis=x&idle=x&shared=x&chart=x&sort=x&compare=x",
    "?charge=2026-09-01:" + "9" * 30,
    "?currency=%00&line=%00",
)
ADDRESSES = (
    "/", "/explore/", "/explore.csv", "/models/", "/models/x/", "/models/%00/", "/margin/",
    "/margin.csv", "/health/", "/why/", "/filter/team/", "/filter/bogus/",
    "/statements/", "/statements.csv", "/journal.csv", "/statements/2026-09/team/%00/",
    "/finance/accounts/", "/finance/x/", "/finance/accounts.csv", "/upload/" + "9" * 30 + "/",
    *(f"/figures/{p.slug}/{panel.slug}.json" for p in PAGES.values() for panel in p.panels),
)  # fmt: skip


@pytest.fixture
def strict(people):
    """A client of a role that answers with a status where the server fails."""

    def client(who: str, **more) -> Client:
        made = Client(raise_request_exception=False, **more)
        made.force_login(people[who])
        return made

    return client


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_answers_nonsense_without_an_error(strict, costs, caplog, address):
    client = strict("finance")
    for query in ("", *NONSENSE):
        response = client.get(address + query)
        assert response.status_code < 500, (query, response.status_code)
        assert b"<script>alert" not in response.content
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("address", ["/", "/explore.csv", "/why/", "/filter/team/"])
def test_it_only_lets_a_page_be_read(strict, address):
    for method in ("post", "put", "patch", "delete"):
        assert getattr(strict("admin"), method)(address).status_code == 405


def test_it_takes_no_form_without_its_token(strict, people):
    client = strict("admin", enforce_csrf_checks=True)
    for address in ("/login/", "/logout/", "/upload/"):
        assert client.post(address, {"file": SimpleUploadedFile("a.csv", b"a")}).status_code == 403
    assert not Job.objects.exists()


def test_it_refuses_odd_names_at_the_login(db):
    client = Client(raise_request_exception=False)
    for name in ("\x00", "x" * 100_000, "' or 1=1 --", "\ufffd"):
        response = client.post("/login/", {"username": name, "password": "p" * 10_000})
        assert response.status_code == 403, name[:20]


def test_it_forgets_a_person_who_was_disabled(strict, people):
    client = strict("finance")
    assert client.get("/explore/").status_code == 200
    people["finance"].is_active = False
    people["finance"].save()
    assert client.get("/explore/").status_code == 302
    assert not client.login(username="finance", password=PASSWORD)


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("viewer", "/margin/"),
        ("viewer", "/margin.csv"),
        ("viewer", "/figures/margin/trend.json"),
        ("viewer", "/upload/"),
        ("scoped", "/health/"),
        ("scoped", "/upload/"),
        ("lone", "/margin.csv"),
        ("engineer", "/margin/"),
    ],
)
def test_it_refuses_and_writes_down_who_asked(strict, costs, who, address):
    assert strict(who).get(address).status_code == 403
    assert AuditEvent.objects.filter(action="denied").count() == 1


def test_it_takes_an_upload_of_any_name_and_no_more_than_its_size(strict, home, monkeypatch):
    client = strict("admin")
    for name in ("../../etc/passwd", "a\nb.csv", "<b>.csv", "x" * 500 + ".csv"):
        given = {"file": SimpleUploadedFile(name, b"a,b\n1,2\n"), "source": "s\x00<b>"}
        assert client.post("/upload/", given).status_code == 302, name
    for job in Job.objects.all():
        [path] = job.payload["paths"]
        assert path.startswith(str(home)) and ".." not in path
    monkeypatch.setattr(inbox, "UPLOAD_BYTES_MAX", 3)
    count = Job.objects.count()
    given = {"file": SimpleUploadedFile("big.csv", b"a,b\n1,2\n")}
    assert client.post("/upload/", given).status_code == 413
    assert Job.objects.count() == count
    assert client.post("/upload/", {"file": "no file"}).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("page", [p for p in PAGES.values() if p.needs], ids=lambda page: page.slug)
def test_a_part_of_a_page_of_one_thing_says_which_is_missing(strict, costs, caplog, page):
    """It would answer for all customers, nodes or models, as one."""
    client = strict("finance")
    for panel in page.panels:
        parts = [f"/panels/{page.slug}/{panel.slug}/"]
        parts += [f"/figures/{page.slug}/{panel.slug}.json"] if panel.figure else []
        parts += [f"/export/{page.slug}/{panel.slug}.csv"] if panel.table else []
        for address in parts:
            for query in ("", f"?{page.needs}="):
                answer = client.get(address + query)
                assert answer.status_code == 400, address
                assert f"{page.needs}= is missing" in answer.content.decode(), address
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []
