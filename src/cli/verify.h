/*
 * verify.h - `crema convert --verify`: source and result on the same random input.
 */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include "cli/net.h"

// Before anything is written: whether the output can be verified at all. For an ONNX model that takes a Python with
// onnxruntime and numpy: $CREMA_PYTHON, or python3.
int cli_verify_check(cli_session *s, const char *output);
// Runs the net and what it has become, and prints the largest difference of each output. CLI_FAILED where one is
// beyond 1e-3 relative and 1e-4 absolute; half: weights have been rounded, ten times that.
int cli_verify(cli_session *s, const cli_net_request *request, const char *output, bool half);

// The part for ONNX.
int cli_verify_onnx_check(cli_session *s);
int cli_verify_onnx(cli_session *s, const cli_net_request *request, const char *output);

// Values between -1 and 1, the same every time from the same state on.
#define CLI_VERIFY_SEED 88172645463325252ull
void cli_verify_fill(float *data, int64_t n, uint64_t *state);

#endif
