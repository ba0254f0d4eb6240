# SPDX-License-Identifier: MIT
"""wgprov provision: hand a configuration to a board, get its public key back."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from wgprov import importers, keys, locking, transport
from wgprov.errors import BoardError, InputError, PortError, printable
from wgprov.fields import Conf
from wgprov.options import json_option, port_option, show_secrets_option
from wgprov.output import note, print_json, say
from wgprov.serverformats import render
from wgprov.serverpeer import HEADER, PrivateFile, ServerPeer, check_target, host_routes
from wgprov.session import Session


@dataclass
class Job:
    """A checked request: nothing in it can fail on the host any more."""

    conf: Conf
    psk_modes: list[str]
    private_key: bytearray | None
    new_key: bool
    files: list[Path | None]
    warnings: list[str] = field(default_factory=list)
    lock_key: bytearray | None = None  # to lock the board with afterwards

    @property
    def name(self) -> str:
        return str(self.conf.config["name"])

    def wipe(self) -> None:
        for secret in [self.private_key, self.lock_key, *self.conf.preshared]:
            if secret is not None:
                keys.wipe(secret)


@dataclass
class Outcome:
    """What the board has now."""

    name: str
    board: str
    uid: str | None
    public_key: str
    key_origin: str
    entropy: str | None  # what the board's random bytes come from
    tunnel: str
    servers: list[tuple[str, ServerPeer, Path | None]]  # the server's key, its block, its file
    warnings: list[str]

    def as_json(self, show_secrets: bool) -> dict[str, Any]:
        peers = []
        for server_key, peer, path in self.servers:
            entry: dict[str, Any] = {
                "server_public_key": server_key,
                "allowed_ips": peer.allowed_ips,
                "preshared": peer.preshared is not None or peer.preshared_unchanged,
                "file": str(path) if path else None,
            }
            if show_secrets and peer.preshared is not None:
                entry["preshared_key"] = keys.encode(peer.preshared)
            peers.append(entry)
        return {
            "name": self.name,
            "board": self.board,
            "uid": self.uid,
            "public_key": self.public_key,
            "key": self.key_origin,
            "entropy": self.entropy,
            "tunnel": self.tunnel,
            "peers": peers,
            "warnings": self.warnings,
        }


def plan(
    conf_path: Path,
    name: str | None = None,
    psk: str | None = None,
    private_key_from: Path | None = None,
    new_key: bool = False,
    out: Path | None = None,
) -> Job:
    """Check files and options; raises InputError before anything is sent or written."""
    if new_key and private_key_from:
        raise InputError("--new-key and --private-key-from contradict each other")
    conf = importers.load(conf_path, name)
    warnings = _warnings(conf_path, conf, private_key_from)
    private_key = keys.read_key_file(private_key_from) if private_key_from else None
    job = plan_conf(conf, psk, new_key, out)
    job.private_key = private_key
    job.warnings += warnings
    return job


def plan_conf(
    conf: Conf, psk: str | None = None, new_key: bool = False, out: Path | None = None
) -> Job:
    """The same for a configuration that did not come from a file of its own."""
    modes = _preshared(conf, psk)
    files = _files(conf, modes, out)
    for path in files:
        if path:
            check_target(path)
    return Job(conf, modes, None, new_key, files)


def _warnings(conf_path: Path, conf: Conf, private_key_from: Path | None) -> list[str]:
    warnings = []
    if any(conf.preshared) and keys.readable_by_others(conf_path):
        warnings.append(f"{conf_path}: others can read the preshared key in it: chmod 600")
    if private_key_from:
        warnings.append(
            "--private-key-from: the private key exists outside the board now; "
            "the board would have made its own"
        )
        if private_key_from.exists() and keys.readable_by_others(private_key_from):
            warnings.append(f"{private_key_from}: others can read the private key: chmod 600")
    return warnings


def _preshared(conf: Conf, psk: str | None) -> list[str]:
    """Apply --psk; returns the protocol's mode for each peer."""
    count = len(conf.preshared)
    if psk is None:
        return ["send" if key is not None else "none" for key in conf.preshared]
    if psk in ("none", "keep"):
        conf.preshared = [None] * count
        return [psk] * count
    if psk == "generate":
        conf.preshared = [keys.generate_psk() for _ in range(count)]
        return ["send"] * count
    if count > 1:
        raise InputError(f"--psk {psk}: one file cannot serve {count} peers")
    conf.preshared = [keys.read_key_file(Path(psk))]
    return ["send"]


def _files(conf: Conf, modes: list[str], out: Path | None) -> list[Path | None]:
    """Where each server's block goes; none when it holds no secret and no file was asked for."""
    base = out or Path(f"{conf.config['name']}.server-peer.conf")
    files: list[Path | None] = []
    for i, mode in enumerate(modes):
        numbered = base.with_name(f"{base.stem}-{i + 1}{base.suffix}")
        path = base if len(modes) == 1 else numbered
        files.append(path if out or mode == "send" else None)
    return files


def run(session: Session, job: Job) -> Outcome:
    """Prepare, write the server's files, commit. Whatever fails, the board has all of the old
    configuration or all of the new one, and running it again continues."""
    hello = session.hello()
    prepared = _prepare(session, job)
    board = printable(hello.get("board"), 60)
    servers = _servers(job, prepared, board)
    with ExitStack() as cleanup:
        private_files = []
        for _, peer, path in servers:
            if path:
                text = f"{HEADER}{job.name}\n{render(peer, 'peer', job.name, True)}"
                private_files.append(PrivateFile(path, text))
                cleanup.callback(private_files[-1].discard)
        committed = session.request("commit", name=job.name, token=prepared["token"])
        if committed.get("public_key") != prepared["public_key"]:
            raise BoardError("the board did not keep what it was given: run it again")
        for file in private_files:
            file.keep()
        if job.lock_key is not None:
            session.lock(job.lock_key)
    return Outcome(
        name=job.name,
        board=board,
        uid=printable(hello["uid"], 64) if hello.get("uid") else None,
        public_key=prepared["public_key"],
        key_origin=printable(prepared.get("key")),
        entropy=printable(hello["entropy"], 60) if hello.get("entropy") else None,
        tunnel=printable(committed.get("tunnel")),
        servers=servers,
        warnings=job.warnings + _dropped(job, prepared),
    )


def _prepare(session: Session, job: Job) -> dict[str, Any]:
    key = "send" if job.private_key is not None else "new" if job.new_key else "keep"
    reply: dict[str, Any] = session.request(
        "prepare", config=job.conf.config, key=key, psk=job.psk_modes
    )
    secrets = [] if job.private_key is None else [job.private_key]
    secrets += [key for key in job.conf.preshared if key is not None]
    for secret in secrets:
        if "send" not in reply:
            raise BoardError("the board does not follow the protocol: update its module")
        reply = session.secret(secret)
    _check_prepared(job, reply)
    return reply


def _check_prepared(job: Job, reply: dict[str, Any]) -> None:
    """A serial line has no checksum of its own: compare before it counts."""
    if reply.get("config") != job.conf.config:
        raise PortError("the configuration was damaged on the way: check the cable, run it again")
    if not keys.is_key(reply.get("public_key")) or not isinstance(reply.get("token"), str):
        raise BoardError("the board's answer holds no public key: update its module")


def _servers(
    job: Job, prepared: dict[str, Any], board: str
) -> list[tuple[str, ServerPeer, Path | None]]:
    routes = host_routes(job.conf.config["address"])
    kept = _flags(prepared.get("preshared"), len(job.psk_modes))
    servers = []
    for i, peer in enumerate(job.conf.config["peers"]):
        unchanged = job.psk_modes[i] == "keep" and kept[i]
        secret = job.conf.preshared[i]
        title = f"{job.name} on {board}"
        server = ServerPeer(title, prepared["public_key"], routes, secret, unchanged)
        servers.append((peer["public_key"], server, job.files[i]))
    return servers


def _dropped(job: Job, prepared: dict[str, Any]) -> list[str]:
    before = _flags(prepared.get("preshared_before"), len(job.psk_modes))
    peers = job.conf.config["peers"]
    return [
        f"the preshared key with {peers[i]['public_key']} is gone: remove it on the server too"
        for i, mode in enumerate(job.psk_modes)
        if mode == "none" and before[i]
    ]


def _flags(value: Any, count: int) -> list[bool]:
    """A list of `count` booleans, whatever the board sent."""
    flags = value if isinstance(value, list) else []
    return [bool(flags[i]) if i < len(flags) else False for i in range(count)]


ORIGINS = {"made": "made on the board", "kept": "kept", "imported": "imported"}


@click.command("provision")
@click.argument("conf", type=click.Path(path_type=Path))
@port_option
@click.option("--name", help="Interface name (default: the file's name without .conf).")
@click.option(
    "--psk",
    metavar="generate|keep|none|FILE",
    help="Preshared key: make one, keep the board's, use none, or read FILE "
    "(default: what the conf says).",
)
@click.option("--new-key", is_flag=True, help="Let the board make a new key pair.")
@click.option(
    "--private-key-from",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Hand a private key to the board instead of letting it make one (it warns).",
)
@click.option(
    "--server-peer-out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the server's [Peer] block goes, mode 0600 (default: NAME.server-peer.conf "
    "when it has a preshared key).",
)
@click.option(
    "--lock",
    "lock",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Lock the board afterwards with the key in FILE (made when there is none).",
)
@show_secrets_option
@json_option
def command(
    conf: Path,
    port: str,
    name: str | None,
    psk: str | None,
    new_key: bool,
    private_key_from: Path | None,
    server_peer_out: Path | None,
    lock: Path | None,
    show_secrets: bool,
    as_json: bool,
) -> None:
    """Give a board the configuration in CONF, a wg-quick file.

    The board makes its private key and keeps it. Printed are its public key and the [Peer] block
    for the server. Running it again keeps the board's key; a cable pulled in the middle leaves the
    old configuration or the new one.

    \b
    Examples:
      wgprov provision wg0.conf
      wgprov provision -p /dev/ttyACM0 --psk generate wg0.conf
      wgprov provision -p id:e660583883724a32 --server-peer-out peer.conf --json wg0.conf
    """
    job = plan(conf, name, psk, private_key_from, new_key, server_peer_out)
    if lock:
        job.lock_key = locking.read_or_make(lock)
        if isinstance(port, transport.BoardName):
            port.lock_key = port.lock_key or lock  # again: the board has this lock already
    try:
        for warning in job.warnings:
            note(warning)
        with transport.connect(port) as session:
            outcome = run(session, job)
        for warning in outcome.warnings[len(job.warnings) :]:
            note(warning)
        if as_json:
            print_json(outcome.as_json(show_secrets))
        else:
            print_outcome(outcome, show_secrets)
    finally:
        job.wipe()


def print_outcome(outcome: Outcome, show_secrets: bool) -> None:
    say(f"{outcome.name}: provisioned on {outcome.board}")
    origin = ORIGINS.get(outcome.key_origin, outcome.key_origin)
    if outcome.key_origin == "made" and outcome.entropy:
        origin += f", from {outcome.entropy}"
    say(f"  public key: {outcome.public_key} ({origin})")
    say(f"  tunnel: {outcome.tunnel}")
    for server_key, peer, path in outcome.servers:
        where = f" (with its preshared key in {path}, mode 0600)" if path else ""
        if path and peer.preshared is None:
            where = f" (also in {path})"
        say(f"\nFor the server {server_key}{where}:\n")
        click.echo(render(peer, "peer", outcome.name, show_secrets), nl=False)
