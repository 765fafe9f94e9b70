"""manage.py bi setup|add|list|remove|refresh: the schema for BI tools and its logins."""

from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.models import ROLES, VIEWER
from aicost.bi.install import install
from aicost.bi.logins import ALL_TEAMS, BadLogin, add_login, listed, remove_login
from aicost.bi.refresh import refresh
from aicost.bi.roles import BY_HAND, database_user


class Command(BaseCommand):
    requires_system_checks = ()
    help = "The schema reporting_v1 for BI tools: its logins, one a team or tool."

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser(
            "setup", help="make schema, roles and rights anew, or say what is missing"
        )
        add = actions.add_parser("add", help="make a login; its password is printed once")
        add.add_argument("name")
        add.add_argument("--role", choices=ROLES, default=VIEWER,
                         help="finance, finops and admin also see what is earned")  # fmt: skip
        add.add_argument("--teams", help="a,b: only rows of these; without it all are seen")
        actions.add_parser("list", help="all logins")
        actions.add_parser("remove", help="end a login at once").add_argument("name")
        fresh = actions.add_parser("refresh", help="work out unit costs, usage and margin by day")
        fresh.add_argument("--again", action="store_true", help="also what did not change")

    def handle(self, *args, action, **options):
        try:
            getattr(self, f"_{action}")(options)
        except BadLogin as error:
            raise CommandError(str(error)) from error

    def _setup(self, options):
        if not install():
            raise CommandError(
                f"the schema is there, but the database user {database_user()} may not make roles,"
                " so that nobody else can be let in. An administrator of the server runs once:\n\n"
                + BY_HAND.format(user=database_user()) + "\n\nand you: manage.py bi setup"
            )  # fmt: skip
        self.stdout.write("schema reporting_v1 is there; add a login with manage.py bi add NAME")

    def _add(self, options):
        asked = options["teams"]
        teams = None if asked is None else [one.strip() for one in asked.split(",")]
        password = add_login(options["name"], options["role"], teams)
        seen = ALL_TEAMS if teams is None else ", ".join(sorted(set(teams)))
        self.stdout.write(f"{options['name']} reads schema reporting_v1 and sees {seen}")
        self.stdout.write(password or "it keeps the password it has")

    def _list(self, options):
        for one in listed():
            seen = ALL_TEAMS if one["teams"] is None else ",".join(one["teams"])
            open_now = "no such role" if one["sessions"] is None else f"{one['sessions']} sessions"
            self.stdout.write(
                f"{one['name']}  {one['role']}  {seen}  made {one['made_at']:%Y-%m-%d}  {open_now}"
            )

    def _remove(self, options):
        remove_login(options["name"])
        self.stdout.write(f"{options['name']} is ended")

    def _refresh(self, options):
        self.stdout.write(f"{refresh(again=options['again'])} months worked out")
