// SPDX-License-Identifier: MIT
// The suites under the sanitizers, which do not bear a search of the stack.
#include "harness.h"

int main(void) {
    suite_selftest();
    suite_replay();
    suite_session();
    suite_cores();
    suite_vectors();
    return test_report();
}
