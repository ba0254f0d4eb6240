/* SPDX-License-Identifier: MIT */
/* The functions are MicroPython's shared/libc/string0.c. */
#ifndef VM_STRING_H
#define VM_STRING_H

#include <stddef.h>

void *memchr(const void *s, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t n);
char *strcat(char *to, const char *from);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *part);

#endif
