// SPDX-License-Identifier: MIT
// mps2.Flash: a block device on a host file, through semihosting.
//
// Each program and erase is one write of the host process with nothing buffered in between, so
// killing QEMU at any moment leaves what a power cut leaves on a chip: everything up to some
// operation, that one perhaps in part. littlefs is made for that.
//
// Layout of the file: one sector of identity ("factory data"), then the blocks. It may be shorter
// than the flash; what it lacks reads as erased.
#include <string.h>

#include "py/mperrno.h"
#include "py/runtime.h"
#include "extmod/vfs.h"

#include "flash.h"
#include "host.h"

#define BLOCK_BYTES 4096
#define ERASED 0xff
#define IDENTITY_MAGIC "MPS2 id\n"
#define FLASH_ARGUMENT "flash="

typedef struct {
    char magic[8];
    uint8_t id[BOARD_ID_BYTES];
} identity_t;

typedef struct {
    mp_obj_base_t base;
} flash_obj_t;

static const mp_obj_type_t flash_type;
static const flash_obj_t flash_obj = {{&flash_type}};

static __attribute__((section(".noinit"))) host_file_t flash_file;
static int handle = -1;
static identity_t identity;

static int open_file(const char *path) {
    int file = host_open_once(&flash_file, path, HOST_OPEN_UPDATE);
    return file >= 0 ? file : host_open_once(&flash_file, path, HOST_OPEN_CREATE);
}

static bool new_identity(void) {
    memcpy(identity.magic, IDENTITY_MAGIC, sizeof(identity.magic));
    return host_random(identity.id, sizeof(identity.id)) && host_seek(handle, 0) &&
           host_write(handle, &identity, sizeof(identity));
}

static bool load_identity(void) {
    host_seek(handle, 0);
    return host_read(handle, &identity, sizeof(identity)) == sizeof(identity) &&
           memcmp(identity.magic, IDENTITY_MAGIC, sizeof(identity.magic)) == 0;
}

bool flash_init(void) {
    static char line[HOST_COMMAND_LINE_BYTES];
    size_t skip = strlen(FLASH_ARGUMENT);
    if (!host_command_line(line) || strncmp(line, FLASH_ARGUMENT, skip) != 0) {
        return false;
    }
    handle = open_file(line + skip);
    if (handle >= 0 && !load_identity() && !new_identity()) {
        handle = -1;
    }
    return handle >= 0;
}

bool flash_get_id(uint8_t id[BOARD_ID_BYTES]) {
    memcpy(id, identity.id, BOARD_ID_BYTES);
    return handle >= 0;
}

static bool seek_block(mp_int_t block, mp_int_t offset, size_t length) {
    mp_int_t start = block * BLOCK_BYTES + offset;
    if (block < 0 || offset < 0 || (size_t)start + length > MICROPY_HW_FLASH_BYTES) {
        return false;
    }
    return host_seek(handle, (uint32_t)(BLOCK_BYTES + start));
}

static bool erase_block(mp_int_t block) {
    static uint8_t blank[BLOCK_BYTES];
    memset(blank, ERASED, sizeof(blank));
    return seek_block(block, 0, BLOCK_BYTES) && host_write(handle, blank, sizeof(blank));
}

static mp_obj_t flash_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
                               const mp_obj_t *args) {
    (void)type;
    (void)args;
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    if (handle < 0) {
        mp_raise_OSError(MP_ENODEV);
    }
    return MP_OBJ_FROM_PTR(&flash_obj);
}

static mp_obj_t result(bool good) {
    return MP_OBJ_NEW_SMALL_INT(good ? 0 : -MP_EIO);
}

static mp_obj_t flash_readblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(args[2], &buffer, MP_BUFFER_WRITE);
    mp_int_t offset = n_args == 4 ? mp_obj_get_int(args[3]) : 0;
    if (!seek_block(mp_obj_get_int(args[1]), offset, buffer.len)) {
        return result(false);
    }
    size_t got = host_read(handle, buffer.buf, buffer.len);
    memset((uint8_t *)buffer.buf + got, ERASED, buffer.len - got);
    return result(true);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_readblocks_obj, 3, 4, flash_readblocks);

// Without an offset the caller expects erase and write (MicroPython's simple block device).
static mp_obj_t flash_writeblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(args[2], &buffer, MP_BUFFER_READ);
    mp_int_t offset = n_args == 4 ? mp_obj_get_int(args[3]) : 0;
    return result(seek_block(mp_obj_get_int(args[1]), offset, buffer.len) &&
                  host_write(handle, buffer.buf, buffer.len));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_writeblocks_obj, 3, 4, flash_writeblocks);

static mp_obj_t flash_ioctl(mp_obj_t self_in, mp_obj_t command, mp_obj_t argument) {
    (void)self_in;
    switch (mp_obj_get_int(command)) {
    case MP_BLOCKDEV_IOCTL_INIT:
    case MP_BLOCKDEV_IOCTL_DEINIT:
    case MP_BLOCKDEV_IOCTL_SYNC:
        return MP_OBJ_NEW_SMALL_INT(0);
    case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
        return MP_OBJ_NEW_SMALL_INT(MICROPY_HW_FLASH_BYTES / BLOCK_BYTES);
    case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
        return MP_OBJ_NEW_SMALL_INT(BLOCK_BYTES);
    case MP_BLOCKDEV_IOCTL_BLOCK_ERASE:
        return result(erase_block(mp_obj_get_int(argument)));
    default:
        return mp_const_none;
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(flash_ioctl_obj, flash_ioctl);

static const mp_rom_map_elem_t flash_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&flash_readblocks_obj)},
    {MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&flash_writeblocks_obj)},
    {MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&flash_ioctl_obj)},
};
static MP_DEFINE_CONST_DICT(flash_locals, flash_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(flash_type, MP_QSTR_Flash, MP_TYPE_FLAG_NONE, make_new,
                                flash_make_new, locals_dict, &flash_locals);

static mp_obj_t mps2_exit(size_t n_args, const mp_obj_t *args) {
    host_exit(n_args ? mp_obj_get_int(args[0]) : 0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mps2_exit_obj, 0, 1, mps2_exit);

static const mp_rom_map_elem_t mps2_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_mps2)},
    {MP_ROM_QSTR(MP_QSTR_Flash), MP_ROM_PTR(&flash_type)},
    {MP_ROM_QSTR(MP_QSTR_exit), MP_ROM_PTR(&mps2_exit_obj)},
};
static MP_DEFINE_CONST_DICT(mps2_globals, mps2_globals_table);

const mp_obj_module_t mps2_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&mps2_globals,
};
MP_REGISTER_MODULE(MP_QSTR_mps2, mps2_module);
