// SPDX-License-Identifier: MIT
// Decodes as much of Thumb-1 and Thumb-2 (Armv7-M Architecture Reference Manual DDI 0403, A5) as
// time depends on.
#include "thumb.h"

#include <stddef.h>

#define PC 15
#define BIT(n) (1u << (n))
#define FIELD(word, low, bits) ((unsigned)(word) >> (low) & ((1u << (bits)) - 1))

const char *const thumb_class_names[CLASS_COUNT] = {
    "alu",    "mul",   "mla",     "long_mul", "long_mla", "divide",
    "load",   "store", "store_x", "multiple", "load_pc",  "multiple_pc",
    "branch", "call",  "cond",    "it",       "system",   "other",
};

static thumb_insn plain(insn_class class) {
    return (thumb_insn){.class = (uint8_t)class};
}

static thumb_insn alu(unsigned rd) {
    return (thumb_insn){.class = CLASS_ALU, .writes = (uint16_t)BIT(rd)};
}

static thumb_insn load(unsigned rt, unsigned address) {
    return (thumb_insn){
        .class = CLASS_LOAD, .writes = (uint16_t)BIT(rt), .address = (uint16_t)address};
}

static thumb_insn store(insn_class class, unsigned address) {
    return (thumb_insn){.class = (uint8_t)class, .address = (uint16_t)address};
}

static thumb_insn multiple(unsigned registers, bool to_pc, unsigned rn) {
    return (thumb_insn){.class = to_pc ? CLASS_MULTIPLE_PC : CLASS_MULTIPLE,
                        .registers = (uint8_t)registers,
                        .address = (uint16_t)BIT(rn)};
}

static unsigned ones(unsigned mask) {
    return (unsigned)__builtin_popcount(mask);
}

// 010000: data processing; 010001: high registers and BX.
static thumb_insn narrow_process(uint16_t hw) {
    unsigned op = FIELD(hw, 6, 4), rd;
    if (!(hw & 0x0400)) {
        thumb_insn insn = alu(FIELD(hw, 0, 3));
        insn.class = op == 13 ? CLASS_MUL : CLASS_ALU;
        if (op == 8 || op == 10 || op == 11) { // TST, CMP, CMN
            insn.writes = 0;
        }
        return insn;
    }
    op = FIELD(hw, 8, 2);
    if (op == 3) {
        return plain(CLASS_BRANCH);
    }
    rd = FIELD(hw, 0, 3) | (hw & 0x80 ? 8 : 0);
    if (op == 1) {
        return plain(CLASS_ALU); // CMP
    }
    return rd == PC ? plain(CLASS_BRANCH) : alu(rd);
}

static thumb_insn narrow_memory(uint16_t hw) {
    unsigned rt = FIELD(hw, 0, 3), rn = BIT(FIELD(hw, 3, 3)), rm = BIT(FIELD(hw, 6, 3));
    switch (hw >> 12) {
    case 5:
        return FIELD(hw, 9, 3) >= 3 ? load(rt, rn | rm) : store(CLASS_STORE_INDEX, rn | rm);
    case 9:
        rt = FIELD(hw, 8, 3);
        rn = BIT(13);
    }
    return hw & 0x0800 ? load(rt, rn) : store(CLASS_STORE, rn);
}

static thumb_insn narrow_misc(uint16_t hw) {
    if ((hw & 0xf500) == 0xb100) {
        return plain(CLASS_CONDITIONAL); // CBZ, CBNZ
    }
    if ((hw & 0xfe00) == 0xb400) {
        return multiple(ones(hw & 0x1ff), false, 13); // PUSH
    }
    if ((hw & 0xfe00) == 0xbc00) {
        return multiple(ones(hw & 0x1ff), hw & 0x100, 13); // POP
    }
    if ((hw & 0xff00) == 0xb000) {
        return alu(13);
    }
    if ((hw & 0xff00) == 0xbf00) {
        return plain(hw & 0xf ? CLASS_IT : CLASS_ALU);
    }
    return alu(FIELD(hw, 0, 3)); // extend, reverse; CPS and BKPT do not matter here
}

static thumb_insn narrow(uint16_t hw) {
    switch (hw >> 12) {
    case 0:
    case 1:
        return alu(FIELD(hw, 0, 3));
    case 2:
    case 3:
        return FIELD(hw, 11, 2) == 1 ? plain(CLASS_ALU) : alu(FIELD(hw, 8, 3)); // CMP writes none
    case 4:
        return hw & 0x0800 ? load(FIELD(hw, 8, 3), 0) : narrow_process(hw);
    case 10:
        return alu(FIELD(hw, 8, 3));
    case 11:
        return narrow_misc(hw);
    case 12:
        return multiple(ones(hw & 0xff), false, FIELD(hw, 8, 3));
    case 13:
        return plain(FIELD(hw, 8, 4) < 14 ? CLASS_CONDITIONAL : CLASS_SYSTEM);
    case 14:
        return plain(CLASS_BRANCH);
    default:
        return narrow_memory(hw);
    }
}

// 1110100: LDM, STM, LDRD, STRD, exclusives, table branches.
static thumb_insn wide_multiple(uint16_t hw1, uint16_t hw2) {
    unsigned rn = FIELD(hw1, 0, 4);
    if (!(hw1 & 0x40)) {
        return multiple(ones(hw2), (hw1 & 0x10) && (hw2 & 0x8000), rn);
    }
    if ((hw1 & 0xfff0) == 0xe8d0 && (hw2 & 0xffe0) == 0xf000) {
        return plain(CLASS_LOAD_PC); // TBB, TBH
    }
    if ((hw1 & 0x0120) == 0) {
        return plain(CLASS_OTHER); // exclusives
    }
    return multiple(2, false, rn);
}

static thumb_insn wide_branch(uint16_t hw1, uint16_t hw2) {
    if ((hw2 & 0xd000) == 0xd000) {
        return plain(CLASS_CALL);
    }
    if ((hw2 & 0xd000) == 0x9000) {
        return plain(CLASS_BRANCH);
    }
    return plain(FIELD(hw1, 6, 4) < 14 ? CLASS_CONDITIONAL : CLASS_SYSTEM);
}

// 1111100: one register.
static thumb_insn wide_memory(uint16_t hw1, uint16_t hw2) {
    unsigned rn = FIELD(hw1, 0, 4), rt = FIELD(hw2, 12, 4);
    bool index = rn != PC && !(hw1 & 0x80) && !(hw2 & 0x0800);
    unsigned address = (rn == PC ? 0 : BIT(rn)) | (index ? BIT(FIELD(hw2, 0, 4)) : 0);
    if (!(hw1 & 0x10)) {
        return store(index ? CLASS_STORE_INDEX : CLASS_STORE, address);
    }
    if (rt == PC) {
        return plain(FIELD(hw1, 5, 2) == 2 ? CLASS_LOAD_PC : CLASS_ALU); // else a preload hint
    }
    return load(rt, address);
}

static thumb_insn wide_multiply(uint16_t hw1, uint16_t hw2) {
    unsigned op = FIELD(hw1, 4, 3);
    thumb_insn insn = alu(FIELD(hw2, 8, 4));
    if (!(hw1 & 0x80)) {
        insn.class = FIELD(hw2, 12, 4) == 15 ? CLASS_MUL : CLASS_MLA;
        return insn;
    }
    if (op == 1 || op == 3) {
        insn.class = CLASS_DIVIDE;
        return insn;
    }
    insn.class = op < 4 ? CLASS_LONG_MUL : CLASS_LONG_MLA;
    insn.writes |= (uint16_t)BIT(FIELD(hw2, 12, 4));
    return insn;
}

static thumb_insn wide_insn(uint16_t hw1, uint16_t hw2) {
    if ((hw1 & 0xfe00) == 0xe800) {
        return wide_multiple(hw1, hw2);
    }
    if ((hw1 & 0xfe00) == 0xea00) {
        return alu(FIELD(hw2, 8, 4));
    }
    if ((hw1 & 0xf800) == 0xf000) {
        return hw2 & 0x8000 ? wide_branch(hw1, hw2) : alu(FIELD(hw2, 8, 4));
    }
    if ((hw1 & 0xfe00) == 0xf800) {
        return wide_memory(hw1, hw2);
    }
    if ((hw1 & 0xff00) == 0xfa00) {
        return alu(FIELD(hw2, 8, 4));
    }
    return (hw1 & 0xff00) == 0xfb00 ? wide_multiply(hw1, hw2) : plain(CLASS_OTHER);
}

thumb_insn thumb_decode(uint16_t hw1, uint16_t hw2, bool wide) {
    return wide ? wide_insn(hw1, hw2) : narrow(hw1);
}
