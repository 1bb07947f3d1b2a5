/*
 * results.h - the outputs of `crema run` as a person wants them: classes with their scores, boxes in the
 * picture's own pixels, shape and range of anything else; or all of it as JSON.
 *
 * An output is a table of classes when it is N x C (more axes only of 1) and each row looks like what Softmax
 * makes: not negative, sum 1. --top makes it one whatever its values are. Boxes are outputs of a layer of type
 * DetectionOutput: rows of image, class, score, x0, y0, x1, y1 with places from 0 to 1.
 */
#ifndef CLI_RESULTS_H
#define CLI_RESULTS_H

#include "cli/inputs.h"
#include "cli/labels.h"

typedef struct cli_results {
    const cli_net *net;
    const cli_inputs *inputs;
    cli_labels labels;
    int64_t top;     // classes or boxes to show for an image; 0: not given
    float min_score; // of boxes and classes
    const char *draw;
    bool json;
} cli_results;

extern const cli_option cli_result_options[];

// What can be known before the net is loaded; labels are read.
int cli_results_parse(cli_session *s, const cli_args *args, cli_results *out);
// What can be known before it runs.
int cli_results_check(cli_session *s, const cli_results *r);
int cli_results_draw(cli_session *s, const cli_results *r, crema_runner *runner);
int cli_results_print(cli_session *s, const cli_results *r, crema_runner *runner);

#endif
