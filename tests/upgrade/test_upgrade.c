// The upgrade as a whole: BatchNorm's rates, nets of today, the nets of ../shared/corpus, running out of memory.
#include "schema/equal.h"
#include "tests/support/upgrade.h"
#include "tests/test.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

START_TEST(batch_norm_with_exactly_three_rates)
{
    upgrades("layer { type: 'BatchNorm' param { lr_mult: 1 } param { name: 'v' decay_mult: 2 } param {} }",
             "layer { type: 'BatchNorm' param { lr_mult: 0 decay_mult: 0 } param { name: 'v' lr_mult: 0 "
             "decay_mult: 0 }\n"
             "  param { lr_mult: 0 decay_mult: 0 } }",
             "");
    static const char *const untouched[] = {
        "layer { type: 'BatchNorm' }",
        "layer { type: 'BatchNorm' param { lr_mult: 1 } param { lr_mult: 1 } }",
        "layer { type: 'BatchNorm' param { lr_mult: 1 } param {} param {} param {} }",
        "layer { type: 'BN' param { lr_mult: 1 } param {} param {} }",
        "layer { param { lr_mult: 1 } param {} param {} }",
    };
    for (size_t i = 0; i < sizeof untouched / sizeof *untouched; i++)
        upgrades(untouched[i], untouched[i], "");
}
END_TEST

START_TEST(nets_of_today_are_left_alone)
{
    static const char net[] =
        "name: 'n' layer { name: 'c' type: 'Convolution' convolution_param { pad: 1 } }";
    parsed p;
    cr_upgrade_report report;
    upgrade_to(&p, &report, net, net, "");
    ck_assert(!report.v0 && !report.v1 && !report.inputs && !report.batch_norm && !report.type_names);
    parsed_free(&p);
    upgrades("", "", "");
}
END_TEST

START_TEST(the_flood_of_warnings_ends)
{
    enum { N = 2000 };
    static char text[64 * N + 64];
    size_t n = 0;
    for (int i = 0; i < N; i++)
        n += (size_t)sprintf(text + n, "layers { layer { type: 'relu' pad: 1 } }\n");
    parsed p;
    parse_text(&p, text, false);
    cr_log log = {parsed_keep, &p};
    cr_upgrade_report report;
    ck_assert_int_eq(cr_upgrade_net(&p.arena, p.net, p.notes, &log, &report, &p.err), CREMA_OK);
    ck_assert_int_eq(report.n_problems, N);
    ck_assert_int_eq(p.n_warnings, 1000);
    parsed_free(&p);
}
END_TEST

static const char *shared(void)
{
    const char *folder = getenv("SHARED");
    return folder ? folder : "../shared";
}

static Crema__NetParameter *read_net(cr_arena *arena, const char *path, bool upgrade)
{
    cr_err err = {.message = ""};
    cr_message m;
    crema_file file = {.path = path};
    cr_status status = cr_read_message(arena, &file, &crema__net_parameter__descriptor, NULL, &m, &err);
    if (status == CREMA_OK && upgrade)
        status = cr_upgrade_net(arena, (Crema__NetParameter *)m.root, m.notes, NULL, NULL, &err);
    ck_assert_msg(status == CREMA_OK, "%s:%d: %s", path, err.line, err.message);
    return (Crema__NetParameter *)m.root;
}

static void becomes(const char *source, const char *upgraded)
{
    cr_arena arena = {0};
    cr_difference d;
    Crema__NetParameter *ours = read_net(&arena, source, true), *caffes = read_net(&arena, upgraded, false);
    bool equal = cr_message_equal(&ours->base, &caffes->base, &d);
    ck_assert_msg(equal, "%s: %s is %s, Caffe's tool wrote %s", source, d.path, d.a, d.b);
    cr_arena_free(&arena);
}

// Skipped where the folder is not there.
START_TEST(as_caffes_own_tool_upgrades)
{
    char folder[300], source[700], upgraded[700];
    snprintf(folder, sizeof folder, "%s/corpus/upgraded", shared());
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(source, sizeof source, "%s/corpus/nets/%s", shared(), e->d_name);
        snprintf(upgraded, sizeof upgraded, "%s/%s", folder, e->d_name);
        becomes(source, upgraded);
    }
    closedir(dir);
    snprintf(source, sizeof source, "%s/corpus/legacy/v0.prototxt", shared());
    snprintf(upgraded, sizeof upgraded, "%s/corpus/legacy/v0.upgraded.prototxt", shared());
    becomes(source, upgraded);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(out_of_memory)
{
    static const char text[] =
        "input: 'x' input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4 debug_info: true\n"
        "# pads\nlayers { layer { name: 'p' type: 'padding' pad: 1 } bottom: 'x' top: 'p' }\n"
        "# more\nlayers { layer { name: 'c' type: 'conv' num_output: 8 blobs_lr: 1 } bottom: 'p' top: 'c' }\n"
        "layers { name: 'q' type: 'pool' kernelsize: 2 bottom: 'c' top: 'q' }\n"
        "layers { name: 'd' type: DATA data_param { scale: 2 } param: 'w' }\n"
        "layers { name: 'e' type: 'Softmax' }\n";
    for (int n = 0;; n++) {
        parsed p;
        ck_assert_int_lt(n, 2000);
        parse_text(&p, text, false);
        cr_test_fail_alloc(n);
        cr_status status = cr_upgrade_net(&p.arena, p.net, p.notes, NULL, NULL, &p.err);
        cr_test_fail_alloc(-1);
        parsed_free(&p);
        if (status == CREMA_OK)
            break;
        ck_assert_int_eq(status, CREMA_ERR_MEMORY);
    }
}
END_TEST
#endif

TEST_MAIN("upgrade/upgrade", batch_norm_with_exactly_three_rates, nets_of_today_are_left_alone,
          the_flood_of_warnings_ends, as_caffes_own_tool_upgrades TEST_ALLOC(out_of_memory))
