"""Where AICOST_HOME has no room, or may not be written: words instead of a number. Pure."""

import errno

from ingest.fetch.base import FetchError

CURE = "Free some space there, or let the worker's user write there; then it goes on by itself"
NO_ROOM = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EEXIST,
    errno.ENOTDIR,
}


def room_fault(error: Exception) -> FetchError | None:
    """The fault as a user can act on it; None when it is another one. DuckDB and Postgres tell
    theirs in text only."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        place = f" {error.filename}" if error.filename else ""
        return FetchError(f"AICOST_HOME cannot be written:{place} {error.strerror}", CURE)
    if "No space left on device" in str(error):
        return FetchError(f"no space is left: {str(error).splitlines()[0][:300]}", CURE)
    return None
