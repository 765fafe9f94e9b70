"""`manage.py audit`: re-check the conservation of the whole ledger."""

import json
import sys

from django.core.management.base import BaseCommand

from attribution.audit import audit, is_clean


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Re-check that every cent of every bill stands exactly once. Exit 1 if not."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, json: bool, **options):
        result = audit()
        self.stdout.write(_as_json(result) if json else _as_text(result))
        if not is_clean(result):
            sys.exit(1)


def _as_json(result: dict) -> str:
    return json.dumps(result, indent=1)


def _as_text(result: dict) -> str:
    lines = [
        f"{result['charges']:,} charges, {result['allocated_charges']:,} allocated charges,"
        f" {result['leaks']:,} leaks; {result['dirty_days']:,} days still dirty,"
        f" {result['failed_days']:,} failed"
    ]
    if result["wrong_sums"]:
        lines.append(f"{result['wrong_sums']:,} days whose sums by billing period are wrong")
    for total in result["totals"]:
        lines.append(
            "{source} {billing_period} {currency}: billed {billed} = workload {workload}"
            " + idle {idle} + shared {shared} + unattributed {unattributed},"
            " residual {residual}".format(**total)
        )
    return "\n".join([*lines, "Clean." if is_clean(result) else "NOT CLEAN."])
