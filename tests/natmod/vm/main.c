/* SPDX-License-Identifier: MIT
 *
 * Reads `length\n code` from the host's standard input, runs the code, writes what it prints and
 * then "\4\n" to its output; tests/natmod/machines.py is at the other end. QEMU's Xtensa `sim`:
 * input, output and exit by simcalls.
 */
#include <string.h>

#include "py/builtin.h"
#include "py/compile.h"
#include "py/gc.h"
#include "py/lexer.h"
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stackctrl.h"

#include "../../native/baremetal/xtensa.h"

#define HEAP_BYTES (512 * 1024)
#define STACK_BYTES (128 * 1024)
#define CODE_MAX_BYTES (64 * 1024)

int main(void);
void mp_hal_stdout_tx_strn_cooked(const char *text, size_t len);
void machine_spill(void);

static char heap[HEAP_BYTES] __attribute__((aligned(8)));
static char code[CODE_MAX_BYTES];
extern char stack_top;

void mp_hal_stdout_tx_strn_cooked(const char *text, size_t len) {
    machine_simcall(SIM_WRITE, 1, (uintptr_t)text, len);
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t len) {
    mp_hal_stdout_tx_strn_cooked(text, len);
    return len;
}

void mp_hal_stdout_tx_str(const char *text) {
    mp_hal_stdout_tx_strn_cooked(text, strlen(text));
}

/* A pipe gives what there is. False: at its end. */
static bool read_all(char *to, size_t len) {
    while (len != 0) {
        int got = machine_simcall(SIM_READ, 0, (uintptr_t)to, len);
        if (got <= 0) {
            return false;
        }
        to += got;
        len -= (size_t)got;
    }
    return true;
}

static bool read_code(size_t *len) {
    char digit;
    *len = 0;
    while (read_all(&digit, 1) && digit != '\n') {
        *len = 10 * *len + (size_t)(digit - '0');
    }
    return *len != 0 && *len <= sizeof code && read_all(code, *len);
}

static void run_code(size_t len) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_lexer_t *lexer = mp_lexer_new_from_str_len(MP_QSTR__lt_stdin_gt_, code, len, 0);
        mp_parse_tree_t tree = mp_parse(lexer, MP_PARSE_FILE_INPUT);
        mp_call_function_0(mp_compile(&tree, MP_QSTR__lt_stdin_gt_, false));
        nlr_pop();
    } else {
        mp_obj_print_exception(&mp_plat_print, MP_OBJ_FROM_PTR(nlr.ret_val));
        mp_hal_stdout_tx_str("ERROR\n");
    }
    mp_hal_stdout_tx_str("\4\n");
}

/* Registers of the callers are on the stack after a spill (windows), or in jmp_buf's place. */
void gc_collect(void) {
#ifdef __XTENSA_WINDOWED_ABI__
    uintptr_t saved[1];
    machine_spill();
#else
    uintptr_t saved[4];
    __asm__ volatile("s32i a12, %0, 0\n s32i a13, %0, 4\n s32i a14, %0, 8\n s32i a15, %0, 12"
                     :
                     : "r"(saved)
                     : "memory");
#endif
    gc_collect_start();
    gc_collect_root((void **)saved, ((uintptr_t)&stack_top - (uintptr_t)saved) / sizeof(uintptr_t));
    gc_collect_end();
}

/* urandom() for what asks for keys: this machine has no entropy, and no secret. */
static mp_obj_t vm_urandom(mp_obj_t count) {
    static uint32_t state = 2463534242u;
    vstr_t out;
    vstr_init_len(&out, (size_t)mp_obj_get_int(count));
    for (size_t i = 0; i < out.len; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        out.buf[i] = (char)(state >> 11);
    }
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_1(vm_urandom_obj, vm_urandom);

int main(void) {
    size_t len;
    mp_stack_set_top(&stack_top);
    mp_stack_set_limit(STACK_BYTES);
    gc_init(heap, heap + sizeof heap);
    mp_init();
    mp_store_global(qstr_from_str("urandom"), MP_OBJ_FROM_PTR(&vm_urandom_obj));
    while (read_code(&len)) {
        run_code(len);
    }
    machine_exit(0);
}

_Noreturn void nlr_jump_fail(void *value) {
    (void)value;
    mp_hal_stdout_tx_str("FATAL: uncaught\n");
    machine_exit(3);
}

_Noreturn void abort(void) {
    machine_exit(4);
}
