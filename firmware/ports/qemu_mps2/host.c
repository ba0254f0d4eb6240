// SPDX-License-Identifier: MIT
#include <string.h>

#include "host.h"

enum {
    SYS_OPEN = 0x01,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_SEEK = 0x0a,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20,
};

#define ADP_STOPPED_APPLICATION_EXIT 0x20026
#define HOST_FILE_MAGIC 0x66696c65u
#define RANDOM_DEVICE "/dev/urandom"

static __attribute__((section(".noinit"))) host_file_t random_file;

static intptr_t host_call(uint32_t operation, const void *arguments) {
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (intptr_t)r0;
}

int host_open(const char *path, int mode) {
    const uintptr_t block[] = {(uintptr_t)path, (uintptr_t)mode, strlen(path)};
    return (int)host_call(SYS_OPEN, block);
}

size_t host_read(int handle, void *buffer, size_t size) {
    const uintptr_t block[] = {(uintptr_t)handle, (uintptr_t)buffer, size};
    size_t missing = (size_t)host_call(SYS_READ, block);
    return missing <= size ? size - missing : 0;
}

bool host_write(int handle, const void *data, size_t size) {
    const uintptr_t block[] = {(uintptr_t)handle, (uintptr_t)data, size};
    return host_call(SYS_WRITE, block) == 0;
}

bool host_seek(int handle, uint32_t position) {
    const uintptr_t block[] = {(uintptr_t)handle, position};
    return host_call(SYS_SEEK, block) == 0;
}

bool host_command_line(char line[HOST_COMMAND_LINE_BYTES]) {
    uintptr_t block[] = {(uintptr_t)line, HOST_COMMAND_LINE_BYTES};
    line[0] = '\0';
    return host_call(SYS_GET_CMDLINE, block) == 0;
}

void host_exit(int status) {
    const uintptr_t block[] = {ADP_STOPPED_APPLICATION_EXIT, (uintptr_t)status};
    for (;;) {
        host_call(SYS_EXIT_EXTENDED, block);
    }
}

int host_open_once(host_file_t *file, const char *path, int mode) {
    if (file->magic != HOST_FILE_MAGIC) {
        file->handle = host_open(path, mode);
        file->magic = file->handle >= 0 ? HOST_FILE_MAGIC : 0;
    }
    return file->handle;
}

bool host_random(void *buffer, size_t size) {
    memset(buffer, 0, size);
    int handle = host_open_once(&random_file, RANDOM_DEVICE, HOST_OPEN_READ);
    if (handle < 0 || host_read(handle, buffer, size) != size) {
        memset(buffer, 0, size);
        return false;
    }
    return true;
}
