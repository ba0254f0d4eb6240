# SPDX-License-Identifier: MIT
"""firmware/fetch.py: both routes, and that a wrong source is refused and leaves nothing behind."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UPSTREAM = "https://upstream.invalid/demo"
NEEDS_DPKG = pytest.mark.skipif(
    shutil.which("dpkg-deb") is None, reason="no dpkg: this machine has only the git route"
)


def fetch(box: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the tool in a cache with a space in its path."""
    script = ROOT / "firmware" / "fetch.py"
    command = [sys.executable, script, "--cache", box / "my cache", "--lock", box / "sources.lock"]
    return subprocess.run(
        [*command, *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


def git(folder: Path, *arguments: str, **environ: str) -> str:
    """Output of git with an identity of its own."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@t.invalid", "-c", "tag.gpgsign=false"]
    command = ["git", *identity, *arguments]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def tree_of(box: Path) -> list[str]:
    """Everything below src, hidden leftovers included."""
    source = box / "my cache" / "src"
    return sorted(str(path.relative_to(source)) for path in source.rglob("*"))


def write_lock(box: Path, text: str) -> None:
    (box / "sources.lock").write_text(text, encoding="utf-8")


# --- git ---------------------------------------------------------------------------------------


def repository(folder: Path, file: str, text: str) -> str:
    """Make a git repository with one file; return its commit."""
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / file).write_text(text)
    git(folder, "add", file)
    git(folder, "commit", "--quiet", "-m", "one")
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def upstream(tmp_path: Path) -> tuple[Path, str, dict[str, str]]:
    """A local repository with an annotated tag, its commit, and what makes it be UPSTREAM."""
    folder = tmp_path / "demo"
    commit = repository(folder, "main.c", "int x;\n")
    git(folder, "tag", "-a", "-m", "release", "v1")
    instead = {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/.insteadOf",
        "GIT_CONFIG_VALUE_0": UPSTREAM.removesuffix("demo"),
        "GIT_CONFIG_KEY_1": "protocol.file.allow",
        "GIT_CONFIG_VALUE_1": "always",
    }
    return tmp_path, commit, instead


def git_lock(commit: str) -> str:
    return f"[demo]\nversion = 1\ngit = {UPSTREAM}\ntag = v1\ncommit = {commit}\ninto = demo\n"


def test_git_route(upstream: tuple[Path, str, dict[str, str]]) -> None:
    box, commit, environ = upstream
    write_lock(box, git_lock(commit))
    done = fetch(box, **environ)
    assert done.returncode == 0, done.stderr
    demo = box / "my cache" / "src" / "demo"
    assert (demo / "main.c").read_text() == "int x;\n"
    assert git(demo, "describe", "--tags").strip() == "v1"
    assert fetch(box, **environ).stdout == "", "a second run does nothing"


def test_git_route_brings_the_submodules_asked_for(
    upstream: tuple[Path, str, dict[str, str]],
) -> None:
    box, _, environ = upstream
    demo = box / "demo"
    for name in ("wanted", "other"):
        repository(box / name, f"{name}.c", "")
        add = ["submodule", "--quiet", "add", UPSTREAM.replace("demo", name), f"lib/{name}"]
        git(demo, *add, **environ)
    git(demo, "commit", "--quiet", "-m", "two")
    git(demo, "tag", "-f", "-a", "-m", "release", "v1")
    commit = git(demo, "rev-parse", "HEAD").strip()
    write_lock(box, git_lock(commit) + "submodules = lib/wanted\n")
    done = fetch(box, **environ)
    assert done.returncode == 0, done.stderr
    found = tree_of(box)
    assert "demo/lib/wanted/wanted.c" in found and "demo/lib/other/other.c" not in found
    assert git(box / "my cache" / "src" / "demo", "describe", "--tags", "--dirty").strip() == "v1"


def test_git_route_refuses_a_moved_tag(upstream: tuple[Path, str, dict[str, str]]) -> None:
    box, commit, environ = upstream
    write_lock(box, git_lock("0" * 40))
    done = fetch(box, **environ)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"tag v1 is commit {commit} upstream, but sources.lock says {'0' * 40}" in done.stderr
    assert tree_of(box) == []


def test_a_new_lock_replaces_the_tree(upstream: tuple[Path, str, dict[str, str]]) -> None:
    box, commit, environ = upstream
    write_lock(box, git_lock(commit))
    assert fetch(box, **environ).returncode == 0
    (box / "my cache" / "src" / "demo" / "stale.c").touch()
    write_lock(box, git_lock(commit).replace("version = 1", "version = 1.0"))
    assert fetch(box, **environ).returncode == 0
    assert "demo/stale.c" not in tree_of(box)


def test_no_route_is_one_line(tmp_path: Path) -> None:
    write_lock(tmp_path, git_lock("0" * 40))
    done = fetch(tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"fetch: error: demo: {UPSTREAM} does not answer for tag v1\n"


def two_sections(commit: str) -> str:
    """A parent, and a submodule of it that is fetched when its group is asked for."""
    other = UPSTREAM.replace("demo", "other")
    section = f"[other]\ngroup = extra\nversion = 1\ngit = {other}\nsubmodule of = demo\n"
    return git_lock(commit) + section + "into = demo/lib/other\n"


@pytest.fixture
def with_submodule(
    upstream: tuple[Path, str, dict[str, str]],
) -> tuple[Path, str, str, dict[str, str]]:
    """`upstream` with a submodule that has gone on since; the parent's commit, the locked one."""
    box, _, environ = upstream
    locked = repository(box / "other", "other.c", "int old;\n")
    add = ["submodule", "--quiet", "add", UPSTREAM.replace("demo", "other"), "lib/other"]
    git(box / "demo", *add, **environ)
    git(box / "demo", "commit", "--quiet", "-m", "two")
    git(box / "demo", "tag", "-f", "-a", "-m", "release", "v1")
    (box / "other" / "other.c").write_text("int newer;\n")
    git(box / "other", "commit", "--quiet", "-a", "-m", "newer")
    git(box / "other", "config", "uploadpack.allowAnySHA1InWant", "true")  # as GitHub does
    return box, git(box / "demo", "rev-parse", "HEAD").strip(), locked, environ


def test_a_group_is_left_alone_until_it_is_asked_for(
    with_submodule: tuple[Path, str, str, dict[str, str]],
) -> None:
    box, commit, _, environ = with_submodule
    write_lock(box, two_sections(commit))
    assert fetch(box, **environ).returncode == 0
    assert "demo/lib/other/other.c" not in tree_of(box)
    done = fetch(box, "extra", **environ)
    assert done.returncode == 0, done.stderr
    other = box / "my cache" / "src" / "demo" / "lib" / "other"
    assert (other / "other.c").read_text() == "int old;\n", "the commit that the parent has"
    assert not (other / ".git").exists()
    assert fetch(box, "extra", **environ).stdout == "", "a second run does nothing"


def test_a_submodule_of_a_moved_tag_is_refused(
    with_submodule: tuple[Path, str, str, dict[str, str]],
) -> None:
    box, commit, _, environ = with_submodule
    write_lock(box, two_sections("0" * 40))
    done = fetch(box, "extra", **environ)
    assert done.returncode == 1
    assert f"demo: tag v1 is commit {commit} upstream, but sources.lock says" in done.stderr
    assert tree_of(box) == []


def test_a_submodule_out_of_reach_is_one_line_that_says_how_to_get_it(tmp_path: Path) -> None:
    write_lock(tmp_path, two_sections("0" * 40))
    done = fetch(tmp_path, "extra")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    for part in ("https://upstream.invalid/other", "demo v1's submodule lib/other", ".cache/src/"):
        assert part in done.stderr


def test_a_submodule_put_there_by_hand_is_used(tmp_path: Path) -> None:
    write_lock(tmp_path, two_sections("0" * 40))
    other = tmp_path / "my cache" / "src" / "demo" / "lib" / "other"
    other.mkdir(parents=True)
    assert fetch(tmp_path, "extra").returncode == 1, "an empty folder is what git leaves"
    (other / "other.c").touch()
    assert fetch(tmp_path, "extra").returncode == 0


# --- Debian ------------------------------------------------------------------------------------


def debian_box(tmp_path: Path, name: str, content: bytes, lines: str) -> str:
    """Put a downloaded package file where the tool keeps them; return the lock that wants it."""
    downloads = tmp_path / "my cache" / "downloads" / "demo-1-debian"
    downloads.mkdir(parents=True, exist_ok=True)
    (downloads / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    head = f"[demo]\nversion = 1\ninto = demo\nsuite = trixie\n{lines}\n"
    return f"{head}sha256 =\n    {digest}  {name}\n"


def binary_package(tmp_path: Path) -> bytes:
    """A .deb that holds a source tree and a tarball of one, as pico-sdk-source does."""
    content = tmp_path / "deb"
    (content / "DEBIAN").mkdir(parents=True)
    (content / "DEBIAN" / "control").write_text(
        "Package: demo-source\nVersion: 1\nArchitecture: all\nMaintainer: t <t@t.invalid>\n"
        "Description: demo\n"
    )
    held = content / "usr" / "src" / "demo"
    held.mkdir(parents=True)
    (held / "main.c").write_text("int y;\n")
    with tarfile.open(content / "usr" / "src" / "demo.tar.xz", "w:xz") as archive:
        member = tarfile.TarInfo("demo-1/main.c")
        member.size = 7
        archive.addfile(member, io.BytesIO(b"int z;\n"))
    package = tmp_path / "demo.deb"
    command = ["dpkg-deb", "--root-owner-group", "-b", str(content), str(package)]
    subprocess.run(command, check=True, capture_output=True)
    return package.read_bytes()


@NEEDS_DPKG
@pytest.mark.parametrize(
    ("take", "expected"), [("usr/src/demo", "int y;\n"), ("usr/src/demo.tar.xz", "int z;\n")]
)
def test_binary_package_that_holds_sources(tmp_path: Path, take: str, expected: str) -> None:
    lines = f"binary = demo-source=1\ntake = {take}"
    write_lock(tmp_path, debian_box(tmp_path, "demo.deb", binary_package(tmp_path), lines))
    done = fetch(tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "my cache" / "src" / "demo" / "main.c").read_text() == expected


def test_the_lock_names_real_files() -> None:
    """Every section of the real lock has both routes and full hashes, or is a submodule of one."""
    sys.path.insert(0, str(ROOT / "firmware"))
    try:
        import fetch as tool
    finally:
        sys.path.pop(0)
    for source in tool.read_lock(ROOT / "firmware" / "sources.lock"):
        assert source.git.startswith("https://"), source.name
        if source.parent is not None:
            assert source.group and source.into.startswith(source.parent.into + "/"), source.name
            continue
        assert len(source.commit) == 40 and source.package and source.sha256, source.name


@NEEDS_DPKG
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_debian_route_and_a_wrong_hash(tmp_path: Path) -> None:
    """The real lwIP from the machine's Debian mirror; then the same with one digit changed."""
    if subprocess.run(["apt-get", "--version"], capture_output=True).returncode:
        pytest.skip("no apt")
    lock = (ROOT / "firmware" / "sources.lock").read_text(encoding="utf-8")
    lock = lock.replace("into = micropython/lib/lwip", "into = lwip")
    first = lock[lock.index("[lwip]") :].split("sha256 =\n")[1].split()[0]
    changed = first[:-1] + ("0" if first[-1] != "0" else "1")
    write_lock(tmp_path, lock.replace(first, changed))
    done = fetch(tmp_path, "--route", "debian", "lwip")
    if "no route left" in done.stderr:
        pytest.skip("this machine's apt has no Debian archive")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"has sha256 {first}, but sources.lock says {changed}" in done.stderr
    assert tree_of(tmp_path) == []
    assert not (tmp_path / "my cache" / "downloads").exists()
    write_lock(tmp_path, lock)
    done = fetch(tmp_path, "--route", "debian", "lwip")
    assert done.returncode == 0, done.stderr
    assert (
        tmp_path / "my cache" / "src" / "lwip" / "src" / "include" / "lwip" / "init.h"
    ).is_file()


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lock", "expected"),
    [
        ("[demo]\ninto = demo\n", "[demo] version: missing"),
        ("[demo]\nversion = 1\ninto = ../out\n", "'../out' leaves the source folder"),
        ("[demo]\nversion = 1\ninto = x\nsha256 =\n  abc  f\n", "not '<64 hex digits>  <file>'"),
        ("[demo]\nversion = 1\ninto = x\nsubmodule of = y\n", "no section [y] above"),
        ("no section\n", "File contains no section headers"),
    ],
)
def test_bad_lock_is_one_line(tmp_path: Path, lock: str, expected: str) -> None:
    write_lock(tmp_path, lock)
    done = fetch(tmp_path)
    assert done.returncode == 1
    assert expected in done.stderr and done.stderr.count("\n") == 1


def test_unknown_name(tmp_path: Path) -> None:
    write_lock(tmp_path, "[demo]\nversion = 1\ninto = demo\n")
    done = fetch(tmp_path, "dmo")
    assert (done.returncode, done.stderr) == (
        1,
        "fetch: error: sources.lock has no section [dmo]\n",
    )
