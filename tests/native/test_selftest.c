// SPDX-License-Identifier: MIT
#include "harness.h"
#include "wg_selftest.h"

void suite_selftest(void) {
    test_begin("selftest/passes", -1);
    CHECK(wg_selftest() == 0);
    test_end();
}
