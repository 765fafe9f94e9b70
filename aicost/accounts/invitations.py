"""Links that let somebody in once: an invitation makes a login, a reset sets a new password.

The link's secret is shown to the admin once and kept as a hash. It is good for seven days, once;
making another for the same person, or taking it back, ends it.
"""

from datetime import timedelta
import hashlib
import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from aicost.accounts.audit import (
    INVITATION_ENDED,
    INVITED,
    JOINED,
    PASSWORD_SET,
    RESET_MADE,
    record,
)
from aicost.accounts.changes import NAME_CHARS_MAX, Access, teams_named
from aicost.accounts.models import ADMIN, Invitation, User
from aicost.accounts.people import BadPerson

GOOD_FOR = timedelta(days=7)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def open_invitations():
    """Those that are still good."""
    return Invitation.objects.filter(
        Q(used_at=None) & Q(ended_at=None) & Q(expires_at__gt=timezone.now())
    )


@transaction.atomic
def invite(email: str, access: Access, by: User) -> tuple[Invitation, str]:
    """An invitation and the secret of its link. Raises `BadPerson`."""
    email, access = email.strip().casefold(), access.checked()
    try:
        validate_email(email)
    except ValidationError as error:
        raise BadPerson(f"{email or '(nothing)'} is no e-mail address") from error
    if User.objects.filter(email__iexact=email, is_active=True).exists():
        raise BadPerson(f"{email} has a login already: change its role and teams instead")
    open_invitations().filter(email=email, user=None).update(ended_at=timezone.now())
    made, secret = _make(by, email=email, role=access.role, sees_all_teams=access.sees_all_teams)
    made.teams.set(teams_named(access.teams))
    detail = {"role": access.role, "teams": list(access.teams)}
    record(by, INVITED, email, detail)
    return made, secret


@transaction.atomic
def reset(user: User, by: User) -> tuple[Invitation, str]:
    """A link by which somebody sets a new password. Raises `BadPerson` for who has left."""
    if not user.is_active:
        raise BadPerson(f"{user.get_username()} has left: let them in again first")
    open_invitations().filter(user=user).update(ended_at=timezone.now())
    made, secret = _make(by, email=user.email, role=user.role, user=user)
    record(by, RESET_MADE, user.get_username())
    return made, secret


def _make(by: User, **of) -> tuple[Invitation, str]:
    secret = secrets.token_urlsafe(32)
    expires = timezone.now() + GOOD_FOR
    made = Invitation.objects.create(sha256=_digest(secret), made_by=by, expires_at=expires, **of)
    return made, secret


@transaction.atomic
def end(invitation: Invitation, by: User) -> None:
    """Take a link back that nobody has used."""
    found = open_invitations().filter(pk=invitation.pk).update(ended_at=timezone.now())
    if found:
        record(by, INVITATION_ENDED, invitation.email)


def invitation_of(secret: str) -> Invitation | None:
    """The invitation of a link's secret while it is good, else None."""
    if not secret or "\x00" in secret:
        return None
    return open_invitations().select_related("user").filter(sha256=_digest(secret)).first()


@transaction.atomic
def join(secret: str, username: str, name: str, password: str) -> User:
    """Make the login of an invitation, or set the password of a reset; the link is used up.
    Raises `BadPerson`: the password is weak, the name taken, the link not good any more."""
    invitation = invitation_of(secret)
    if invitation is None or not _take(invitation):
        raise BadPerson("this link is not good any more: ask an admin for another")
    user = invitation.user or _new_user(invitation, username, name)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise BadPerson(" ".join(error.messages)) from error
    user.set_password(password)
    if invitation.user is not None:
        user.save(update_fields=["password"])
        record(user, PASSWORD_SET, user.get_username(), {"by": "a link of an admin"})
        return user
    user.save()
    user.teams.set(invitation.teams.all())
    record(user, JOINED, user.get_username(), {"email": invitation.email, "role": user.role})
    return user


def _take(invitation: Invitation) -> bool:
    """Use it up; False if somebody else just did. Undone when joining fails afterwards."""
    return bool(open_invitations().filter(pk=invitation.pk).update(used_at=timezone.now()))


def _new_user(invitation: Invitation, username: str, name: str) -> User:
    username, name = username.strip(), name.strip()
    user = User(
        username=username,
        email=invitation.email,
        first_name=name.partition(" ")[0],
        last_name=name.partition(" ")[2].strip(),
        role=invitation.role,
        sees_all_teams=invitation.sees_all_teams,
        is_staff=invitation.role == ADMIN,
        is_superuser=invitation.role == ADMIN,
    )
    if len(name) > NAME_CHARS_MAX or not name.isprintable():
        raise BadPerson(f"the name has at most {NAME_CHARS_MAX} printable characters")
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        problems = error.message_dict
        told = "; ".join(f"{field}: {' '.join(said)}" for field, said in problems.items())
        raise BadPerson(told) from error
    if User.objects.filter(username__iexact=username).exists():
        raise BadPerson(f"the user name {username} is taken: choose another")
    return user


@transaction.atomic
def change_password(user: User, old: str, new: str) -> None:
    """Somebody's own new password; other sessions of theirs end. Raises `BadPerson`."""
    if not user.check_password(old):
        raise BadPerson("the old password is not right")
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise BadPerson(" ".join(error.messages)) from error
    user.set_password(new)
    user.save(update_fields=["password"])
    record(user, PASSWORD_SET, user.get_username(), {"by": "themselves"})
