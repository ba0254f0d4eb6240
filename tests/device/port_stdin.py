# SPDX-License-Identifier: MIT
# Polling the serial line: what a program does that talks to a tool on the other end.
import select
import sys


def answer_line(timeout_ms):
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)
    before = len(poll.poll(0))
    print("READY")
    if not poll.poll(timeout_ms):
        return before, None
    return before, sys.stdin.readline()
