// SPDX-License-Identifier: MIT
// One PASS line when the tests notice the wrong core that is linked, else FAIL: tests that cannot
// fail are worth nothing. MUTANT is its name, MUTANT_BITS what the self-test must say, 0 for no
// matter what.
#include "harness.h"
#include "wg_selftest.h"

int main(void) {
    unsigned bits = wg_selftest();
    int status;
    harness_quiet = true;
    suite_session();
    suite_cores();
    suite_vectors();
    status = test_report();
    harness_quiet = false;
    test_restart();
    test_begin("mutant/" TEST_STRING(MUTANT), -1);
    test_check((bits & MUTANT_BITS) == MUTANT_BITS, "the self-test did not notice");
    test_check(status != 0, "the suites did not notice");
    test_end();
    return test_report();
}
