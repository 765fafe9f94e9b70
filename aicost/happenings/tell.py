"""Say that something happened."""

from collections.abc import Iterable, Mapping

from aicost.happenings.models import Happening
from aicost.kernel.periods import utc_now


def happened(
    kind: str, key: str, data: Mapping, *, subject: str = "", teams: Iterable[str] = ()
) -> None:
    """Write it in the caller's transaction: it is told if and only if that commits, and once for
    a key. `data` is JSON, money in it decimal strings."""
    row = Happening(
        type=kind, key=key, subject=subject or key, teams=sorted(teams), data=dict(data),
        at=utc_now(),
    )  # fmt: skip
    Happening.objects.bulk_create([row], ignore_conflicts=True)


def was_told(subject: str) -> bool:
    """Whether anything was said of this subject before."""
    return Happening.objects.filter(subject=subject).exists()
