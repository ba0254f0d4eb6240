#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bring the third-party sources of firmware/sources.lock into .cache/src.

    python3 firmware/fetch.py [--route auto|git|debian] [--cache DIR] [--lock FILE] [NAME ...]

NAME is a section of the lock or a group of sections; without one, the sections of no group.
Standard library only, because it runs before anything is installed. Each tree comes from upstream's
git when that answers quickly, else from Debian; it is checked against the lock, unpacked beside its
destination and then renamed, so that a tree in .cache/src is complete or absent. Exit status 1 and
one line on stderr when a source is not to be had or is not what the lock says.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sourcelock import FetchError, Source, read_lock

ROOT = Path(__file__).resolve().parent.parent
STAMP = ".fetched"
GIT_PROBE_TIMEOUT_S = 8
COMMAND_TIMEOUT_S = 900
KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")


def run(command: Sequence[str], cwd: Path | None = None, timeout: float = COMMAND_TIMEOUT_S) -> str:
    """Standard output of a command; FetchError with its last line when it fails."""
    environment = dict(os.environ, GIT_TERMINAL_PROMPT="0", LC_ALL="C.UTF-8")
    label = " ".join(command[:2])
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except FileNotFoundError:
        raise FetchError(f"{command[0]}: not installed") from None
    except subprocess.TimeoutExpired:
        raise FetchError(f"{label}: no answer within {timeout:.0f} s") from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise FetchError(f"{label}: exit status {done.returncode}: {lines[-1]}")
    return done.stdout


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


# --- upstream's git ---------------------------------------------------------------------------


def git_commit_of_tag(source: Source) -> str | None:
    """The commit upstream's tag names; None when the repository does not answer quickly."""
    reference = f"refs/tags/{source.tag}"
    command = ["git", "ls-remote", source.git, reference, reference + "^{}"]
    try:
        listing = run(command, timeout=GIT_PROBE_TIMEOUT_S)
    except FetchError:
        return None
    found = dict(reversed(line.split("\t")) for line in listing.splitlines())
    return found.get(reference + "^{}") or found.get(reference)


def check_commit(source: Source, found: str) -> None:
    """Refuse a tag that was moved."""
    if found != source.commit:
        raise FetchError(
            f"{source.name}: tag {source.tag} is commit {found} upstream, "
            f"but sources.lock says {source.commit}"
        )


def submodule_tree(source: Source, work: Path) -> Path:
    """A shallow checkout of the commit that the parent's locked commit has at this path."""
    parent, bare, tree = source.parent, work / "parent", work / "tree"
    assert parent is not None
    reference = f"refs/tags/{parent.tag}"
    shallow = ["git", "fetch", "--quiet", "--depth=1"]
    run(["git", "init", "--quiet", "--bare", str(bare)])
    run([*shallow, "--filter=blob:none", parent.git, f"+{reference}:{reference}"], cwd=bare)
    check_commit(parent, run(["git", "rev-parse", reference + "^{commit}"], cwd=bare).strip())
    listed = run(["git", "ls-tree", parent.commit, "--", source.path_in_parent()], cwd=bare).split()
    if listed[1:2] != ["commit"]:
        raise FetchError(f"{source.name}: {parent.name} has no submodule {source.path_in_parent()}")
    run(["git", "init", "--quiet", str(tree)])
    run([*shallow, source.git, listed[2]], cwd=tree)
    run(["git", "-c", "advice.detachedHead=false", "checkout", "--quiet", listed[2]], cwd=tree)
    shutil.rmtree(tree / ".git")
    return tree


def git_tree(source: Source, work: Path) -> Path:
    """A shallow checkout of the locked tag. Its .git stays: MicroPython's build describes itself
    by it, and without one it would describe the repository around the cache instead."""
    tree = work / "tree"
    reference = f"refs/tags/{source.tag}"
    run(["git", "init", "--quiet", str(tree)])
    run(["git", "fetch", "--quiet", "--depth=1", source.git, f"+{reference}:{reference}"], cwd=tree)
    check_commit(source, run(["git", "rev-parse", reference + "^{commit}"], cwd=tree).strip())
    run(["git", "-c", "advice.detachedHead=false", "checkout", "--quiet", source.commit], cwd=tree)
    if source.submodules:  # the locked commit fixes theirs
        update = ["git", "submodule", "--quiet", "update", "--init", "--depth=1", "--"]
        run([*update, *source.submodules], cwd=tree)
    if "/" in source.into:
        shutil.rmtree(tree / ".git")
    return tree


# --- Debian -----------------------------------------------------------------------------------


def debian_mirror(options: Sequence[str]) -> str | None:
    """Address of the first Debian archive in apt's configuration."""
    form = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    listing = run(["apt-get", *options, "indextargets", "--format", form, "Identifier: Packages"])
    for line in listing.splitlines():
        if line.startswith("Debian|Debian|"):
            return line.split("|", 2)[2]
    return None


class PrivateApt:
    """apt with sources and lists of our own: reads another suite, leaves the system's alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _options(self) -> list[str]:
        folder = self._folder
        return [
            f"-oDir::Etc::SourceList={folder}/sources.list",
            "-oDir::Etc::SourceParts=/dev/null",
            f"-oDir::State::Lists={folder}/lists",
            f"-oDir::Cache={folder}/cache",
            "-oAPT::Sandbox::User=root",
            "-oAcquire::Languages=none",
        ]

    def _mirror(self) -> str:
        """The Debian mirror this machine uses; it is asked for and never written down."""
        mirror = debian_mirror([])
        if mirror is None:  # apt knows a mirror's origin only once it has an index: get our own
            lists = self._folder / "system-lists"
            (lists / "partial").mkdir(parents=True, exist_ok=True)
            options = [f"-oDir::State::Lists={lists}", "-oAPT::Sandbox::User=root"]
            run(["apt-get", *options, "update"])
            mirror = debian_mirror(options)
        if mirror is None:
            raise FetchError("no upstream git answers and apt has no Debian archive: no route left")
        return mirror

    def update(self, suite: str, binary: bool) -> None:
        """Fetch the suite's index."""
        for name in ("lists/partial", "cache/archives/partial"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        folders = (Path("/usr/share/keyrings") / name for name in KEYRINGS)
        signed = next((f" [signed-by={path}]" for path in folders if path.is_file()), "")
        kind = "deb" if binary else "deb-src"
        line = f"{kind}{signed} {self._mirror()} {suite} main\n"
        (self._folder / "sources.list").write_text(line, encoding="utf-8")
        run(["apt-get", *self._options(), "update"])

    def download(self, source: Source, folder: Path) -> None:
        """Put the files of exactly the locked package version into folder."""
        verb = ["download"] if source.is_binary else ["source", "--download-only"]
        run(["apt-get", *self._options(), *verb, source.package], cwd=folder)


def check_files(source: Source, folder: Path) -> None:
    """Refuse a file that is absent or has another hash than the lock says."""
    if not source.sha256:
        raise FetchError(f"sources.lock: [{source.name}] sha256: missing")
    for name, wanted in source.sha256:
        path = folder / name
        if not path.is_file():
            raise FetchError(f"{source.name}: {name} was not downloaded")
        found = sha256_of(path)
        if found != wanted:
            raise FetchError(
                f"{source.name}: {name} has sha256 {found}, but sources.lock says {wanted}; "
                "nothing was unpacked"
            )


# The index that this process has fetched.
refreshed: set[tuple[str, bool]] = set()


def debian_files(source: Source, cache: Path, work: Path) -> Path:
    """Folder with the package's checked files; kept, so that the next tree needs no network."""
    kept = cache / "downloads" / f"{source.name}-{source.version}-debian"
    if kept.is_dir():
        try:
            check_files(source, kept)
            return kept
        except FetchError as error:
            say(f"{error}: fetching it again")
    apt = PrivateApt(cache / "apt")
    if (source.suite, source.is_binary) not in refreshed:
        apt.update(source.suite, source.is_binary)
        refreshed.clear()  # the new index has taken the place of the one before
        refreshed.add((source.suite, source.is_binary))
    fresh = work / "files"
    fresh.mkdir()
    apt.download(source, fresh)
    check_files(source, fresh)
    shutil.rmtree(kept, ignore_errors=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    os.rename(fresh, kept)
    return kept


def unpack_tarball(source: Source, tarball: Path, work: Path) -> Path:
    """What the tarball's one folder holds, or what of it `only` names."""
    tree = work / "tree"
    tree.mkdir()
    chosen = ["--wildcards", *source.only] if source.only else []
    run(["tar", "-xf", str(tarball), "--strip-components=1", "-C", str(tree), *chosen])
    return tree


def unpack_binary(source: Source, package: Path, work: Path) -> Path:
    """The tree (or tarball) `take` inside a .deb."""
    content = work / "deb"
    run(["dpkg-deb", "-x", str(package), str(content)])
    taken = content / source.take
    if taken.is_dir():
        return taken
    if not taken.is_file():
        raise FetchError(f"{source.name}: {source.take} is not in {package.name}")
    return unpack_tarball(source, taken, work)


def debian_tree(source: Source, cache: Path, work: Path) -> Path:
    """The unpacked tree of a Debian source package, or of a binary package that holds sources."""
    files = debian_files(source, cache, work)
    first = files / source.sha256[0][0]
    if source.is_binary:
        return unpack_binary(source, first, work)
    if source.only:  # upstream's tarball is the lock's second file; Debian's patches are left out
        return unpack_tarball(source, files / source.sha256[1][0], work)
    tree = work / "tree"
    run(["dpkg-source", "-x", str(first), str(tree)])
    return tree


# --- both -------------------------------------------------------------------------------------


def say(text: str) -> None:
    """Progress for a person: one line at once."""
    print(f"fetch: {text}", flush=True)


def require_upstream(source: Source) -> None:
    """A submodule has no other route: say where it is, and what to do."""
    try:
        run(["git", "ls-remote", source.git, "HEAD"], timeout=GIT_PROBE_TIMEOUT_S)
    except FetchError:
        parent = source.parent
        assert parent is not None
        raise FetchError(
            f"{source.name}: {source.git} does not answer, and no package has it; it is "
            f"{parent.name} {parent.tag}'s submodule {source.path_in_parent()}: run this where "
            f"that address is reached, or put its tree at .cache/src/{source.into} yourself"
        ) from None


def choose_route(source: Source, route: str) -> str:
    """git when it is asked for or answers. A tag that names another commit is an error at once."""
    if source.parent is not None:
        return "git"
    if route == "debian" or not source.git:
        return "debian"
    commit = git_commit_of_tag(source)
    if commit is None:
        if route == "git" or not source.package:
            raise FetchError(f"{source.name}: {source.git} does not answer for tag {source.tag}")
        return "debian"
    check_commit(source, commit)
    return "git"


def is_hand_made(source: Source, destination: Path) -> bool:
    """True for a submodule that somebody put there (git submodule update, or a copy)."""
    if source.parent is None or (destination / STAMP).exists() or not destination.is_dir():
        return False
    return any(destination.iterdir())


def is_current(source: Source, destination: Path) -> bool:
    """True when the tree in place was made from exactly this section of the lock."""
    try:
        return (destination / STAMP).read_text(encoding="utf-8").split()[0] == source.key()
    except (OSError, IndexError):
        return False


def put_in_place(tree: Path, destination: Path, work: Path) -> None:
    """Rename the tree to its destination; what was there is moved away first."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    if destination.exists():
        os.rename(destination, work / "old")
    os.rename(tree, destination)


def is_there(source: Source, cache: Path) -> bool:
    """True when nothing has to be fetched."""
    destination = cache / "src" / source.into
    return is_current(source, destination) or is_hand_made(source, destination)


def check_submodules(sources: list[Source], cache: Path) -> None:
    """Stop before the first tree is fetched when a later one is not to be had. Without git, which
    setup brings, nothing can be said yet."""
    for source in sources:
        if source.parent and not is_there(source, cache) and shutil.which("git"):
            require_upstream(source)


def fetch(source: Source, cache: Path, route: str) -> None:
    """Make source's tree current below cache/src."""
    destination = cache / "src" / source.into
    if is_there(source, cache):
        return
    started = time.monotonic()
    (cache / "src").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=cache / "src") as name:
        work = Path(name)
        chosen = choose_route(source, route)
        tag = f" {source.tag}" if source.tag else ""
        origin = f"{source.git}{tag}" if chosen == "git" else f"Debian {source.package}"
        say(f"{source.name} {source.version} from {origin} ...")
        if source.parent is not None:
            tree = submodule_tree(source, work)
        else:
            tree = git_tree(source, work) if chosen == "git" else debian_tree(source, cache, work)
        (tree / STAMP).write_text(f"{source.key()} {chosen}\n", encoding="utf-8")
        put_in_place(tree, destination, work)
    say(f"{source.name} {source.version} in place after {time.monotonic() - started:.1f} s")


@contextmanager
def locked(cache: Path) -> Iterator[None]:
    """One fetch at a time per cache, also under `make -j`."""
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "fetch.lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def select(sources: list[Source], names: Sequence[str]) -> list[Source]:
    """The named sources and groups in the lock's order; those of no group when there is no name."""
    wanted = set(names) or {""}
    unknown = set(names) - {name for source in sources for name in (source.name, source.group)}
    if unknown:
        raise FetchError(f"sources.lock has no section [{sorted(unknown)[0]}]")
    return [source for source in sources if wanted & {source.name, source.group}]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Fetch the sources that sources.lock names.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="sections or groups")
    parser.add_argument("--check", action="store_true", help="only: is a submodule out of reach?")
    parser.add_argument("--route", choices=("auto", "git", "debian"), default="auto")
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache")
    parser.add_argument("--lock", type=Path, default=ROOT / "firmware" / "sources.lock")
    options = parser.parse_args(arguments)
    cache = options.cache.absolute()
    try:
        with locked(cache):
            chosen = select(read_lock(options.lock), options.names)
            check_submodules(chosen, cache)
            for source in [] if options.check else chosen:
                fetch(source, cache, options.route)
    except FetchError as error:
        print(f"fetch: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
