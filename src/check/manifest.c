/*
 * manifest.c - reading a manifest.
 *
 * One function per kind of YAML node, from the root down. Tolerances are inherited on the way: defaults, case,
 * blob; each may give any of the three. A case gives either inputs and expect, or steps, or an error.
 */
#include "check/manifest.h"

#include "base/file.h"
#include "base/path.h"
#include "crema_tools.h"
#include "read/yaml.h"
#include <limits.h>
#include <math.h>
#include <string.h>

#define MAX_FILE ((uint64_t)64 << 20)

typedef struct reader {
    cr_arena *arena;
    const char *file, *root;
} reader;

static cr_status bad(const reader *r, const cr_yaml *node, cr_err *err, const char *what)
{
    return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){r->file, node->line, node->column}, "%s", what);
}

static cr_status need_kind(const reader *r, const cr_yaml *node, cr_yaml_kind kind, const char *what,
                           cr_err *err)
{
    static const char *const names[] = {"a scalar", "a list", "a map"};
    if (node->kind == kind)
        return CREMA_OK;
    return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){r->file, node->line, node->column}, "%s must be %s", what,
                   names[kind]);
}

static cr_status copy_string(const reader *r, const cr_yaml *node, const char *what, const char **out,
                             cr_err *err)
{
    const char *text;
    cr_status status = cr_yaml_string(node, r->file, what, &text, err);
    if (status != CREMA_OK)
        return status;
    if (!*text)
        return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){r->file, node->line, node->column}, "%s is empty",
                       what);
    *out = cr_arena_strdup(r->arena, text);
    return *out ? CREMA_OK : cr_no_memory(err);
}

// *out stays as it is where the key is absent.
static cr_status optional_string(const reader *r, const cr_yaml *map, const char *key, const char **out,
                                 cr_err *err)
{
    const cr_yaml *node = cr_yaml_get(map, key);
    return node ? copy_string(r, node, key, out, err) : CREMA_OK;
}

static cr_status read_path(const reader *r, const cr_yaml *node, const char *what, const char **out,
                           cr_err *err)
{
    const char *text;
    cr_status status = copy_string(r, node, what, &text, err);
    if (status != CREMA_OK)
        return status;
    char path[CREMA_MAX_PATH];
    if (!(r->root ? cr_path_in(r->root, text, path, sizeof path)
                  : cr_path_beside(r->file, text, path, sizeof path)))
        return bad(r, node, err, "this path is too long");
    *out = cr_arena_strdup(r->arena, path);
    return *out ? CREMA_OK : cr_no_memory(err);
}

static cr_status optional_path(const reader *r, const cr_yaml *map, const char *key, const char **out,
                               cr_err *err)
{
    const cr_yaml *node = cr_yaml_get(map, key);
    return node ? read_path(r, node, key, out, err) : CREMA_OK;
}

// The three tolerances among a map's keys, over those that are there already.
static cr_status read_tolerance(const reader *r, const cr_yaml *map, cr_tolerance *out, cr_err *err)
{
    const struct {
        const char *key;
        double *value;
    } rows[] = {{"rtol", &out->rtol}, {"atol", &out->atol}, {"rms", &out->rms}};
    for (size_t i = 0; i < 3; i++) {
        const cr_yaml *node = cr_yaml_get(map, rows[i].key);
        if (!node)
            continue;
        cr_status status = cr_yaml_number(node, r->file, rows[i].key, rows[i].value, err);
        if (status != CREMA_OK)
            return status;
        if (!(*rows[i].value >= 0) || isinf(*rows[i].value))
            return bad(r, node, err, "a tolerance must be a finite number of at least 0");
    }
    return CREMA_OK;
}

static cr_status read_input(const reader *r, const cr_yaml *node, cr_case_input *out, cr_err *err)
{
    if (node->kind != CR_YAML_MAP)
        return read_path(r, node, "an input's file", &out->file, err);
    static const char *const known[] = {"file", "preprocess", NULL};
    cr_status status = cr_yaml_known_keys(node, r->file, known, err);
    if (status == CREMA_OK)
        status = optional_path(r, node, "file", &out->file, err);
    if (status == CREMA_OK)
        status = optional_path(r, node, "preprocess", &out->preprocess, err);
    return status == CREMA_OK && !out->file ? bad(r, node, err, "this input has no file") : status;
}

static cr_status read_expect(const reader *r, const cr_yaml *node, cr_case_expect *out, cr_err *err)
{
    if (node->kind != CR_YAML_MAP)
        return read_path(r, node, "an expected blob's file", &out->file, err);
    static const char *const known[] = {"file", "rtol", "atol", "rms", NULL};
    cr_status status = cr_yaml_known_keys(node, r->file, known, err);
    if (status == CREMA_OK)
        status = optional_path(r, node, "file", &out->file, err);
    if (status == CREMA_OK)
        status = read_tolerance(r, node, &out->tolerance, err);
    return status == CREMA_OK && !out->file ? bad(r, node, err, "this expected blob has no file") : status;
}

static cr_status read_inputs(const reader *r, const cr_yaml *map, const char *preprocess, cr_case_step *step,
                             cr_err *err)
{
    cr_status status = need_kind(r, map, CR_YAML_MAP, "inputs", err);
    if (status != CREMA_OK)
        return status;
    cr_case_input *input = cr_arena_array(r->arena, map->n, sizeof *input);
    if (!input)
        return cr_no_memory(err);
    for (size_t i = 0; i < map->n && status == CREMA_OK; i++) {
        input[i].preprocess = preprocess;
        status = copy_string(r, map->key[i], "an input's name", &input[i].blob, err);
        if (status == CREMA_OK)
            status = read_input(r, map->item[i], &input[i], err);
    }
    step->n_inputs = (int)map->n;
    step->input = input;
    return status;
}

static cr_status read_expects(const reader *r, const cr_yaml *map, const cr_tolerance *tolerance,
                              cr_case_step *step, cr_err *err)
{
    cr_status status = need_kind(r, map, CR_YAML_MAP, "expect", err);
    if (status != CREMA_OK)
        return status;
    cr_case_expect *expect = cr_arena_array(r->arena, map->n, sizeof *expect);
    if (!expect)
        return cr_no_memory(err);
    for (size_t i = 0; i < map->n && status == CREMA_OK; i++) {
        expect[i].tolerance = *tolerance;
        status = copy_string(r, map->key[i], "an expected blob's name", &expect[i].blob, err);
        if (status == CREMA_OK)
            status = read_expect(r, map->item[i], &expect[i], err);
    }
    step->n_expects = (int)map->n;
    step->expect = expect;
    return status;
}

// inputs, expect and preprocess of a step, or of a case without steps.
static cr_status read_step(const reader *r, const cr_yaml *map, const char *preprocess,
                           const cr_tolerance *tolerance, cr_case_step *out, cr_err *err)
{
    const cr_yaml *inputs = cr_yaml_get(map, "inputs"), *expect = cr_yaml_get(map, "expect");
    cr_status status = optional_path(r, map, "preprocess", &preprocess, err);
    if (status == CREMA_OK && inputs)
        status = read_inputs(r, inputs, preprocess, out, err);
    if (status == CREMA_OK && expect)
        status = read_expects(r, expect, tolerance, out, err);
    return status;
}

static cr_status read_steps(const reader *r, const cr_yaml *list, const cr_yaml *map,
                            const cr_tolerance *tolerance, cr_case *out, cr_err *err)
{
    static const char *const known[] = {"inputs", "expect", "preprocess", NULL};
    const char *preprocess = NULL;
    cr_status status = need_kind(r, list, CR_YAML_LIST, "steps", err);
    if (status == CREMA_OK)
        status = optional_path(r, map, "preprocess", &preprocess, err);
    if (status != CREMA_OK)
        return status;
    if (cr_yaml_get(map, "inputs") || cr_yaml_get(map, "expect"))
        return bad(r, list, err, "a case with steps has its inputs and expect in the steps");
    cr_case_step *step = cr_arena_array(r->arena, list->n, sizeof *step);
    if (!step)
        return cr_no_memory(err);
    int n_expects = 0;
    for (size_t i = 0; i < list->n && status == CREMA_OK; i++) {
        status = need_kind(r, list->item[i], CR_YAML_MAP, "a step", err);
        if (status == CREMA_OK)
            status = cr_yaml_known_keys(list->item[i], r->file, known, err);
        if (status == CREMA_OK)
            status = read_step(r, list->item[i], preprocess, tolerance, &step[i], err);
        n_expects += step[i].n_expects;
    }
    out->has_steps = true;
    out->n_steps = (int)list->n;
    out->step = step;
    return status == CREMA_OK && n_expects == 0 ? bad(r, list, err, "these steps expect nothing") : status;
}

static cr_status read_stages(const reader *r, const cr_yaml *node, cr_case *out, cr_err *err)
{
    size_t n = node->kind == CR_YAML_LIST ? node->n : 1;
    const char **stage = cr_arena_array(r->arena, n, sizeof *stage);
    if (!stage)
        return cr_no_memory(err);
    cr_status status = CREMA_OK;
    for (size_t i = 0; i < n && status == CREMA_OK; i++)
        status = copy_string(r, node->kind == CR_YAML_LIST ? node->item[i] : node, "stage", &stage[i], err);
    out->n_stages = (int)n;
    out->stage = stage;
    return status;
}

static cr_status read_phase(const reader *r, const cr_yaml *node, cr_case *out, cr_err *err)
{
    const char *text = node->kind == CR_YAML_SCALAR ? node->text : "";
    out->train = strcmp(text, "TRAIN") == 0;
    return out->train || strcmp(text, "TEST") == 0 ? CREMA_OK
                                                   : bad(r, node, err, "phase must be TEST or TRAIN");
}

// How the net is loaded: phase, level, stage, seed.
static cr_status read_load_options(const reader *r, const cr_yaml *map, cr_case *out, cr_err *err)
{
    cr_status status = CREMA_OK;
    const cr_yaml *phase = cr_yaml_get(map, "phase"), *level = cr_yaml_get(map, "level");
    const cr_yaml *stage = cr_yaml_get(map, "stage"), *seed = cr_yaml_get(map, "seed");
    int64_t number = 0;
    if (phase)
        status = read_phase(r, phase, out, err);
    if (status == CREMA_OK && level) {
        status = cr_yaml_integer(level, r->file, "level", &number, err);
        if (status == CREMA_OK && (number < INT_MIN || number > INT_MAX))
            return bad(r, level, err, "level does not fit in 32 bits");
        out->level = (int)number;
    }
    if (status == CREMA_OK && stage)
        status = read_stages(r, stage, out, err);
    if (status == CREMA_OK && seed) {
        status = cr_yaml_integer(seed, r->file, "seed", &number, err);
        if (status == CREMA_OK && number < 0)
            return bad(r, seed, err, "seed must be at least 0");
        out->has_seed = true;
        out->seed = (uint64_t)number;
    }
    return status;
}

// What must come out: an error, steps, or one step.
static cr_status read_outcome(const reader *r, const cr_yaml *map, const cr_tolerance *tolerance,
                              cr_case *out, cr_err *err)
{
    cr_status status = optional_string(r, map, "error", &out->error, err);
    const cr_yaml *steps = cr_yaml_get(map, "steps");
    if (status != CREMA_OK)
        return status;
    if (out->error && (steps || cr_yaml_get(map, "expect")))
        return bad(r, map, err, "a case whose load must fail can't expect blobs");
    if (out->error)
        return CREMA_OK;
    if (steps)
        return read_steps(r, steps, map, tolerance, out, err);
    cr_case_step *step = cr_arena_array(r->arena, 1, sizeof *step);
    if (!step)
        return cr_no_memory(err);
    out->n_steps = 1;
    out->step = step;
    status = read_step(r, map, NULL, tolerance, step, err);
    return status == CREMA_OK && step->n_expects == 0
               ? bad(r, map, err, "this case expects nothing: it needs expect, steps or error")
               : status;
}

static cr_status read_case(const reader *r, const cr_yaml *map, cr_tolerance tolerance, cr_case *out,
                           cr_err *err)
{
    static const char *const known[] = {"name", "net",    "weights",    "phase", "level", "stage",
                                        "seed", "inputs", "expect",     "steps", "error", "rtol",
                                        "atol", "rms",    "preprocess", NULL};
    cr_status status = need_kind(r, map, CR_YAML_MAP, "a case", err);
    if (status == CREMA_OK)
        status = cr_yaml_known_keys(map, r->file, known, err);
    if (status == CREMA_OK)
        status = optional_string(r, map, "name", &out->name, err);
    if (status == CREMA_OK)
        status = optional_path(r, map, "net", &out->net, err);
    if (status == CREMA_OK)
        status = optional_path(r, map, "weights", &out->weights, err);
    if (status != CREMA_OK)
        return status;
    if (!out->name || !out->net)
        return bad(r, map, err, out->name ? "this case has no net" : "this case has no name");
    status = read_load_options(r, map, out, err);
    if (status == CREMA_OK)
        status = read_tolerance(r, map, &tolerance, err);
    return status == CREMA_OK ? read_outcome(r, map, &tolerance, out, err) : status;
}

static cr_status read_cases(const reader *r, const cr_yaml *list, const cr_tolerance *tolerance,
                            cr_manifest *out, cr_err *err)
{
    cr_status status = need_kind(r, list, CR_YAML_LIST, "cases", err);
    if (status != CREMA_OK)
        return status;
    cr_case *cases = cr_arena_array(r->arena, list->n, sizeof *cases);
    if (!cases)
        return cr_no_memory(err);
    for (size_t i = 0; i < list->n && status == CREMA_OK; i++)
        status = read_case(r, list->item[i], *tolerance, &cases[i], err);
    out->n_cases = (int)list->n;
    out->cases = cases;
    return status;
}

static cr_status read_root(const reader *r, const cr_yaml *root, cr_manifest *out, cr_err *err)
{
    static const char *const known[] = {"version", "defaults", "cases", NULL};
    static const char *const tolerances[] = {"rtol", "atol", "rms", NULL};
    cr_tolerance tolerance = {0};
    cr_status status = need_kind(r, root, CR_YAML_MAP, "a manifest", err);
    if (status == CREMA_OK)
        status = cr_yaml_known_keys(root, r->file, known, err);
    if (status != CREMA_OK)
        return status;
    const cr_yaml *version = cr_yaml_get(root, "version"), *defaults = cr_yaml_get(root, "defaults");
    const cr_yaml *cases = cr_yaml_get(root, "cases");
    if (!version || !cases)
        return bad(r, root, err, version ? "this manifest has no cases" : "this manifest has no version");
    int64_t number;
    status = cr_yaml_integer(version, r->file, "version", &number, err);
    if (status == CREMA_OK && number != 1)
        return bad(r, version, err, "only version 1 of manifests is known");
    if (status == CREMA_OK && defaults) {
        status = need_kind(r, defaults, CR_YAML_MAP, "defaults", err);
        if (status == CREMA_OK)
            status = cr_yaml_known_keys(defaults, r->file, tolerances, err);
        if (status == CREMA_OK)
            status = read_tolerance(r, defaults, &tolerance, err);
    }
    return status == CREMA_OK ? read_cases(r, cases, &tolerance, out, err) : status;
}

cr_status cr_manifest_read(cr_arena *arena, const char *path, const char *root, cr_manifest *out, cr_err *err)
{
    memset(out, 0, sizeof *out);
    cr_file file;
    cr_status status = cr_file_open(&file, &(crema_file){.path = path}, err);
    if (status != CREMA_OK)
        return status;
    unsigned char *data;
    size_t size;
    status = cr_file_load(&file, MAX_FILE, &data, &size, err);
    cr_file_close(&file);
    if (status != CREMA_OK)
        return status;
    cr_arena tree = {0};
    const cr_yaml *node;
    reader r = {.arena = arena, .file = path, .root = root};
    status = cr_yaml_parse(&tree, path, (const char *)data, size, &node, err);
    if (status == CREMA_OK)
        status = read_root(&r, node, out, err);
    cr_arena_free(&tree);
    cr_free(data);
    return status;
}
