// SPDX-License-Identifier: MIT
// The costs. docs/PERFORMANCE.md gives the source of each and the choices made.
#include <stddef.h>
#include <string.h>

#include "thumb.h"

// A taken branch refills the pipeline: P of the Technical Reference Manuals, 1 to 3, here 2.
#define P 2

// Cortex-M4 Technical Reference Manual (100166, table 3-1).
#define ARMV7M_COSTS                                                                               \
    [CLASS_ALU] = 1, [CLASS_MUL] = 1, [CLASS_LOAD] = 2, [CLASS_STORE] = 1,                         \
    [CLASS_STORE_INDEX] = 2, [CLASS_MULTIPLE] = 1, [CLASS_LOAD_PC] = 2 + P,                        \
    [CLASS_MULTIPLE_PC] = 1 + P, [CLASS_BRANCH] = 1 + P, [CLASS_CALL] = 1 + P,                     \
    [CLASS_CONDITIONAL] = 1, [CLASS_IT] = 1, [CLASS_SYSTEM] = 2, [CLASS_OTHER] = 1,                \
    [CLASS_DIVIDE] = 12

static const cost_model models[] = {
    // Cortex-M0+ Technical Reference Manual (DDI 0484, table 3-1), with the one-cycle multiplier.
    {.name = "m0plus",
     .cost = {[CLASS_ALU] = 1,
              [CLASS_MUL] = 1,
              [CLASS_LOAD] = 2,
              [CLASS_STORE] = 2,
              [CLASS_STORE_INDEX] = 2,
              [CLASS_MULTIPLE] = 1,
              [CLASS_MULTIPLE_PC] = 3,
              [CLASS_BRANCH] = 2,
              [CLASS_CALL] = 3,
              [CLASS_CONDITIONAL] = 1,
              [CLASS_SYSTEM] = 3},
     .taken = 1},
    // Cortex-M3 Technical Reference Manual (DDI 0337): a long multiply takes 3 to 5 cycles, with a
    // sum 4 to 7, by the operands; the most is counted.
    {.name = "m3",
     .cost = {ARMV7M_COSTS, [CLASS_MLA] = 2, [CLASS_LONG_MUL] = 5, [CLASS_LONG_MLA] = 7},
     .taken = P,
     .pipelined = true},
    {.name = "m4",
     .cost = {ARMV7M_COSTS, [CLASS_MLA] = 1, [CLASS_LONG_MUL] = 1, [CLASS_LONG_MLA] = 1},
     .taken = P,
     .pipelined = true},
    // No table is published for the Cortex-M33: the M4's, as an estimate.
    {.name = "m33",
     .cost = {ARMV7M_COSTS, [CLASS_MLA] = 1, [CLASS_LONG_MUL] = 1, [CLASS_LONG_MLA] = 1},
     .taken = P,
     .pipelined = true},
};

const cost_model *cost_model_find(const char *name) {
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        if (strcmp(models[i].name, name) == 0) {
            return &models[i];
        }
    }
    return NULL;
}

static bool is_single(const thumb_insn *insn) {
    return insn->class == CLASS_LOAD || insn->class == CLASS_STORE ||
           insn->class == CLASS_STORE_INDEX;
}

static bool computes(const thumb_insn *insn) {
    return insn->class <= CLASS_DIVIDE;
}

// M4 manual section 3.3.2 (the M3's is the same): a load or store after a single load whose result
// does not make its address overlaps it by one cycle; nothing overlaps a store; an address made by
// the data processing instruction just before costs a cycle more.
static unsigned pipelined(unsigned cost, const thumb_insn *before, const thumb_insn *now) {
    bool depends = (before->writes & now->address) != 0;
    if (computes(before) && depends) {
        return cost + 1;
    }
    if (is_single(now) && cost == 2 && before->class == CLASS_LOAD && !depends) {
        return cost - 1;
    }
    return cost;
}

unsigned cost_of(const cost_model *model, const thumb_insn *before, const thumb_insn *now) {
    unsigned cost = model->cost[now->class] + now->registers;
    if (model->pipelined && before != NULL && now->address != 0) {
        cost = pipelined(cost, before, now);
    } else if (model->pipelined && before != NULL && now->class == CLASS_LOAD &&
               before->class == CLASS_LOAD) {
        cost--; // a literal
    }
    return cost;
}
