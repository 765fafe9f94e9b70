"""The description and the API agree: schemathesis asks every operation, with values that the
description allows and with others, as several people and with tokens that are none.

AICOST_API_REQUESTS is how many requests it makes in all: 1,000, and 10,000 in `make soak`."""

from collections import Counter
import os

from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
import openapi_schema_validator
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from aicost.api.rest.registry import resources
from aicost.api.rest.schema import document
from tests.api.rest import callers
from tests.attribution.world import build

pytestmark = pytest.mark.django_db
REQUESTS = int(os.environ.get("AICOST_API_REQUESTS", "1000"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WHO = ("admin", "viewer", "scoped", "bad token")
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def test_it_describes_every_address():
    told = document()
    assert told["openapi"] == "3.1.0"
    assert len(told["paths"]) == len(resources())
    operations = [one for path in told["paths"].values() for one in path.values()]
    names = Counter(one["operationId"] for one in operations)
    assert [name for name, times in names.items() if times > 1] == []
    for one in operations:
        assert one["summary"] and one["tags"] and "default" in one["responses"]
    for schema in told["components"]["schemas"].values():
        openapi_schema_validator.OAS31Validator.check_schema(schema)


def test_the_description_is_served_to_everybody(client):
    answer = client.get("/api/v1/openapi.json")
    assert answer.json() == document() and answer["ETag"]
    assert b"openapi: 3.1.0" in client.get("/api/v1/openapi.yaml").content


@pytest.fixture
def within_the_test():
    """Requests of a real handler do not end the test's transaction with its connection."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def who(request, home, settings, monkeypatch, within_the_test) -> dict[str, str]:
    """The headers of somebody; nobody reaches out to the network, and none is too often there."""
    build()
    settings.AICOST_API_PER_MINUTE = 10**9
    monkeypatch.setattr("aicost.api.rest.sources.check_source", lambda source: [])
    monkeypatch.setattr("aicost.notify.webhooks.endpoints.checked", lambda address: address)
    people = callers()
    if request.param == "bad token":
        return {"Authorization": f"Bearer {people['admin'].text}x"}
    return people[request.param].headers


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("who", WHO, indirect=True)
def test_it_answers_as_it_is_described(who, mode):
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    operations = [found.ok() for found in described.get_all_operations()]
    asked = Counter()
    each = max(1, round(REQUESTS / len(WHO) / len(MODES) / len(operations)))
    for operation in operations:
        _ask(operation, mode, each, who, asked)
    assert sum(asked.values()) >= len(operations) // 2, asked


def _days(operation, mode: GenerationMode) -> dict | None:
    """Days on which something stands, so that more than refusals are compared."""
    names = {one.name for one in operation.query}
    if mode == GenerationMode.NEGATIVE or not names >= {"from", "to"}:
        return None
    return {"from": "2026-09-01", "to": "2026-09-20"}


def _ask(operation, mode: GenerationMode, times: int, headers: dict, asked: Counter) -> None:
    @seed(17)
    @settings(
        max_examples=times,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode, query=_days(operation, mode)))
    def ask(case):
        answer = case.call(headers=headers | {"Accept-Encoding": "identity"})
        asked[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    try:
        ask()
    except Unsatisfiable:  # all that can be asked of it is allowed
        asked["nothing to ask"] += 1
