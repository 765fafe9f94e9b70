"""`manage.py explain FIGURE`: why a number is what it is, as a story or as the API's JSON."""

import json

from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.models import ADMIN, ROLES
from attribution.management.commands.report import spec_of
from attribution.reports.explain import LINES
from attribution.reports.explain_figures import (
    COLUMNS,
    FIGURES,
    Question,
    answer,
    at_of,
    charge_of,
    document,
)
from attribution.reports.explain_story import story
from attribution.reports.explain_words import NoFigure
from attribution.reports.spec import BASES, POOL_OPTIONS, BadSpec, NotAllowed


class Command(BaseCommand):
    requires_system_checks = ()
    help = f"Say why a figure is what it is: {', '.join(FIGURES)}. docs/reports.md describes them."

    def add_arguments(self, parser):
        add = parser.add_argument
        add("figure", choices=list(FIGURES), metavar="FIGURE")
        add("--from", dest="start", required=True, metavar="YYYY-MM-DD")
        add("--to", dest="end", required=True, help="excluded")
        add("--at", action="append", default=[], metavar="dimension:value", help="names the row")
        add("--line", choices=LINES, default="")
        add("--column", choices=COLUMNS, default="", help="of unit_cost")
        add("--charge", metavar="DAY:ID", help="whose weights are shown, else the largest")
        add("--rows", action="store_true", help="with the rows of the kept file")
        add("--filter", action="append", default=[], metavar="dimension=value")
        add("--basis", choices=BASES, default="effective")
        add("--shared", choices=POOL_OPTIONS, default="shown")
        add("--idle", choices=POOL_OPTIONS, default="shown")
        add("--currency", help="in several currencies: which one, else the largest")
        add("--long", action="store_true", help="single charges of more than 31 days")
        add("--role", choices=ROLES, default=ADMIN, help="answer as this role would see it")
        add("--team", action="append", help="answer as somebody of this team only would see it")
        add("--format", choices=("text", "json"), default="text")

    def handle(self, *args, **options):
        try:
            asked = question_of(options)
            found = answer(asked)
        except (BadSpec, NotAllowed, NoFigure, ValueError) as error:
            raise CommandError(str(error)) from error
        if options["format"] == "json":
            self.stdout.write(json.dumps(document(asked, found), indent=1, ensure_ascii=False))
        else:
            self.stdout.write(story(found))


def question_of(options: dict) -> Question:
    """The question of the command line; a cost without --at is the total. Raises BadSpec or
    ValueError naming what is wrong."""
    unasked = {"report": "cost", "group_by": "", "granularity": "total", "estimates": "shown",
               "in_currency": ""}  # fmt: skip
    at = at_of(options["at"])
    return Question(
        figure=options["figure"],
        spec=spec_of(options | unasked),
        at=at,
        line=options["line"] or ("owned" if at else "total"),
        column=options["column"],
        currency=options["currency"],
        charge=charge_of(options["charge"]),
        rows=options["rows"],
    )
