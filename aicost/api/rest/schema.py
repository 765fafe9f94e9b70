"""/api/v1/openapi.json and .yaml: the OpenAPI 3.1 description, the same for everybody."""

from functools import cache
import json

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_safe
from drf_spectacular.generators import SchemaGenerator
import yaml

from aicost.api.rest.described import COMPONENTS
from aicost.api.rest.problems import Refused, problem_of
from aicost.api.rest.registry import resources

ROOT = "api/v1/"
TITLE = "AI cost"
SAYS = """What AI really costs, for programs: every report, and what people can change.

Show a token: `Authorization: Bearer aic_…`, or Basic with its id and secret. Money is a decimal as
text; null is unknown or not shown to you. Every problem is `application/problem+json` and says
what, where and the cure. docs/api.md has examples."""

_MEANS = {"default": "A problem: what, where and the cure.", "201": "Done.", "202": "It waits."}


@cache
def document() -> dict:
    """Made once a process: it depends on the code alone."""
    patterns = [path(f"{ROOT}{address}", view.as_view()) for address, view in resources()]
    found = SchemaGenerator(patterns=patterns).get_schema(request=None, public=True)
    found["info"] = {"title": TITLE, "version": "1", "description": SAYS}
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    schemas |= COMPONENTS
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    found["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "basic": {"type": "http", "scheme": "basic"},
    }
    found["security"] = [{"bearer": []}, {"basic": []}]
    found["servers"] = [{"url": "/"}]
    for methods in found["paths"].values():
        for one in methods.values():
            for status, answer in one["responses"].items():
                answer["description"] = _MEANS.get(status, "What was asked.")
    return json.loads(json.dumps(found))


@gzip_page
@conditional_page
@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    return HttpResponse(json.dumps(document(), indent=1), content_type="application/json")


@gzip_page
@conditional_page
@require_safe
def as_yaml(request: HttpRequest) -> HttpResponse:
    text = yaml.safe_dump(document(), sort_keys=False, allow_unicode=True)
    return HttpResponse(text, content_type="application/yaml")


@csrf_exempt
def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Any other address below /api/."""
    cure = "/api/v1/openapi.json has every address"
    if rest.endswith("/"):
        cure = f"Leave out the slash at its end; {cure}"
    return problem_of(request, Refused(404, "there is no such address", cure))
