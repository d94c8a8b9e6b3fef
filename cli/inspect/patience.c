// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/patience.h"

#include "core/clock.h"

void patience_begin(struct patience *patience, double seconds)
{
	patience->deadline = now_seconds() + (seconds > 0 ? seconds : PATIENCE_DEFAULT);
}

unsigned int patience_left(const struct patience *patience)
{
	double left = (patience->deadline - now_seconds()) * 1000;

	return left < 1 ? 1 : (unsigned int)left;
}

bool patience_is_over(const struct patience *patience)
{
	return now_seconds() >= patience->deadline;
}
