/* SPDX-License-Identifier: MIT */
#ifndef VM_UNISTD_H
#define VM_UNISTD_H

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

#endif
