/* SPDX-License-Identifier: MIT
 *
 * For a syntax and size check only (README.md): FreeRTOS's objects, as lwIP names them.
 */
typedef void *sys_sem_t, *sys_mutex_t, *sys_mbox_t, *sys_thread_t;
