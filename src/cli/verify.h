/*
 * verify.h - `crema convert --verify`: source and result on the same random input.
 */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include "cli/net.h"

// Before anything is written: whether the output can be verified at all. For an ONNX model that is a Python with
// onnxruntime and numpy: $CREMA_PYTHON, or python3.
int cli_verify_check(cli_session *s, const char *output);
// Runs the net and what it has become, and prints the largest difference of each output. CLI_FAILED where one is
// beyond rtol 1e-3 and atol 1e-4.
int cli_verify(cli_session *s, const cli_net_request *request, const char *output);

#endif
