// SPDX-License-Identifier: MIT
// Built once for each wrong core of mutant.c, with all generic cores beside it: the self-test must
// name it, replace it and then pass, and everything above must be right. WRONG: the bits of what
// must be replaced; WRONG_PRIMITIVE: its name in the report.
#include "harness.h"
#include "wg_core.h"

static bool text_is(const char *text, const char *want) {
    while (*text != 0 && *text == *want) {
        text++;
        want++;
    }
    return *text == *want;
}

// How many lines say "replaced", and whether the one for WRONG_PRIMITIVE does.
static void check_report(unsigned failed) {
    const char *text[3];
    unsigned replaced = 0;
    for (unsigned i = 0; wg_selftest_report(i, failed, text); i++) {
        bool wrong = text_is(text[0], TEST_STRING(WRONG_PRIMITIVE));
        CHECK(text_is(text[2], wrong ? "replaced" : "passed"));
        CHECK(!wrong || text_is(text[1], "generic32"));
        replaced += text_is(text[2], "replaced");
    }
    CHECK(replaced == 1);
}

int main(void) {
    test_begin("fallback/" TEST_STRING(WRONG_PRIMITIVE), -1);
    CHECK(wg_core_replaced == 0);
    CHECK(wg_selftest() == 0);
    CHECK(wg_core_replaced == WRONG);
    CHECK(wg_selftest() == 0);
    check_report(0);
    test_end();
    suite_session();
    suite_vectors();
    return test_report();
}
