"""Tokens of programs: who they act for, what they open, and when they stop."""

import base64
from datetime import timedelta

from django.core.management import CommandError, call_command
from django.utils import timezone
import pytest

from aicost.accounts.models import ApiToken, AuditEvent
from aicost.accounts.tokens import NotInScope, NotKnown, caller_of, make_token, secret_of
from tests.web.world import make_people

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return make_people()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_it_opens_by_bearer_and_by_basic(people):
    token, text = make_token(people["finance"], "sheet", ["read"])
    assert text.startswith("aic_") and text == f"{token.token_id}_{secret_of(token, text)}"
    for header in (f"Bearer {text}", f"bearer  {text} ", basic(token.token_id, text[17:])):
        caller = caller_of(header, "read")
        assert (caller.user, caller.asker.role, caller.asker.teams) == (
            people["finance"],
            "finance",
            None,
        )
    assert ApiToken.objects.get().last_used_at is not None
    assert text[17:] not in str(ApiToken.objects.values())


def test_it_says_what_is_wrong_with_a_token(people):
    token, text = make_token(people["finance"], "sheet", ["read"])
    for header in ("", "Bearer", "Bearer x", "Basic !!", basic(token.token_id, "x"), "Digest a",
                   basic("", text), "Bearer \udcff", f"Bearer {text}x"):  # fmt: skip
        with pytest.raises(NotKnown) as refused:
            caller_of(header, "read")
        assert "manage.py token add" in refused.value.cure, header
    with pytest.raises(NotInScope, match="has the scope read; this needs admin"):
        caller_of(f"Bearer {text}", "admin")
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotKnown, match=f"{token.token_id} is expired"):
        caller_of(f"Bearer {text}", "read")
    ApiToken.objects.update(expires_at=None)
    people["finance"].is_active = False
    people["finance"].save()
    with pytest.raises(NotKnown, match="not known"):
        caller_of(f"Bearer {text}", "read")


def test_admin_reads_and_sends_too(people):
    _, text = make_token(people["admin"], "script", ["admin"])
    assert {caller_of(f"Bearer {text}", s).user for s in ("read", "ingest", "admin")} == {
        people["admin"]
    }


@pytest.mark.parametrize(
    ("who", "teams", "seen"),
    [
        ("admin", ["relevance", "search"], ("relevance", "search")),
        ("scoped", ["relevance", "search"], ("relevance",)),
        ("scoped", ["search"], ()),
        ("scoped", None, ("relevance",)),
    ],
)
def test_a_token_of_teams_sees_those_of_its_user_and_no_others(people, who, teams, seen):
    _, text = make_token(people[who], "wiki", ["read"], teams=teams)
    assert caller_of(f"Bearer {text}", "read").asker.teams == seen
    people[who].refresh_from_db()
    assert people[who].limited_to is None


def test_a_token_of_before_ids_goes_on(people):
    token, text = make_token(people["admin"], "old", ["ingest"])
    ApiToken.objects.filter(pk=token.pk).update(token_id="aicost_Ab-_12")
    assert caller_of(f"Bearer {text}", "ingest").token.token_id == "aicost_Ab-_12"


def test_the_command_makes_lists_and_revokes(people, capsys):
    call_command("token", "add", "bi", "--user", "finance", "--scope", "read", "--team", "search",
                 "--days", "30")  # fmt: skip
    out, told = capsys.readouterr()
    text = out.strip()
    token = ApiToken.objects.get()
    assert f"user {token.token_id}, password {secret_of(token, text)}" in told
    assert caller_of(f"Bearer {text}", "read").asker.teams == ("search",)
    call_command("token", "list")
    assert f"{token.token_id}  active  read  finance  teams search" in capsys.readouterr().out
    call_command("token", "revoke", token.token_id)
    call_command("token", "list")
    assert "revoked" in capsys.readouterr().out
    assert AuditEvent.objects.filter(action="token_made", detail__teams=["search"]).exists()
    with pytest.raises(CommandError, match="1 to 3660 days"):
        call_command("token", "add", "x", "--user", "finance", "--scope", "read", "--days", "0")


def test_the_page_makes_a_token_of_teams_that_ends(client, people):
    client.force_login(people["finops"])
    given = {"name": "wiki", "scope": "read", "teams": "search, relevance", "days": "90"}
    page = client.post("/tokens/", given).content.decode()
    token = ApiToken.objects.get()
    assert (token.scopes, token.teams) == (["read"], ["relevance", "search"])
    assert 89 < (token.expires_at - timezone.now()).total_seconds() / 86400 < 91
    assert page.count(token.token_id) >= 2
    for bad in ({"days": "-1"}, {"days": "99999999"}, {"scope": "all"}, {"teams": "a\0b"}):
        assert client.post("/tokens/", given | bad).status_code == 400, bad
    assert ApiToken.objects.count() == 1
