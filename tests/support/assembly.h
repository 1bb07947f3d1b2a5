/*
 * assembly.h - what the compiler made of this program's own functions, by objdump.
 */
#ifndef TESTS_SUPPORT_ASSEMBLY_H
#define TESTS_SUPPORT_ASSEMBLY_H

#include <stdbool.h>

// Whether there is something to look at: objdump is installed, and the build optimises (one with sanitizers does not).
bool assembly_readable(void);

// How many instructions of the function (of all of that name) hold both words.
int assembly_count(const char *function, const char *word, const char *operand);

// The loop of a function: the instructions from the target of a jump backwards to the jump. Of several, the one with
// most instructions that hold `word`.
typedef struct assembly_loop {
    int n, n_words, n_memory; // instructions; those that hold the word; those with an operand in memory
} assembly_loop;
assembly_loop assembly_find_loop(const char *function, const char *word);

#endif
