"""Settings → Daily files: only admins say where files go; the page shows how it went."""

import pytest

from aicost.accounts.models import AuditEvent
from aicost.files.export import export
from aicost.files.models import Destination, FilesRun
from aicost.jobs.models import Job

pytestmark = pytest.mark.django_db


def given(home, **more) -> dict:
    return {"name": "lake", "address": str(home / "exports" / "lake"), "dataset": "cost", **more}


@pytest.mark.django_db(transaction=True)
def test_an_admin_adds_runs_pauses_and_removes_a_destination(costs, visit, client, home):
    page = visit("admin", "/settings/files/").content.decode()
    assert "No destination yet" in page and "AICOST_EXPORT_ROOTS" in page
    assert client.post("/settings/files/", given(home)).status_code == 302
    to = Destination.objects.get()
    assert Job.objects.get().payload == {"destination": to.pk}, "and it is written at once"
    assert export(to).state == FilesRun.DONE
    page = client.get("/settings/files/").content.decode()
    assert "lake" in page and 'class="mark mark-on-time">done' in page
    assert '<td class="num">2</td>' in page, "two days were written"
    assert 'href="/settings/files/"' in client.get("/settings/preferences/").content.decode()

    Job.objects.all().delete()
    client.post(f"/settings/files/{to.pk}/run/")
    assert Job.objects.get().kind == "files.export"
    client.post(f"/settings/files/{to.pk}/pause/")
    assert "paused" in client.get("/settings/files/").content.decode()
    client.post(f"/settings/files/{to.pk}/pause/")
    client.post(f"/settings/files/{to.pk}/remove/")
    assert not Destination.objects.exists()
    assert list((home / "exports" / "lake").rglob("*.parquet")), "its files stay"
    said = AuditEvent.objects.filter(action__startswith="files_").values_list("action", flat=True)
    assert sorted(said) == ["files_added", "files_paused", "files_paused", "files_removed",
                            "files_run"]  # fmt: skip


def test_it_shows_what_went_wrong_and_what_to_do(costs, visit, client, home):
    visit("admin", "/settings/files/")
    client.post("/settings/files/", given(home))
    FilesRun.objects.create(destination=Destination.objects.get(), state=FilesRun.FAILED,
                            message="the disk is full", cure="Free some space there")  # fmt: skip
    page = client.get("/settings/files/").content.decode()
    assert "the disk is full. Free some space there" in page and "mark-late" in page


def test_a_destination_that_cannot_be_written_is_not_kept(costs, visit, client, home):
    visit("admin", "/settings/files/")
    for more, told in (
        ({"address": "/etc/aicost"}, "is not below a folder that may be written"),
        ({"dataset": []}, "choose at least one dataset"),
        ({"name": ""}, "give the destination a name"),
        ({"first_day": "soon"}, "write YYYY-MM-DD"),
        ({"region": "eu"}, ""),
        ({"address": "s3://"}, "Bucket is missing"),
    ):
        answer = client.post("/settings/files/", given(home) | more)
        assert answer.status_code == 400, more
        assert told in answer.content.decode(), more
    assert not Destination.objects.exists() and not Job.objects.exists()
    client.post("/settings/files/", given(home))
    again = client.post("/settings/files/", given(home))
    assert "another destination has this name" in again.content.decode()


def test_secrets_are_not_shown_again(costs, visit, client, home):
    visit("admin", "/settings/files/")
    secret = "a-secret-nobody-sees"
    answer = client.post("/settings/files/", given(
        home, address="s3://b", access_key_id="k", secret_access_key=secret,
        endpoint_url="http://127.0.0.1:9"))  # fmt: skip
    assert answer.status_code == 400 and secret not in answer.content.decode()


@pytest.mark.parametrize("who", ["viewer", "engineer", "finance", "finops", "scoped"])
def test_nobody_else_may(costs, visit, client, home, who):
    assert visit(who, "/settings/files/").status_code == 403
    assert client.post("/settings/files/", given(home)).status_code == 403
    to = Destination.objects.create(name="x", kind="folder", datasets=["cost"])
    for action in ("run", "pause", "remove"):
        assert client.post(f"/settings/files/{to.pk}/{action}/").status_code == 403
    assert Destination.objects.get().enabled and not Job.objects.exists()
