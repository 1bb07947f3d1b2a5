#include "tests/support/assembly.h"
#include "tests/test.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINES = 20000, LINE = 160 };

bool assembly_readable(void)
{
#ifdef CR_TEST_ALLOC
    return false;
#endif
    return system("command -v objdump >/dev/null") == 0;
}

static FILE *disassemble(const char *function)
{
    char exe[512], command[700];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    ck_assert_int_gt((int)n, 0);
    exe[n] = 0;
    snprintf(command, sizeof command, "objdump -d --no-show-raw-insn --disassemble=%s '%s'", function, exe);
    FILE *f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    return f;
}

int assembly_count(const char *function, const char *word, const char *operand)
{
    char line[512];
    FILE *f = disassemble(function);
    int count = 0;
    while (fgets(line, sizeof line, f))
        count += strstr(line, word) && strstr(line, operand);
    pclose(f);
    return count;
}

// "  401136:	jne    401120 <f+0x10>": where it is and where it goes; 0: it is no jump.
static uint64_t target(const char *line)
{
    const char *at = strchr(line, '\t'), *to = strchr(line, '<');
    unsigned long long value = 0;
    if (at && to && (at[1] == 'j' || (at[1] == 'b' && (at[2] == '.' || at[2] == ' ')))) {
        while (to > at && to[-1] == ' ')
            to--;
        while (to > at && to[-1] != ' ' && to[-1] != '\t' && to[-1] != ',')
            to--;
        sscanf(to, "%llx", &value);
    }
    return value;
}

static uint64_t address(const char *line)
{
    unsigned long long value = 0;
    return sscanf(line, " %llx:", &value) == 1 ? value : 0;
}

static bool in_memory(const char *line)
{
    return strstr(line, "(%") || strchr(line, '[');
}

assembly_loop assembly_find_loop(const char *function, const char *word)
{
    char(*line)[LINE] = calloc(LINES, LINE);
    ck_assert_ptr_nonnull(line);
    FILE *f = disassemble(function);
    int n = 0;
    while (n < LINES && fgets(line[n], LINE, f))
        n += address(line[n]) != 0;
    pclose(f);
    assembly_loop best = {0};
    for (int i = 0; i < n; i++) {
        uint64_t to = target(line[i]);
        if (to == 0 || to > address(line[i]))
            continue;
        assembly_loop loop = {0};
        for (int j = i; j >= 0 && address(line[j]) >= to; j--) {
            loop.n++;
            loop.n_words += strstr(line[j], word) != NULL;
            loop.n_memory += in_memory(line[j]);
        }
        if (loop.n_words > best.n_words)
            best = loop;
    }
    free(line);
    return best;
}
