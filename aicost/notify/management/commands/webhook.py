"""manage.py webhook list|add|secret|test|on|off|end|replay|schema: programs that hear what
happens."""

from datetime import datetime
import json

from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.audit import (
    WEBHOOK_ENDED,
    WEBHOOK_REPLAYED,
    WEBHOOK_SAVED,
    WEBHOOK_SECRET,
    record,
)
from aicost.accounts.models import User
from aicost.accounts.scope import may_connect
from aicost.kernel.periods import utc_now
from aicost.notify.models import Endpoint
from aicost.notify.webhooks import endpoints
from aicost.notify.webhooks.catalogue import schema
from aicost.notify.webhooks.endpoints import GRACE_HOURS, BadEndpoint, Wanted
from aicost.notify.webhooks.moments import moment_of
from aicost.notify.webhooks.replay import BadReplay, replay_span


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Programs that hear what happens, event by event. See docs/webhooks.md."

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="all endpoints")
        actions.add_parser("schema", help="the JSON Schema of all that is posted")
        add = actions.add_parser("add", help="a new one; its secret is printed once")
        add.add_argument("address")
        add.add_argument("--description", default="")
        add.add_argument("--type", action="append", default=[], help="all events if none is given")
        add.add_argument("--team", action="append", help="only what is these teams' alone")
        secret = self._of_one(actions, "secret", "another secret, printed once")
        secret.add_argument("--grace", type=int, default=24, choices=GRACE_HOURS, metavar="HOURS",
                            help="how long the one of now still signs")  # fmt: skip
        for name, what in (
            ("test", "send a message that says only that it came"),
            ("on", "switch it on"),
            ("off", "switch it off"),
            ("end", "for good"),
        ):
            self._of_one(actions, name, what)  # fmt: skip
        replay = self._of_one(actions, "replay", "send again what did not arrive")
        replay.add_argument("--from", dest="start", required=True, help="YYYY-MM-DD HH:MM, UTC")
        replay.add_argument("--to", dest="end", help="now unless given")
        replay.add_argument("--all", action="store_true", help="also what arrived")
        for name in ("add", "secret", "test", "on", "off", "end", "replay"):
            actions.choices[name].add_argument("--user", required=True, help="who does it")

    def _of_one(self, actions, name: str, what: str):
        made = actions.add_parser(name, help=what)
        made.add_argument("id", type=int)
        return made

    def handle(self, *args, action, **options):
        if options.get("user") is not None:
            self._user(options)  # before anything is done
        try:
            getattr(self, f"_{action}")(options)
        except (BadEndpoint, BadReplay) as error:
            raise CommandError(str(error)) from error

    def _list(self, options):
        for one in Endpoint.objects.filter(ended_at=None).order_by("pk"):
            state = "on" if one.enabled else f"off {one.off_why}".strip()
            types = ",".join(one.types) or "all events"
            teams = "" if one.teams is None else f"  of {', '.join(one.teams)}"
            self.stdout.write(f"{one.pk}  {one.address}  {state}  {types}{teams}")

    def _schema(self, options):
        self.stdout.write(json.dumps(schema(), indent=2))

    def _add(self, options):
        teams = tuple(options["team"]) if options["team"] else None
        types = tuple(options["type"])
        wanted = Wanted(options["address"], options["description"], types, teams)
        made, secret = endpoints.add(wanted, self._user(options))
        self._keep(options, WEBHOOK_SAVED, made, address=made.address, teams=made.teams)
        self.stdout.write(f"{made.pk}  {secret}")

    def _secret(self, options):
        one = self._found(options)
        secret = endpoints.rotate(one, options["grace"])
        self._keep(options, WEBHOOK_SECRET, one, hours=options["grace"])
        self.stdout.write(secret)

    def _test(self, options):
        send = endpoints.send_test(self._found(options), self._user(options))
        self.stdout.write(f"msg_{send.message_id} is on its way")

    def _on(self, options):
        self._switch(options, on=True)

    def _off(self, options):
        self._switch(options, on=False)

    def _switch(self, options, on: bool):
        one = self._found(options)
        endpoints.switch(one, on)
        self._keep(options, WEBHOOK_SAVED, one, enabled=on)

    def _end(self, options):
        one = self._found(options)
        endpoints.end(one)
        self._keep(options, WEBHOOK_ENDED, one)

    def _replay(self, options):
        one, user = self._found(options), self._user(options)
        start: datetime = moment_of(options["start"])
        end = moment_of(options["end"]) if options["end"] else utc_now()
        done = replay_span(one, start, end, user, all_of_it=options["all"])
        told = {"from": options["start"], "to": options["end"] or "now"}
        self._keep(options, WEBHOOK_REPLAYED, one, **told, again=done.again, new=done.new)
        self.stdout.write(f"{done.again} sent again, {done.new} of what happened meanwhile")

    def _found(self, options) -> Endpoint:
        one = Endpoint.objects.filter(pk=options["id"], ended_at=None).first()
        if one is None:
            raise CommandError(f"no webhook {options['id']}: `manage.py webhook list` says which")
        return one

    def _user(self, options) -> User:
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None or not may_connect(user):
            raise CommandError(f"{options['user']!r} is nobody who may connect sources")
        return user

    def _keep(self, options, action: str, one: Endpoint, **detail) -> None:
        record(self._user(options), action, str(one), {"endpoint": one.pk, **detail})
