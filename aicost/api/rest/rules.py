"""/api/v1/rules: read, added, changed, switched and put into order, as on the page."""

from decimal import Decimal

from django.http import Http404, HttpResponse
from rest_framework import serializers

from aicost.accounts.scope import may_edit_rules, may_see_sources
from aicost.api.rest import described as d
from aicost.api.rest.frame import Resource, document_of, operation
from attribution.models import AllocationRule
from attribution.ruling.draft import LAST, TOLD, Draft, RuleRefused
from attribution.ruling.edit import newest, reorder, save

TAGS = ["rules"]
TEXT_MAX = 2_000


class RuleBody(serializers.Serializer):
    """What docs/rules.md says of a rule. `base` is the version it was read with: whoever changed
    it meanwhile is told of."""

    title = serializers.CharField(required=False, max_length=TEXT_MAX)
    enabled = serializers.BooleanField(required=False)
    position = serializers.IntegerField(required=False, min_value=1, max_value=1_000_000)
    sources = serializers.ListField(child=serializers.CharField(max_length=300), required=False)
    conditions = serializers.ListField(child=serializers.DictField(), required=False)
    method = serializers.CharField(required=False, max_length=100)
    assigns = serializers.DictField(child=serializers.CharField(max_length=TEXT_MAX),
                                    required=False)  # fmt: skip
    then = serializers.CharField(required=False, max_length=100)
    fallback = serializers.DictField(child=serializers.CharField(max_length=TEXT_MAX),
                                     required=False)  # fmt: skip
    options = serializers.DictField(required=False)
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_to = serializers.DateField(required=False, allow_null=True)
    why = serializers.CharField(max_length=TEXT_MAX, help_text="Kept with the version.")


class RuleChange(RuleBody):
    base = serializers.IntegerField(min_value=1, help_text="The version it was read with.")


class NewRule(RuleBody):
    key = serializers.CharField(max_length=100, help_text="Its name in files, for good.")
    title = serializers.CharField(max_length=TEXT_MAX)


class OrderBody(serializers.Serializer):
    keys = serializers.ListField(child=serializers.CharField(max_length=100), min_length=1,
                                 max_length=2000)  # fmt: skip
    why = serializers.CharField(max_length=TEXT_MAX, help_text="Kept with the versions.")


def told_of(rule: AllocationRule) -> dict:
    by = rule.created_by
    return {name: getattr(rule, name) for name in TOLD} | {
        "key": rule.key,
        "version": rule.version,
        "built_in": rule.built_in,
        "note": rule.note,
        "created_at": rule.created_at,
        "created_by": by.get_username() if by else None,
    }


class Rules(Resource):
    @operation(
        "All rules in the order in which they are asked",
        answers={200: d.thing(rules=d.listed(d.of("Rule")))},
        operation_id="list_rules",
        tags=TAGS,
        says="The newest version of each. For whoever sees all teams.",
    )
    def get(self, request) -> HttpResponse:
        self.allow(may_see_sources, "reading rules")
        return document_of({"rules": [told_of(rule) for rule in newest()]})

    @operation(
        "Add a rule",
        body=NewRule,
        answers={201: d.of("Rule")},
        key=d.KEY,
        operation_id="create_rule",
        tags=TAGS,
        says="It claims charges from the next attribution on, of days from `valid_from` on.",
    )
    def post(self, request) -> tuple[int, dict]:
        self.allow(may_edit_rules, "adding rules")
        told = dict(self.body)
        why, key = told.pop("why"), told.pop("key")
        return 201, told_of(save(_but(Draft(key=key, title=""), told), self.user_asks, why))


class OneRule(Resource):
    @operation("One rule", answers={200: d.of("Rule")}, operation_id="read_rule", tags=TAGS)
    def get(self, request, key: str) -> HttpResponse:
        self.allow(may_see_sources, "reading rules")
        return document_of(told_of(_found(key)))

    @operation(
        "Change a rule, or switch it off",
        body=RuleChange,
        answers={200: d.of("Rule")},
        key=d.KEY,
        operation_id="edit_rule",
        tags=TAGS,
        says="Adds the next version; what is left out stays as it is. `enabled: false` switches "
        "it off.",
    )
    def patch(self, request, key: str) -> tuple[int, dict]:
        self.allow(may_edit_rules, "changing rules")
        rule, told = _found(key), dict(self.body)
        if key == LAST:
            told_why = "it claims what no other rule does and stays as it is"
            raise RuleRefused("rule", told_why, "Write a rule of your own that stands before it")
        why, base = told.pop("why"), told.pop("base")
        draft = _but(Draft.of(rule).but(base=base), told)
        return 200, told_of(save(draft, self.user_asks, why))


class RuleOrder(Resource):
    @operation(
        "Put rules into an order",
        body=OrderBody,
        answers={200: d.thing(rules=d.listed(d.of("Rule")))},
        key=d.KEY,
        operation_id="order_rules",
        tags=TAGS,
        says="Those not named stay behind the one they stand behind; the rule of what no other "
        "claims stays last.",
    )
    def post(self, request) -> tuple[int, dict]:
        self.allow(may_edit_rules, "ordering rules")
        reorder(self.body["keys"], self.user_asks, self.body["why"])
        return 200, {"rules": [told_of(rule) for rule in newest()]}


def _found(key: str) -> AllocationRule:
    versions = AllocationRule.objects.filter(key=key).select_related("created_by")
    rule = versions.order_by("-version").first() if "\x00" not in key else None
    if rule is None:
        raise Http404
    return rule


def _but(draft: Draft, told: dict) -> Draft:
    """The draft with what was told. Raises RuleRefused for a number that no rule has."""
    inside: list = [told]
    while inside:
        one = inside.pop()
        if isinstance(one, Decimal):
            raise RuleRefused("rule", f"{one} is no text and no whole number", "Write it as text")
        if isinstance(one, dict | list):
            inside += one.values() if isinstance(one, dict) else one
    for name in ("conditions", "sources"):
        if name in told:
            told[name] = tuple(told[name])
    return draft.but(**told)
