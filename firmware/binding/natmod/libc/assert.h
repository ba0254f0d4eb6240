/* SPDX-License-Identifier: MIT
 *
 * The little of a C library that MicroPython's and this module's sources include: no compiler for
 * a microcontroller need bring one. natmod.c holds the functions.
 */
#ifndef WG_NATMOD_ASSERT_H
#define WG_NATMOD_ASSERT_H

#define assert(condition) ((void)0)

#endif
