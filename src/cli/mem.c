/*
 * mem.c - a list of blocks, freed together.
 */
#include "cli/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cli_mem_block {
    _Alignas(max_align_t) cli_mem_block *next;
};

void *cli_array(cli_mem *mem, size_t n, size_t item_bytes)
{
    size_t bytes = 0;
    cli_mem_block *block = NULL;
    if (!__builtin_mul_overflow(n, item_bytes, &bytes) &&
        !__builtin_add_overflow(bytes, sizeof *block, &bytes))
        block = calloc(1, bytes);
    if (!block) {
        fputs("crema: out of memory\n", stderr);
        exit(1);
    }
    block->next = mem->newest;
    mem->newest = block;
    return block + 1;
}

char *cli_copy(cli_mem *mem, const char *s, size_t n)
{
    char *copy = cli_array(mem, n + 1, 1);
    memcpy(copy, s, n);
    return copy;
}

char *cli_text(cli_mem *mem, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    size_t size = n < 0 ? 1 : (size_t)n + 1;
    char *text = cli_array(mem, size, 1);
    vsnprintf(text, size, fmt, again);
    va_end(again);
    return text;
}

void cli_mem_free(cli_mem *mem)
{
    while (mem->newest) {
        cli_mem_block *block = mem->newest;
        mem->newest = block->next;
        free(block);
    }
}
