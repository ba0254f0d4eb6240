// SPDX-License-Identifier: MIT
// The replay window alone, for the other sizes it can be built in.
#include "harness.h"

int main(void) {
    suite_replay();
    return test_report();
}
