/*
 * solver.c - solver_type, an enum, becomes type, a string; snapshot_prefix gets the file's name.
 *
 * As Caffe's UpgradeSolverAsNeeded and UpgradeSnapshotPrefixProperty, but that a prefix which is a folder is not
 * looked up on the disk. A solver with both forms of the type is refused, as Caffe does.
 */
#include "crema.pb-c.h"
#include "schema/field.h"
#include "upgrade/upgrade.h"

#include <string.h>

static const struct {
    Crema__SolverParameter__SolverType number;
    const char *name;
} types[] = {
    {CREMA__SOLVER_PARAMETER__SOLVER_TYPE__SGD, "SGD"},
    {CREMA__SOLVER_PARAMETER__SOLVER_TYPE__NESTEROV, "Nesterov"},
    {CREMA__SOLVER_PARAMETER__SOLVER_TYPE__ADAGRAD, "AdaGrad"},
    {CREMA__SOLVER_PARAMETER__SOLVER_TYPE__RMSPROP, "RMSProp"},
    {CREMA__SOLVER_PARAMETER__SOLVER_TYPE__ADADELTA, "AdaDelta"},
    {CREMA__SOLVER_PARAMETER__SOLVER_TYPE__ADAM, "Adam"},
};

static cr_status upgrade_type(cr_arena *arena, Crema__SolverParameter *solver, cr_notes *notes, cr_err *err)
{
    const ProtobufCFieldDescriptor *type = cr_field_find(&solver->base, "type");
    cr_pos pos = cr_notes_pos(notes, solver, "solver_type", 0);
    if (!solver->has_solver_type)
        return CREMA_OK;
    if (cr_field_is_set(&solver->base, type))
        return cr_fail(err, CREMA_ERR_INPUT, &pos,
                       "a solver has either type or the old solver_type, not both; type is \"%s\"",
                       solver->type);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].number == solver->solver_type)
            solver->type = cr_arena_strdup(arena, types[i].name);
    cr_field_clear(&solver->base, cr_field_find(&solver->base, "solver_type"));
    bool ok = solver->type && cr_notes_move(notes, solver, "solver_type", 0, solver, "type", 0);
    return ok ? CREMA_OK : cr_no_memory(err);
}

cr_status cr_upgrade_solver(cr_arena *arena, Crema__SolverParameter *solver, cr_notes *notes,
                            const char *file, cr_err *err)
{
    cr_status status = upgrade_type(arena, solver, notes, err);
    if (status != CREMA_OK || solver->snapshot_prefix || !file)
        return status;
    const char *base = strrchr(file, '/'), *dot = strrchr(base ? base : file, '.');
    size_t n = dot ? (size_t)(dot - file) : strlen(file);
    solver->snapshot_prefix = cr_arena_strndup(arena, file, n);
    return solver->snapshot_prefix ? CREMA_OK : cr_no_memory(err);
}
