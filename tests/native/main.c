// SPDX-License-Identifier: MIT
// Every suite that needs nothing but the machine: the same on the host and on each emulated core.
#include "harness.h"

int main(void) {
    suite_selftest();
    suite_replay();
    suite_session();
    suite_wipe();
    suite_cores();
    suite_vectors();
    return test_report();
}
