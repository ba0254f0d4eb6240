// SPDX-License-Identifier: MIT
// The host computer through Arm semihosting ("Semihosting for AArch32 and AArch64", Arm Ltd): the
// emulated board's flash chip is a host file and its random number generator the host's.
#ifndef QEMU_MPS2_HOST_H
#define QEMU_MPS2_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_OPEN_READ 1   // fopen mode "rb"
#define HOST_OPEN_UPDATE 3 // "r+b"
#define HOST_OPEN_CREATE 7 // "w+b"
#define HOST_COMMAND_LINE_BYTES 1024

int host_open(const char *path, int mode);               // handle; -1: failed
size_t host_read(int handle, void *buffer, size_t size); // bytes read
bool host_write(int handle, const void *data, size_t size);
bool host_seek(int handle, uint32_t position);
bool host_command_line(char line[HOST_COMMAND_LINE_BYTES]); // of QEMU's -semihosting-config arg=
void host_exit(int status) __attribute__((noreturn));       // ends QEMU

// Bytes from the host's cryptographic random number generator. False: there is none, and the buffer
// holds zeros. There is deliberately no weaker source behind it.
bool host_random(void *buffer, size_t size);

// A host file stays open while the guest resets. Keep its handle, or each reset would open another.
typedef struct {
    uint32_t magic;
    int handle;
} host_file_t;

int host_open_once(host_file_t *file, const char *path, int mode); // file: in section .noinit

#endif
