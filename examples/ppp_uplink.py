# SPDX-License-Identifier: MIT
"""A board's main.py: the internet through a modem, or another computer, on UART0.

Copy it to the board as main.py (`mpremote cp examples/ppp_uplink.py :main.py`). The tunnel has been
started before main.py runs; it finds its way out as soon as PPP has an address, and again after a
loss of the link. Pins: GP0 is TX, GP1 is RX. A modem may want its AT commands (APN, ATD*99#) before
`connect`.
"""

import machine
import network

BAUD = 921600
BUFFER_BYTES = 16384
LOOK_MS = 500

# Each buffer has to hold what TCP may send at once, six full packets on an RP2040: lwIP writes in
# an interrupt and cannot wait, and MicroPython reads the UART when it comes to it.
uart = machine.UART(
    0,
    baudrate=BAUD,
    tx=machine.Pin(0),
    rx=machine.Pin(1),
    txbuf=BUFFER_BYTES,
    rxbuf=BUFFER_BYTES,
)
ppp = network.PPP(uart)
ppp.connect()


def look(_timer):
    """The UART calls ppp.poll() by itself when the line falls silent; this is for bytes that came
    while it could not, and for a link that was lost."""
    if ppp.status() < 0:
        ppp.connect()
    ppp.poll()


timer = machine.Timer(period=LOOK_MS, mode=machine.Timer.PERIODIC, callback=look)
