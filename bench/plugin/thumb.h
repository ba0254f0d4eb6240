// SPDX-License-Identifier: MIT
// What a Thumb instruction costs: its class, and what its neighbours need to know of it.
#ifndef BENCH_THUMB_H
#define BENCH_THUMB_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    CLASS_ALU,
    CLASS_MUL,      // 32-bit product
    CLASS_MLA,      // 32-bit product and sum
    CLASS_LONG_MUL, // UMULL, SMULL
    CLASS_LONG_MLA, // UMLAL, SMLAL, UMAAL
    CLASS_DIVIDE,
    CLASS_LOAD,        // one register
    CLASS_STORE,       // one register, immediate offset
    CLASS_STORE_INDEX, // one register, register offset
    CLASS_MULTIPLE,    // LDM, STM, PUSH, POP, LDRD, STRD: 1 + n
    CLASS_LOAD_PC,     // LDR PC, TBB, TBH
    CLASS_MULTIPLE_PC, // POP or LDM with PC
    CLASS_BRANCH,      // B, BX, BLX register, MOV PC
    CLASS_CALL,        // BL
    CLASS_CONDITIONAL, // B<c>, CBZ, CBNZ
    CLASS_IT,
    CLASS_SYSTEM, // MRS, MSR, barriers
    CLASS_OTHER,  // not modelled (VFP, coprocessor): one cycle
    CLASS_COUNT
} insn_class;

typedef struct {
    uint8_t class;
    uint8_t registers; // how many a CLASS_MULTIPLE moves
    uint16_t writes;   // mask of core registers that a single load or data processing writes
    uint16_t address;  // mask of registers that make a load's or store's address
} thumb_insn;

extern const char *const thumb_class_names[CLASS_COUNT];

// hw1, and hw2 for an instruction of 4 bytes.
thumb_insn thumb_decode(uint16_t hw1, uint16_t hw2, bool wide);

// Costs in cycles of a core, each with its source in docs/PERFORMANCE.md.
typedef struct {
    const char *name;
    uint8_t cost[CLASS_COUNT]; // not taken for CLASS_CONDITIONAL; without n for the multiples
    uint8_t taken;             // added when a conditional branch is taken
    bool pipelined;            // single loads and stores overlap as in Armv7-M's pipeline
} cost_model;

const cost_model *cost_model_find(const char *name);
// Cycles of `now`, which follows `before` without a branch between them (NULL: after a branch).
unsigned cost_of(const cost_model *model, const thumb_insn *before, const thumb_insn *now);

#endif
