/* SPDX-License-Identifier: MIT */
#ifndef VM_ERRNO_H
#define VM_ERRNO_H

#endif
