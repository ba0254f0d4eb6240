// SPDX-License-Identifier: MIT
// A QEMU plugin that counts what runs between two addresses:
//
//   -plugin cycles.so,cpu=m4,start=0x…,stop=0x…,out=FILE[,profile=on][,skip=0x…,until=0x…]
//
// A region begins with the instruction at `start` and ends before the one at `stop`; both must be
// the target of a branch. What runs from `skip` to `until` is left out: an exception that stands
// for an instruction which the emulated core lacks, and which is counted itself. cpu is a model of
// model.c, or `count`: each instruction costs 1. For each region FILE gets a line
//   region NUMBER cycles N instructions N code HASH data HASH [class=count …]
// and with profile=on a line `at ADDRESS executed N cycles N` for each instruction that ran.
// The hashes are of the sequence of addresses executed, and of those loaded and stored: equal
// hashes for different secrets are what constant time and constant address mean.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"
#include "thumb.h"

#define HASH_SEED 0xcbf29ce484222325u

typedef struct {
    uint64_t address;
    thumb_insn insn;
    unsigned cost;
} slot;

// One translation block: straight code, left only at its end.
typedef struct block {
    struct block *next;
    uint64_t address, end;
    uint64_t runs, extra; // of the region; extra: cycles beside the sum of the costs
    unsigned cost;
    unsigned count;
    unsigned classes[CLASS_COUNT];
    slot slots[];
} block;

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_API_VERSION;

static const cost_model *model;
static uint64_t start_address, stop_address, skip_address, until_address;
static bool want_profile;
static FILE *out;

static block *blocks;
static block *previous;
static bool active, skipping;
static unsigned region;
static uint64_t cycles, instructions, code_hash, data_hash, unaligned;

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static void begin(void) {
    for (block *b = blocks; b != NULL; b = b->next) {
        b->runs = b->extra = 0;
    }
    active = true;
    previous = NULL;
    cycles = instructions = unaligned = 0;
    code_hash = data_hash = HASH_SEED;
}

static void print_classes(void) {
    uint64_t sums[CLASS_COUNT] = {0};
    for (block *b = blocks; b != NULL; b = b->next) {
        for (unsigned i = 0; i < CLASS_COUNT; i++) {
            sums[i] += b->runs * b->classes[i];
        }
    }
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        if (sums[i] != 0) {
            fprintf(out, " %s=%" PRIu64, thumb_class_names[i], sums[i]);
        }
    }
}

static void print_profile(const block *b) {
    for (unsigned i = 0; i < b->count; i++) {
        uint64_t sum = b->runs * b->slots[i].cost + (i + 1 == b->count ? b->extra : 0);
        fprintf(out, "at %" PRIx64 " executed %" PRIu64 " cycles %" PRIu64 "\n",
                b->slots[i].address, b->runs, sum);
    }
}

static void end(void) {
    active = false;
    fprintf(out,
            "region %u cycles %" PRIu64 " instructions %" PRIu64 " code %016" PRIx64
            " data %016" PRIx64 " unaligned=%" PRIu64,
            region++, cycles, instructions, code_hash, data_hash, unaligned);
    if (model != NULL) {
        print_classes();
    }
    fputc('\n', out);
    for (block *b = blocks; want_profile && b != NULL; b = b->next) {
        if (b->runs != 0) {
            print_profile(b);
        }
    }
}

// What is known only now that the block before has ended: whether its branch was taken, or, when it
// ended without one, what its last instruction means to the first one here.
static void settle(block *before, const block *now) {
    const slot *last = &before->slots[before->count - 1];
    int more = 0;
    if (last->insn.class == CLASS_CONDITIONAL) {
        more = now->address == before->end ? 0 : model->taken;
    } else if (now->address == before->end) {
        more = (int)cost_of(model, &last->insn, &now->slots[0].insn) - (int)now->slots[0].cost;
    }
    before->extra += (uint64_t)(int64_t)more;
    cycles += (uint64_t)(int64_t)more;
}

static void on_block(unsigned vcpu, void *data) {
    block *b = data;
    (void)vcpu;
    skipping = b->address >= skip_address && b->address < until_address;
    if (b->address == start_address) {
        begin();
    } else if (!active || skipping) {
        return;
    }
    if (model != NULL && previous != NULL) {
        settle(previous, b);
    }
    if (b->address == stop_address) {
        end();
        return;
    }
    b->runs++;
    cycles += b->cost;
    instructions += b->count;
    code_hash = mix(code_hash, b->address);
    previous = b;
}

// M4 manual section 3.3.2: a word in two halves costs a cycle, one in byte, half and byte two; a
// half in two bytes one.
static void charge_unaligned(uint64_t address, uint64_t size) {
    if (model != NULL && model->pipelined && previous != NULL) {
        unsigned more = size == 4 && (address & 1) ? 2 : 1;
        previous->extra += more;
        cycles += more;
    }
}

static void on_memory(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    uint64_t size = UINT64_C(1) << qemu_plugin_mem_size_shift(info);
    (void)vcpu;
    (void)data;
    if (active && !skipping) {
        data_hash = mix(data_hash, address << 4 | size << 1 | qemu_plugin_mem_is_store(info));
        if ((address & (size - 1)) != 0) {
            unaligned++;
            charge_unaligned(address, size);
        }
    }
}

// The first n bytes of an instruction, as the processor orders them.
static void read_code(const struct qemu_plugin_insn *insn, uint16_t *to, size_t n) {
#if QEMU_PLUGIN_API_VERSION >= 3
    qemu_plugin_insn_data(insn, to, n);
#else
    memcpy(to, qemu_plugin_insn_data(insn), n);
#endif
}

// Not qemu_plugin_insn_size(): at the end of a page QEMU looks ahead, and counts that in.
static bool is_wide(const struct qemu_plugin_insn *insn) {
    uint16_t hw = 0;
    read_code(insn, &hw, sizeof hw);
    return hw >> 11 >= 0x1d;
}

static slot decode(const struct qemu_plugin_insn *insn, const slot *before) {
    slot s = {.address = qemu_plugin_insn_vaddr(insn), .cost = 1};
    uint16_t hw[2] = {0};
    if (model == NULL) {
        return s;
    }
    read_code(insn, hw, is_wide(insn) ? 4 : 2);
    s.insn = thumb_decode(hw[0], hw[1], is_wide(insn));
    s.cost = cost_of(model, before == NULL ? NULL : &before->insn, &s.insn);
    return s;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    size_t count = qemu_plugin_tb_n_insns(tb);
    block *b = calloc(1, sizeof *b + count * sizeof b->slots[0]);
    const struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, count - 1);
    (void)id;
    if (b == NULL) {
        abort();
    }
    b->address = qemu_plugin_tb_vaddr(tb);
    b->end = qemu_plugin_insn_vaddr(last) + (is_wide(last) ? 4 : 2);
    b->count = (unsigned)count;
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        b->slots[i] = decode(insn, i == 0 ? NULL : &b->slots[i - 1]);
        b->cost += b->slots[i].cost;
        b->classes[b->slots[i].insn.class]++;
        qemu_plugin_register_vcpu_mem_cb(insn, on_memory, QEMU_PLUGIN_CB_NO_REGS,
                                         QEMU_PLUGIN_MEM_RW, NULL);
    }
    b->next = blocks;
    blocks = b;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, b);
}

static void on_exit(qemu_plugin_id_t id, void *data) {
    (void)id;
    (void)data;
    fprintf(out, "end %u\n", region);
    fclose(out);
}

static bool option(char *text) {
    char *value = strchr(text, '=');
    if (value == NULL) {
        return false;
    }
    *value++ = 0;
    if (strcmp(text, "cpu") == 0) {
        model = cost_model_find(value);
        return model != NULL || strcmp(value, "count") == 0;
    } else if (strcmp(text, "start") == 0) {
        start_address = strtoull(value, NULL, 0);
    } else if (strcmp(text, "stop") == 0) {
        stop_address = strtoull(value, NULL, 0);
    } else if (strcmp(text, "skip") == 0) {
        skip_address = strtoull(value, NULL, 0);
    } else if (strcmp(text, "until") == 0) {
        until_address = strtoull(value, NULL, 0);
    } else if (strcmp(text, "out") == 0) {
        out = fopen(value, "w");
    } else if (strcmp(text, "profile") == 0) {
        want_profile = strcmp(value, "on") == 0;
    } else {
        return false;
    }
    return true;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
                                           char **argv) {
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!option(argv[i])) {
            fprintf(stderr, "cycles: bad option %s\n", argv[i]);
            return -1;
        }
    }
    if (out == NULL || start_address == 0 || stop_address == 0) {
        fprintf(stderr, "cycles: start, stop and out are needed\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit, NULL);
    return 0;
}
