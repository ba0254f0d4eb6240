/* SPDX-License-Identifier: MIT
 *
 * For a syntax and size check only (README.md): Debian's newlib is built for Arm, and this is the
 * one header of it that differs where it matters.
 */
typedef long jmp_buf[17];
