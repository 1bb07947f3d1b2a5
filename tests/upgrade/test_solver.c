// Solvers: the type's number becomes its name; the prefix of snapshots.
#include "crema.pb-c.h"
#include "read/message.h"
#include "tests/test.h"
#include "upgrade/upgrade.h"

#include <string.h>

static Crema__SolverParameter *upgraded(cr_arena *arena, const char *text, const char *file, cr_err *err)
{
    cr_message m;
    crema_file solver = {"solver.prototxt", text, strlen(text)};
    cr_read_options options = {.form = CR_FORM_TEXT};
    ck_assert_int_eq(cr_read_message(arena, &solver, &crema__solver_parameter__descriptor, &options, &m, err),
                     CREMA_OK);
    Crema__SolverParameter *s = (Crema__SolverParameter *)m.root;
    return cr_upgrade_solver(arena, s, m.notes, file, err) == CREMA_OK ? s : NULL;
}

START_TEST(numbers_become_names)
{
    static const char *const rows[][2] = {
        {"solver_type: SGD", "SGD"},
        {"solver_type: NESTEROV", "Nesterov"},
        {"solver_type: ADAGRAD", "AdaGrad"},
        {"solver_type: RMSPROP", "RMSProp"},
        {"solver_type: ADADELTA", "AdaDelta"},
        {"solver_type: ADAM", "Adam"},
        {"solver_type: 5", "Adam"},
        {"type: 'Mine'", "Mine"},
        {"base_lr: 1", "SGD"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_arena arena = {0};
        cr_err err = {.message = ""};
        Crema__SolverParameter *s = upgraded(&arena, rows[i][0], NULL, &err);
        ck_assert_msg(s != NULL, "%s", err.message);
        ck_assert_str_eq(s->type, rows[i][1]);
        ck_assert(!s->has_solver_type);
        ck_assert_ptr_null(s->snapshot_prefix);
        cr_arena_free(&arena);
    }
}
END_TEST

START_TEST(both_forms_are_an_error)
{
    cr_arena arena = {0};
    cr_err err = {.message = ""};
    char sentence[600];
    ck_assert_ptr_null(upgraded(&arena, "type: 'Adam'\nsolver_type: ADAM", NULL, &err));
    ck_assert_str_eq(
        crema_error_text(&err, sentence, sizeof sentence),
        "solver.prototxt:2:14: a solver has either type or the old solver_type, not both; type is \"Adam\"");
    cr_arena_free(&arena);
}
END_TEST

START_TEST(snapshots_are_called_as_the_file)
{
    static const char *const rows[][3] = {
        {"base_lr: 1", "a.b/solver.prototxt", "a.b/solver"},
        {"base_lr: 1", "a.b/solver", "a.b/solver"},
        {"snapshot_prefix: 'own'", "solver.prototxt", "own"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_arena arena = {0};
        cr_err err = {.message = ""};
        Crema__SolverParameter *s = upgraded(&arena, rows[i][0], rows[i][1], &err);
        ck_assert_str_eq(s->snapshot_prefix, rows[i][2]);
        cr_arena_free(&arena);
    }
}
END_TEST

TEST_MAIN("upgrade/solver", numbers_become_names, both_forms_are_an_error, snapshots_are_called_as_the_file)
