"""manage.py token add|list|revoke: tokens of programs."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from aicost.accounts.audit import TOKEN_MADE, TOKEN_REVOKED, record
from aicost.accounts.models import ApiToken, User
from aicost.accounts.tokens import SCOPES, expiry_of, make_token, secret_of


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Tokens of programs that send, read or change data."

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="make a token; its text is printed once")
        add.add_argument("name")
        add.add_argument("--user", required=True, help="in whose name it acts")
        add.add_argument("--scope", action="append", required=True, choices=SCOPES)
        add.add_argument("--team", action="append", help="sees only this team; several")
        add.add_argument("--days", type=int, help="how long it is good; without it, for ever")
        actions.add_parser("list", help="all tokens, without their text")
        revoke = actions.add_parser("revoke", help="end a token at once")
        revoke.add_argument("token_id", help="as `list` shows it")

    def handle(self, *args, action, **options):
        getattr(self, f"_{action}")(options)

    def _add(self, options):
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"no user {options['user']!r}: add one with manage.py adduser")
        try:
            expires_at = expiry_of(options["days"])
            made, text = make_token(
                user, options["name"], options["scope"], expires_at, options["team"]
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        record(None, TOKEN_MADE, made.name, made.told())
        self.stdout.write(text)
        password = secret_of(made, text)
        self.stderr.write(f"For Basic authentication: user {made.token_id}, password {password}")

    def _list(self, options):
        now = timezone.now()
        for token in ApiToken.objects.select_related("user").order_by("pk"):
            used = f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never"
            until = f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else "for ever"
            teams = "all teams" if token.teams is None else f"teams {', '.join(token.teams)}"
            self.stdout.write(
                f"{token.token_id}  {token.state_at(now)}  {','.join(token.scopes)}"
                f"  {token.user.username}  {teams}  {until}  {token.name}  last used {used}"
            )

    def _revoke(self, options):
        token_id = options["token_id"].rstrip("…")
        found = ApiToken.objects.filter(token_id=token_id, revoked_at=None).first()
        if found is None:
            raise CommandError(f"no token {token_id} that is not revoked: see `token list`")
        found.revoked_at = timezone.now()
        found.save(update_fields=["revoked_at"])
        record(None, TOKEN_REVOKED, found.name, {"token_id": token_id})
