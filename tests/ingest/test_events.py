"""Webhooks of GitHub and GitLab, and events of our own: what happened, once each."""

from datetime import UTC, date, datetime
from decimal import Decimal
import hashlib
import hmac
import json

import pytest

from aicost.accounts.models import User
from aicost.accounts.tokens import make_token
from aicost.kernel.periods import Period
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest import connect
from ingest.models import Annotation, Source, TrainingRun
from tests.web import world

SECRET = "correct horse battery staple"
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
pytestmark = pytest.mark.django_db


@pytest.fixture
def repo(db) -> Source:
    return connect.configure(
        "shop repo",
        "git_webhook",
        {
            "secret": SECRET,
            "branches": ["main", "release/*"],
            "paths": ["training/wide/* = experiment wide", "search/* = feature search"],
        },
    )


@pytest.fixture
def github(client, repo):
    """github(event, payload) → the response to a signed webhook."""

    def send(event: str, payload: dict, secret: str = SECRET, name: str = "shop repo"):
        body = json.dumps(payload).encode()
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-GitHub-Event": event, "X-Hub-Signature-256": f"sha256={digest}"}
        headers["X-GitHub-Delivery"] = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
        return client.post(
            f"/api/v1/events/git/{name}", body, content_type="application/json", headers=headers
        )

    return send


def commit(sha: str, message: str, *paths: str) -> dict:
    return {
        "id": sha,
        "message": message,
        "timestamp": "2026-09-01T12:00:00+02:00",
        "url": f"https://git.example.com/c/{sha}",
        "author": {"name": "Ana", "username": "ana"},
        "added": [],
        "modified": list(paths),
        "removed": [],
    }


PUSH = {
    "ref": "refs/heads/main",
    "repository": {"full_name": "shop/rank"},
    "commits": [
        commit("a1", "Widen the embeddings\n\nlong story", "training/wide/model.py", "README.md"),
        commit("b2", "Faster search", "search/index/build.py"),
    ],
}
DEPLOYED = {
    "deployment": {"id": 9, "ref": "main", "sha": "b2", "environment": "prod",
                   "creator": {"login": "ben"}, "description": None},
    "deployment_status": {"state": "success", "created_at": "2026-09-02T08:00:00Z"},
    "repository": {"full_name": "shop/rank"},
}  # fmt: skip


def test_it_keeps_the_commits_of_a_push_with_what_their_paths_are_about(github):
    assert github("push", PUSH).json() == {"events": 2}
    first, second = Annotation.objects.order_by("event_id")
    assert (first.title, first.author, first.commit) == ("Widen the embeddings", "Ana", "a1")
    assert (first.at, first.kind) == (datetime(2026, 9, 1, 10, tzinfo=UTC), "commit")
    assert (first.experiment, first.feature) == ("wide", "")
    assert (second.experiment, second.feature) == ("", "search")
    assert (first.repository, first.branch) == ("shop/rank", "main")


def test_it_changes_nothing_when_a_webhook_is_delivered_again(github):
    for _ in range(3):
        github("push", PUSH)
    github("push", PUSH | {"ref": "refs/heads/release/7"})  # the same commits on another branch
    assert Annotation.objects.count() == 2
    github("push", PUSH | {"ref": "refs/heads/try", "commits": [commit("c3", "Try")]})
    github("push", PUSH | {"ref": "refs/tags/v1", "commits": []})
    assert Annotation.objects.count() == 2


def test_it_keeps_deploys_that_succeeded_and_releases(github):
    failed = {**DEPLOYED, "deployment_status": {"state": "failure", "created_at": "2026-09-02"}}
    assert github("deployment_status", failed).json() == {"events": 0}
    assert github("deployment_status", DEPLOYED).json() == {"events": 1}
    release = {"id": 3, "tag_name": "v7", "name": "Seven", "published_at": "2026-09-03T08:00:00Z"}
    github("release", {"action": "published", "release": release})
    assert github("ping", {"zen": "Design for failure."}).json() == {"events": 0}
    found = Annotation.objects.order_by("at").values_list("kind", "title", "environment", "commit")
    assert list(found) == [("deploy", "deploy main", "prod", "b2"), ("release", "Seven", "", "")]


def test_it_refuses_what_is_not_signed_with_the_secret(github, client, repo):
    assert github("push", PUSH, secret="wrong").status_code == 401
    assert github("push", PUSH, name="no such").status_code == 401
    body = json.dumps(PUSH)
    where = "/api/v1/events/git/shop repo"
    assert client.post(where, body, content_type="application/json").status_code == 401
    odd = {"X-Hub-Signature-256": "sha256=é", "X-GitHub-Event": "push"}
    assert client.post(where, body, content_type="application/json", headers=odd).status_code == 401
    assert client.get(where).status_code == 405
    Source.objects.update(enabled=False)
    assert github("push", PUSH).status_code == 401
    assert Annotation.objects.count() == 0


def test_it_says_what_a_payload_lacks_and_keeps_nothing_of_it(github):
    bad = {**PUSH, "commits": [PUSH["commits"][0], {"id": "x"}]}
    answer = github("push", bad)
    assert answer.status_code == 422 and "'added'" in answer.json()["detail"]
    assert github("push", [1]).status_code == 422
    assert Annotation.objects.count() == 0


def test_it_takes_gitlab_by_its_token(client, repo):
    def send(event: str, payload: dict, token: str = SECRET):
        return client.post(
            "/api/v1/events/git/shop repo",
            json.dumps(payload),
            content_type="application/json",
            headers={"X-Gitlab-Event": event, "X-Gitlab-Token": token},
        )

    project = {"project": {"path_with_namespace": "shop/rank"}, "repository": {"name": "rank"}}
    push = {**project, "ref": "refs/heads/main", "commits": [commit("d4", "Tune")]}
    deployed = {
        **project, "status": "success", "deployment_id": 5, "environment": "prod", "ref": "main",
        "status_changed_at": "2026-09-02 21:50:00 +0200", "commit_title": "Tune",
        "commit_url": "https://git.example.com/shop/rank/-/commit/d4", "user": {"name": "Cai"},
    }  # fmt: skip
    assert send("Push Hook", push).json() == {"events": 1}
    assert send("Deployment Hook", deployed).json() == {"events": 1}
    assert send("Push Hook", push, "wrong").status_code == 401
    deploy = Annotation.objects.get(kind="deploy")
    assert (deploy.commit, deploy.author) == ("d4", "Cai")
    assert deploy.at == datetime(2026, 9, 2, 19, 50, tzinfo=UTC)
    assert Annotation.objects.get(kind="commit").repository == "shop/rank"


def test_it_knows_who_last_touched_an_experiment(github, repo):
    """By the paths of a commit, or by the commit that a run was made from."""
    for name in ("wide", "other"):
        TrainingRun.objects.create(
            source=repo, run_id=name, experiment=name, started=datetime(2026, 9, 1, 8, tzinfo=UTC)
        )

    def touched(experiment):
        only = Spec("runs", SEPTEMBER, Asker("finance"), filters={"experiment": (experiment,)})
        [row] = run(only).rows
        return row["touched_by"], row["touched_by_what"]

    github("push", PUSH)
    assert touched("wide") == ("Ana", "Widen the embeddings") and touched("other") == (None, None)
    TrainingRun.objects.filter(experiment="other").update(git_commit="b2")
    assert touched("other")[1] == "Faster search"
    github("deployment_status", DEPLOYED)
    assert touched("other")[0] == "ben"


@pytest.fixture
def post(client):
    user = User.objects.create_user("ci", password="x")
    bearer = f"Bearer {make_token(user, 'ci', ['ingest'])[1]}"

    def send(rows, **headers):
        headers = {"Authorization": bearer, **headers}
        body = rows if isinstance(rows, str) else json.dumps(rows)
        return client.post("/api/v1/events", body, content_type="application/json", headers=headers)

    return send


NOTE = {"at": "2026-09-01T10:00:00Z", "title": "Black Friday begins", "feature": "search"}


def test_it_takes_events_of_our_own(post):
    assert post([{**NOTE, "id": "n1"}, {**NOTE, "id": "n2", "kind": "deploy"}]).status_code == 201
    assert post({**NOTE, "id": "n1", "title": "Black Friday"}).json() == {"events": 1}
    assert post(NOTE, **{"Idempotency-Key": "k"}).status_code == 201
    assert post(NOTE, **{"Idempotency-Key": "k"}).status_code == 201
    titles = Annotation.objects.order_by("event_id").values_list("event_id", "kind", "title")
    assert list(titles) == [
        (f"k of user {User.objects.get(username='ci').pk}#0", "note", "Black Friday begins"),
        ("n1", "note", "Black Friday"),
        ("n2", "deploy", "Black Friday begins"),
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (NOTE, "id is missing"),
        ([{**NOTE, "id": "a"}, {**NOTE, "id": "b", "at": "soon"}], "event 1: 'soon'"),
        ({**NOTE, "id": "a", "kind": "party"}, "kind is none of"),
        ({**NOTE, "id": "a", "ur": "x"}, "unknown field 'ur'"),
        ({**NOTE, "id": "a", "url": "javascript:alert(1)"}, "no web address"),
        ({**NOTE, "id": "a", "title": " "}, "title is missing"),
        ("{", "Expecting"),
        ("7", "no array of events"),
    ],
)
def test_it_refuses_bad_events_whole(post, rows, told):
    answer = post(rows)
    assert answer.status_code == 422 and told in answer.json()["detail"]
    assert Annotation.objects.count() == 0


def test_it_says_what_is_missing_of_a_webhook(db):
    short = connect.configure("a", "git_webhook", {"secret": "short"})
    assert [check.ok for check in connect.check_source(short)] == [False, True]
    odd = connect.configure("b", "git_webhook", {"secret": SECRET, "paths": ["x wide"]})
    [check] = connect.check_source(odd)
    assert not check.ok and "experiment|feature" in check.cure


def test_it_lists_runs_with_who_last_touched_their_experiment(github, repo):
    github("push", PUSH)
    start = datetime(2026, 9, 1, 8, tzinfo=UTC)
    TrainingRun.objects.create(
        source=repo, run_id="r", experiment="wide", team="vision", user="cai", gpu_ms=5_400_000,
        started=start, ended=start.replace(hour=10), status="finished", reason="drift",
    )  # fmt: skip
    [row] = run(Spec("runs", SEPTEMBER, Asker("finance"))).rows
    assert (row["user"], row["gpu_hours"], row["reason"]) == ("cai", Decimal("1.5"), "drift")
    assert (row["touched_by"], row["touched_by_what"]) == ("Ana", "Widen the embeddings")
    assert run(Spec("runs", SEPTEMBER, Asker("engineer", teams=("nlp",)))).rows == []
    assert len(run(Spec("runs", SEPTEMBER, Asker("engineer", teams=("vision",)))).rows) == 1
    only = Spec("annotations", SEPTEMBER, Asker("finance"), filters={"feature": ("search",)})
    assert [found["title"] for found in run(only).rows] == ["Widen the embeddings", "Faster search"]
    assert run(Spec("annotations", SEPTEMBER, Asker("engineer", teams=("vision",)))).rows == []


def test_it_marks_deploys_on_the_chart_and_names_them_on_the_model_page(client, repo, home):
    world.make_costs()
    people = world.make_people()
    at = datetime(2026, 9, 2, 8, tzinfo=UTC)
    for number, kind in enumerate(("deploy", "commit", "note")):
        Annotation.objects.create(
            source=repo, event_id=str(number), at=at, kind=kind, title=f"Ranker {kind}",
            model="ranker", url="https://git.example.com/1",
        )  # fmt: skip
    client.force_login(people["finance"])
    explore = f"/explore/?{world.QUERY}&group_by=feature"
    page = client.get(explore).content.decode()
    assert "2 Sep: <a" in page and "Ranker deploy +1" in page and "Ranker commit" not in page
    model = client.get(f"/models/ranker/?{world.QUERY}&whole=1").content.decode()
    assert "Commit: <a" in model and "Ranker note" in model
    client.force_login(people["scoped"])
    assert "Ranker" not in client.get(explore).content.decode().replace("ranker", "")
