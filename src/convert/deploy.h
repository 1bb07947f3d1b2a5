/*
 * deploy.h - a net for training becomes one that computes predictions.
 */
#ifndef CR_CONVERT_DEPLOY_H
#define CR_CONVERT_DEPLOY_H

#include "convert/convert.h"

typedef struct Crema__LayerParameter Crema__LayerParameter;
typedef struct Crema__NetParameter Crema__NetParameter;

// Changes the net, which is upgraded, in place; notes move along. Says what it did through the job's notes.
cr_status cr_deploy(const cr_convert_job *job, Crema__NetParameter *net, cr_notes *notes, cr_err *err);

// deploy_input.c: the layer becomes an Input layer with the tops that it has by now.
cr_status cr_deploy_input(const cr_convert_job *job, Crema__LayerParameter *layer, const cr_notes *notes,
                          cr_err *err);

// Clears all blocks and rules of the layer but those named (NULL-ended).
void cr_deploy_clear(Crema__LayerParameter *layer, const char *const *kept);

#endif
