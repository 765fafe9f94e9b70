"""Notes by hand on a day: added from a page, changed and deleted on a page of their own."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from aicost.accounts.audit import NOTE_ADDED, NOTE_CHANGED, NOTE_DELETED, record
from aicost.accounts.scope import asker_of
from aicost.kernel.periods import FIRST_YEAR, LAST_YEAR
from aicost.web.notes import CONCERNS, TEXT_CHARS_MAX, may_change, may_note, seen_by
from aicost.web.shell import frame, refuse, sentence
from attribution.entities.seen import is_seen
from attribution.models import Note
from attribution.reports.spec import Asker
from ingest.connect import is_storable

NAME_CHARS_MAX = 200


class BadNote(ValueError):
    """A note that cannot be kept; the message says why."""


@dataclass(frozen=True)
class Told:
    """A note as the form sent it, checked."""

    day: date
    text: str
    about: dict[str, str]


def read(told, asker: Asker) -> Told:
    """Raises BadNote for what cannot be kept. Whoever sees only some teams writes for one of them:
    without a team, nobody of theirs would see the note."""
    try:
        day = date.fromisoformat(told.get("day", ""))
    except ValueError:
        raise BadNote("Give the day of the note, as YYYY-MM-DD.") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadNote(f"The day is not in the years {FIRST_YEAR} to {LAST_YEAR}.")
    text = " ".join(told.get("text", "").split())
    if not text or len(text) > TEXT_CHARS_MAX or not is_storable(text):
        raise BadNote(f"Write a note of at most {TEXT_CHARS_MAX} characters.")
    about: dict[str, str] = {}
    for pair in told.getlist("about"):
        name, _, value = pair.partition(":")
        if pair and (name not in (*CONCERNS, "team") or not value or not is_storable(value)):
            raise BadNote("A note is about a feature, model, experiment, workload or team.")
        if pair:
            about[name] = _seen(asker, name, value)
    if told.get("team"):
        about["team"] = told["team"]
        if not is_storable(told["team"]) or len(told["team"]) > NAME_CHARS_MAX:
            raise BadNote("No team is called so.")
    if asker.teams is not None and about.get("team") not in asker.teams:
        raise BadNote("Say which of your teams the note is for.")
    return Told(day, text, about)


def _seen(asker: Asker, kind: str, name: str) -> str:
    """The name, if the asker sees it: a note shows that there is one. Raises BadNote."""
    if len(name) > NAME_CHARS_MAX:
        raise BadNote(f"A name has at most {NAME_CHARS_MAX} characters.")
    if not is_seen(asker, kind, name):
        raise BadNote(f"No money of your teams stands on a {kind} of this name.")
    return name


def back(request: HttpRequest) -> str:
    """Where the form came from; Explore if that is no address of ours."""
    address = request.POST.get("next", "")
    ours = address.startswith("/") and url_has_allowed_host_and_scheme(address, None)
    return address if ours else "/explore/"


@login_required
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    if not may_note(request.user):
        return refuse(request, "notes")
    try:
        told = read(request.POST, asker_of(request.user))
    except BadNote as error:
        return sentence(request, 400, "The note was not kept", str(error))
    note = Note.objects.create(author=request.user, day=told.day, text=told.text, **told.about)
    record(request.user, NOTE_ADDED, note.text, {"note": note.pk, "day": str(note.day)})
    return redirect(back(request))


def _changeable(request: HttpRequest, note_id: int) -> Note:
    note = get_object_or_404(seen_by(asker_of(request.user)), pk=note_id)
    if not may_change(request.user, note):
        raise Http404(f"no note {note_id}")
    return note


@login_required
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, note_id: int) -> HttpResponse:
    """Its day and text; what it is about stays."""
    note = _changeable(request, note_id)
    problem = ""
    if request.method == "POST":
        before = {"day": str(note.day), "text": note.text}
        try:
            asked = request.POST.copy()
            asked["team"] = note.team
            told = read(asked, asker_of(request.user))
            note.day, note.text = told.day, told.text
            note.save()
            after = {"day": str(note.day), "text": note.text}
            detail = {"note": note.pk, "from": before, "to": after}
            record(request.user, NOTE_CHANGED, note.text, detail)
            return redirect(back(request))
        except BadNote as error:
            problem = str(error)
    context = frame(request, "explore") | {
        "title": "Note",
        "note": note,
        "about": ", ".join(filter(None, (getattr(note, name) for name in (*CONCERNS, "team")))),
        "problem": problem,
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "chars": TEXT_CHARS_MAX,
    }
    return render(request, "pages/note.html", context, status=400 if problem else 200)


@login_required
@require_POST
def delete(request: HttpRequest, note_id: int) -> HttpResponse:
    note = _changeable(request, note_id)
    detail = {"note": note.pk, "day": str(note.day), "author": note.author.username}
    record(request.user, NOTE_DELETED, note.text, detail)
    note.delete()
    return redirect(back(request))
