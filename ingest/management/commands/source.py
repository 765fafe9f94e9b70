"""manage.py source connectors|add|edit|test|list|run|remove: data that is fetched."""

import json

from django.core.management.base import BaseCommand, CommandError

from ingest.connect import BadSettings, check_source, configure
from ingest.fetch.base import SECRET, Connector
from ingest.fetch.connectors import CONNECTORS, connector_of
from ingest.given import SETTINGS_HELP, NotGiven, given_values
from ingest.models import Source, SourceRun
from ingest.run_source import run_source
from ingest.show import run_line, sources_table
from ingest.tasks import attribute_changes


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Sources that are fetched: add, test, list, run."

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("connectors", help="what can be connected, with its settings")
        add = actions.add_parser("add", help="configure a new source and test it")
        add.add_argument("connector")
        add.add_argument("name")
        edit = actions.add_parser("edit", help="change settings of a source")
        edit.add_argument("name")
        for one in (add, edit):
            one.add_argument("given", nargs="*", metavar="name=value", help=SETTINGS_HELP)
            one.add_argument("--every", type=int, metavar="MINUTES")
        listed = actions.add_parser("list", help="sources and their last run")
        listed.add_argument("--json", action="store_true")
        for action, told in (
            ("test", "try the connection and say what is missing"),
            ("run", "fetch and load now"),
            ("pause", "fetch no more until resumed"),
            ("resume", "fetch again"),
        ):
            actions.add_parser(action, help=told).add_argument("name")

    def handle(self, *args, action, **options):
        getattr(self, f"_{action}")(options)

    def _connectors(self, options):
        for connector in CONNECTORS:
            self.stdout.write(f"{connector.name}: {connector.title}. {connector.summary}")
            for field in connector.fields:
                need = "" if field.required else " (optional)"
                self.stdout.write(f"    {field.name}  {field.label}{need}. {field.help}".rstrip())

    def _add(self, options):
        try:
            connector = connector_of(options["connector"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        self._configure(connector, options["name"], options, None)
        self._test(options)

    def _edit(self, options):
        source = _source(options["name"])
        connector = connector_of(source.connector)
        given = {**source.settings, **_values(connector, options["given"])}
        self._configure(connector, source.name, {**options, "values": given}, source)

    def _configure(self, connector, name, options, source):
        values = options.get("values") or _values(connector, options["given"])
        known = {field.name for field in connector.fields}
        values = {key: value for key, value in values.items() if source is None or key in known}
        try:
            configure(name, connector.name, values, source=source, every_minutes=options["every"])
        except BadSettings as error:
            raise CommandError("\n".join(f"{k}: {v}" for k, v in error.errors.items())) from error
        self.stdout.write(f"{name}: saved")

    def _test(self, options):
        checks = check_source(_source(options["name"]))
        for check in checks:
            cure = f". {check.cure}" if check.cure and not check.ok else ""
            self.stdout.write(f"{'ok    ' if check.ok else 'FAILED'}  {check.what}{cure}")
        if not all(check.ok for check in checks):
            raise CommandError("the connection does not work yet")

    def _list(self, options):
        sources = Source.objects.exclude(connector="").order_by("name")
        if options["json"]:
            self.stdout.write(json.dumps(sources_table(sources), default=str, indent=2))
            return
        for row in sources_table(sources):
            self.stdout.write("  ".join(str(value) for value in row.values()))

    def _run(self, options):
        run = run_source(_source(options["name"]))
        problems = attribute_changes() if run.published else []
        self.stdout.write(run_line(run))
        if run.state != SourceRun.DONE or problems:
            raise CommandError("\n".join(filter(None, (run.message, run.cure, *problems))))

    def _pause(self, options):
        Source.objects.filter(pk=_source(options["name"]).pk).update(enabled=False)

    def _resume(self, options):
        Source.objects.filter(pk=_source(options["name"]).pk).update(enabled=True)


def _source(name: str) -> Source:
    found = Source.objects.filter(name=name).exclude(connector="").first()
    if found is None:
        known = Source.objects.exclude(connector="").values_list("name", flat=True)
        raise CommandError(f"no source {name!r} is connected; there are: {', '.join(known) or '-'}")
    return found


def _values(connector: Connector, given: list[str]) -> dict[str, object]:
    secret = {field.name for field in connector.fields if field.kind == SECRET}
    try:
        return given_values(given, secret)
    except NotGiven as error:
        raise CommandError(str(error)) from error
