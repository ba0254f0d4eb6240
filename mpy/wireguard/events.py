# SPDX-License-Identifier: MIT
"""Waiting for a tunnel in asyncio.

The tunnel changes in a scheduled callback, which may come while asyncio sleeps in its poll; only a
ThreadSafeFlag wakes it from there. Such a flag has one waiter, so each waiter brings its own.
"""

import asyncio


async def wait(wg, up):
    """Return when wg is up (or, with up=False, down)."""
    flag = asyncio.ThreadSafeFlag()
    wg.waiting.append(flag)
    try:
        while wg.was_up != up:
            await flag.wait()
    finally:
        wg.waiting.remove(flag)
