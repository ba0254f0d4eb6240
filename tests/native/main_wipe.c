// SPDX-License-Identifier: MIT
#include "harness.h"

int main(void) {
    suite_wipe();
    return test_report();
}
