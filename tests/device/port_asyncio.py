# SPDX-License-Identifier: MIT
# asyncio on a board: sleeping tasks beside a stream.
import asyncio
import time


async def tick(log, period_ms, count):
    for _ in range(count):
        await asyncio.sleep_ms(period_ms)
        log.append(time.ticks_ms())


async def line_echo(host, port, line):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(line)
    await writer.drain()
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer


async def main(host, port):
    log = []
    start = time.ticks_ms()
    answer, _ = await asyncio.gather(line_echo(host, port, b"hello\n"), tick(log, 20, 10))
    return answer, len(log), time.ticks_diff(log[-1], start)


def run(host, port):
    return asyncio.run(main(host, port))
