/*
 * mem.h - memory of one run of the command.
 *
 * The command is short-lived: what it allocates stays until the end and is freed at once, so nothing has an
 * owner to be argued about. Out of memory ends the command with a sentence; a command has nothing better to
 * do. (The library's arena is not reachable from here: the command uses the public headers only.)
 */
#ifndef CLI_MEM_H
#define CLI_MEM_H

#include <stddef.h>

typedef struct cli_mem_block cli_mem_block;
typedef struct cli_mem {
    cli_mem_block *newest;
} cli_mem;

// All zero is an empty one. Memory is zeroed; never NULL.
void *cli_array(cli_mem *mem, size_t n, size_t item_bytes);
char *cli_text(cli_mem *mem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *cli_copy(cli_mem *mem, const char *s, size_t n); // the first n bytes of s, terminated
void cli_mem_free(cli_mem *mem);

#endif
