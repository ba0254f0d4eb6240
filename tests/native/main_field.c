// SPDX-License-Identifier: MIT
#include "harness.h"

int main(void) {
    suite_field();
    return test_report();
}
