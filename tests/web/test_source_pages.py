"""Connecting a source and mapping a file, as somebody does it in the browser."""

import re

from django.core.files.uploadedfile import SimpleUploadedFile
import pytest

from aicost.accounts.models import ApiToken, AuditEvent
from aicost.accounts.tokens import NotInScope, NotKnown, caller_of
from aicost.jobs.models import Job
from aicost.jobs.work import run_all
from ingest.fetch import connectors
from ingest.fetch.base import SECRET, Check, Connector, Field
from ingest.models import Source, Usage
from ingest.sealed import unseal


@pytest.fixture
def shop(monkeypatch):
    """A connector that takes any key but "wrong"."""

    def test(config):
        yield Check(True, f"{config['url']} answers")
        right = config["key"] != "wrong"
        yield Check(right, "the key may read reports", "Make a key with the role Reports Reader")

    made = Connector(
        "shop",
        "Shop",
        "Sells bills",
        "bill",
        (Field("url", "Address"), Field("key", "Key", SECRET)),
        test,
        lambda config, state, folder: iter(()),
    )
    # The page first: imported under the other patch, it would keep it for good.
    monkeypatch.setattr("aicost.web.pages.sources.CONNECTORS", (made,))
    monkeypatch.setattr(connectors, "CONNECTORS", (made,))


GIVEN = {
    "name": "our shop",
    "url": "https://shop.example",
    "key": "s3cret-key",
    "every_minutes": 60,
}


def test_it_connects_a_source_and_never_shows_the_key_again(client, people, shop):
    client.force_login(people["finops"])
    assert b"Sells bills" in client.get("/sources/add/").content
    assert client.get("/sources/add/shop/").status_code == 200
    made = client.post("/sources/add/shop/", GIVEN)
    source = Source.objects.get()
    assert made.headers["Location"] == f"/sources/{source.pk}/?tested=1"
    assert unseal(source.sealed) == {"key": "s3cret-key"}
    pages = [
        client.get(address).content.decode()
        for address in ("/sources/", f"/sources/{source.pk}/", f"/sources/{source.pk}/edit/")
    ]
    assert all("our shop" in page and "s3cret-key" not in page for page in pages)
    assert "stored, encrypted" in pages[1]
    assert "s3cret-key" not in str(AuditEvent.objects.values_list("detail", flat=True))


def test_it_tests_the_connection_before_anything_is_saved(client, people, shop):
    client.force_login(people["admin"])
    good = client.post("/sources/test/shop/", GIVEN).content.decode()
    bad = client.post("/sources/test/shop/", GIVEN | {"key": "wrong"}).content.decode()
    lacking = client.post("/sources/test/shop/", {"name": "x"}).content.decode()
    assert "shop.example answers" in good and ">fails<" not in good
    assert "Make a key with the role Reports Reader" in bad
    assert "<b>Address is missing</b>" in lacking
    assert not Source.objects.exists()


def test_it_says_which_setting_is_wrong(client, people, shop):
    client.force_login(people["finops"])
    answer = client.post("/sources/add/shop/", GIVEN | {"url": "", "name": ""})
    assert answer.status_code == 400
    assert "Address is missing" in answer.content.decode()
    assert "give the source a name" in answer.content.decode()
    assert client.post("/sources/add/shop/", GIVEN | {"every_minutes": "1"}).status_code == 400


def test_it_lets_only_finops_and_admin_connect(visit, people, client, shop):
    for who, status in (("viewer", 403), ("engineer", 403), ("finance", 403), ("finops", 200)):
        assert visit(who, "/sources/add/shop/").status_code == status
        assert visit(who, "/sources/").status_code == 200
    assert visit("scoped", "/sources/").status_code == 403
    client.force_login(people["engineer"])
    assert client.post("/sources/add/shop/", GIVEN).status_code == 403
    assert not Source.objects.exists()


def test_it_fetches_now_and_pauses(client, people, shop):
    client.force_login(people["finops"])
    client.post("/sources/add/shop/", GIVEN)
    source = Source.objects.get()
    client.post(f"/sources/{source.pk}/run/")
    assert Job.objects.get(kind="ingest.source").payload == {"source": source.pk}
    assert "A worker is fetching" in client.get(f"/sources/{source.pk}/").content.decode()
    client.post(f"/sources/{source.pk}/pause/")
    source.refresh_from_db()
    assert not source.enabled
    assert "paused" in client.get("/sources/").content.decode()
    assert client.get(f"/sources/{source.pk}/run/").status_code == 405


CALLS = "Zeit;Modell;Anfragen;Kosten\n30.09.2026 10:15;big-llm;1.234;1.234,50\n31.09.2026;x;1;1\n"


@pytest.mark.django_db(transaction=True)
def test_it_maps_a_file_of_another_shape(client, people, home):
    client.force_login(people["engineer"])
    file = SimpleUploadedFile("anrufe.csv", CALLS.encode("utf-8-sig"))
    told = {"target": "usage", "decimal": ",", "date": "day_first"}
    first = client.post("/sources/map/", {**told, "file": file, "do": "columns"})
    page = first.content.decode()
    assert all(f"<option>{name}</option>" in page for name in ("Zeit", "Modell", "Kosten"))
    ticket = re.search(r'name="ticket" value="([^"]+)"', page)[1]

    columns = {
        "column-time": "Zeit",
        "column-model": "Modell",
        "column-requests": "Anfragen",
        "column-cost": "Kosten",
        "fixed-currency": "EUR",
        "fixed-feature": "search",
    }
    second = {**told, **columns, "ticket": ticket}
    page = client.post("/sources/map/", {**second, "do": "preview"}).content.decode()
    assert "2026-09-30T10:15" in page and "1234.50" in page
    assert "1 cannot" in page and "line 3: time" in page
    assert not Source.objects.exists()

    saved = client.post("/sources/map/", {**second, "do": "save", "source": "anrufe"})
    assert saved.status_code == 302
    [job] = run_all(["ingest.load"])
    assert (job.result["results"][0]["rows_loaded"], job.error) == (1, "")
    call = Usage.objects.get()
    assert (call.requests, call.model, call.feature) == (1234, "big-llm", "search")
    assert f"{call.reported_cost.normalize():f} {call.reported_currency}" == "1234.5 EUR"


def test_it_refuses_what_cannot_be_mapped(client, people, home):
    client.force_login(people["engineer"])

    def answer(**given):
        return client.post("/sources/map/", {"target": "usage", **given})

    assert answer(do="columns").status_code == 400
    assert b"no table with a header" in answer(file=SimpleUploadedFile("a.csv", b"hello")).content
    assert answer(ticket="../../etc", do="preview").status_code == 400
    file = SimpleUploadedFile("a.csv", CALLS.encode())
    assert b"time has to be told" in answer(file=file, do="preview").content


def test_it_makes_a_token_that_is_seen_once(client, people):
    client.force_login(people["admin"])
    page = client.post("/tokens/", {"name": "collector"}).content.decode()
    text = re.search(r"aic_[0-9a-f]{12}_[\w-]{40,}", page)[0]
    token = ApiToken.objects.get()
    assert text not in client.get("/tokens/").content.decode()
    assert caller_of(f"Bearer {text}", "ingest").token == token
    with pytest.raises(NotInScope):
        caller_of(f"Bearer {text}", "read")
    client.post(f"/tokens/{token.pk}/revoke/")
    with pytest.raises(NotKnown, match="is revoked"):
        caller_of(f"Bearer {text}", "ingest")
    assert text not in str(list(AuditEvent.objects.values_list("detail", flat=True)))
    client.force_login(people["engineer"])
    assert client.get("/tokens/").status_code == 403


def test_it_shows_where_a_git_host_sends_to(client, people):
    client.force_login(people["admin"])
    form = client.get("/sources/add/git_webhook/").content.decode()
    assert "every_minutes" not in form, "nothing is fetched"
    given = {"name": "our shop", "secret": "a-random-text-of-32-characters-!"}
    answer = client.post("/sources/add/git_webhook/", given, follow=True).content.decode()
    assert "http://testserver/api/v1/events/git/our%20shop" in answer
    assert "Fetch now" not in answer and "It has not run yet" not in answer
    listed = client.get("/sources/").content.decode()
    assert ">sent to us<" in listed
