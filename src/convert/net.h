/*
 * net.h - the net or solver that a conversion starts from, as one message.
 */
#ifndef CR_CONVERT_NET_H
#define CR_CONVERT_NET_H

#include "convert/convert.h"

// Reads input `index`: a net in any form and of any age, upgraded, or a solver. What the options ask for is done
// (unknown fields, deployment). A binary net comes without its blobs.
cr_status cr_convert_net(const cr_convert_job *job, int index, cr_message *message, cr_err *err);

#endif
