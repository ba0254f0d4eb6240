/* SPDX-License-Identifier: MIT */
#ifndef VM_ASSERT_H
#define VM_ASSERT_H

#define assert(condition) ((void)0)

#endif
