# SPDX-License-Identifier: MIT
"""A board's main.py: runs app.py, and replaces it by newer ones that it fetches through the tunnel.

    mpremote mip install requests
    mpremote cp examples/ota_update.py :main.py + cp examples/ota_app.py :app.py

The server offers app.json, {"version": 2, "file": "app-2.py", "sha256": "..."}, and the file. A new
app is written beside the present one, its hash is compared, and it is renamed; after a reset it is
on trial. It stays when it calls updater.confirm(). If the board restarts before (it crashed, it
hung and a watchdog bit, the power went), the former app is back, and that version is refused.

Where the power goes, a whole app is there at the next start: each step is one rename, which
littlefs makes at once. Who may write to that server may run code here: only the tunnel says that it
is the right one. Sign the files if that is not enough.
"""

import hashlib
import json
import os
import sys
import time

import machine
import requests

SERVER = "http://10.7.0.1:8000/files/"  # inside the tunnel
APP_MAX_BYTES = 64 * 1024
CHUNK_BYTES = 1024
ANSWER_S = 10
AFTER_CRASH_S = 5

NEW, STARTED = "new", "started"


class Updater:
    """The app in service, `state` on flash, and how it gets from one app to the next."""

    def __init__(self):
        try:
            with open("/ota.json") as file:
                self.state = json.load(file)
        except (OSError, ValueError):
            self.state = {"version": 0, "former": 0, "refused": 0, "trial": None}

    def start(self):
        """Run the app: what is new for the first time, what did not confirm not again."""
        if self.state["trial"] == STARTED:
            self._roll_back()
        elif self.state["trial"] == NEW:
            self._swap()
            self._save(trial=STARTED)
        try:
            __import__("app").main(self)
        except Exception as error:
            sys.print_exception(error)
        time.sleep(0 if self.state["trial"] else AFTER_CRASH_S)
        machine.reset()

    def confirm(self):
        """The app works: keep it."""
        if self.state["trial"]:
            self._save(trial=None)

    def check(self):
        """Reset into a newer app if the server has one; return when there is nothing new."""
        try:
            offer = self._get("app.json").json()
            if offer["version"] <= max(self.state["version"], self.state["refused"]):
                return
            self._download(offer["file"], offer["sha256"])
        except (OSError, ValueError, KeyError) as error:
            print("update:", repr(error))
            return
        self._save(trial=NEW, former=self.state["version"], version=offer["version"])
        machine.reset()

    def _get(self, name):
        response = requests.get(SERVER + name, timeout=ANSWER_S)
        if response.status_code != 200:
            response.close()
            raise OSError(f"{name}: HTTP {response.status_code}")
        return response

    def _download(self, name, sha256):
        digest, size = hashlib.sha256(), 0
        response = self._get(name)
        try:
            with open("/app.new", "wb") as file:
                while True:
                    chunk = response.raw.read(CHUNK_BYTES)
                    size += len(chunk)
                    if not chunk or size > APP_MAX_BYTES:
                        break
                    digest.update(chunk)
                    file.write(chunk)
        finally:
            response.close()
        if digest.digest().hex() != sha256:
            os.remove("/app.new")
            raise ValueError(f"{name} is not what app.json says")

    def _swap(self):
        """Put app.new into service; again, if the power went in the middle."""
        if exists("/app.new"):
            if exists("/app.py"):
                os.rename("/app.py", "/app.old")
            os.rename("/app.new", "/app.py")

    def _roll_back(self):
        print("update: did not confirm: version", self.state["version"])
        if exists("/app.old"):
            os.rename("/app.old", "/app.py")
        refused, former = self.state["version"], self.state["former"]
        self._save(trial=None, version=former, refused=refused)

    def _save(self, **changes):
        self.state.update(changes)
        with open("/ota.new", "w") as file:
            json.dump(self.state, file)
        os.rename("/ota.new", "/ota.json")


def exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


Updater().start()
