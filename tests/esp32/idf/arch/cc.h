/* SPDX-License-Identifier: MIT
 *
 * For a syntax and size check only (README.md): lwIP takes its types from the compiler here.
 */
#include <stdint.h>

typedef int sys_prot_t;
