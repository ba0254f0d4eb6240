// SPDX-License-Identifier: MIT
// Put before every source of the secret-dependence check by -include.
#include <valgrind/memcheck.h>
#define WG_DECLASSIFY(p, n) ((void)VALGRIND_MAKE_MEM_DEFINED(p, n))
