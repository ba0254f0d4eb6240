// SPDX-License-Identifier: MIT
// Names that no C identifier can spell. MicroPython's makeqstrdata reads this file.
// clang-format off
Q(/lib)
