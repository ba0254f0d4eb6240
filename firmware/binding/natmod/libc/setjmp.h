/* SPDX-License-Identifier: MIT
 *
 * For the declarations in py/nlr.h: a native module never jumps itself.
 */
#ifndef WG_NATMOD_SETJMP_H
#define WG_NATMOD_SETJMP_H

typedef int jmp_buf[1];

#endif
