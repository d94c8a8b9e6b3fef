// SPDX-License-Identifier: LGPL-2.1-or-later
/* Each operation of the port is counted, and fails if a test asked for that. */
#include <errno.h>
#include <string.h>

#include "kernel/sim/faults.h"
#include "kernel/sim/internal.h"

/* Whether the call that the fault is about, just counted, is one that fails. */
static bool strikes(struct sim_faults *faults)
{
	const struct gmem_fault *fault = &faults->fault;

	faults->matched++;
	if (!fault->at || faults->matched < fault->at)
		return false;
	if (faults->matched > fault->at && !fault->lasting)
		return false;
	faults->struck++;
	return true;
}

int sim_call(struct gmem_kernel *kernel, enum gmem_sim_call call, unsigned long request,
	     const char *path)
{
	struct sim_faults *faults = &to_sim(kernel)->faults;
	const struct gmem_fault *fault = &faults->fault;

	faults->calls[call]++;
	faults->calls[GMEM_SIM_ANY]++;
	if (fault->kind != GMEM_SIM_ANY && fault->kind != call)
		return 0;
	if (fault->request && fault->request != request)
		return 0;
	if (fault->path && (!path || strcmp(fault->path, path)))
		return 0;
	return strikes(faults) ? fault->error : 0;
}

void sim_call_requests(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	struct sim_faults *faults = &to_sim(kernel)->faults;

	faults->calls[GMEM_SIM_REQUEST] += n;
	for (size_t i = 0; faults->fault.kind == GMEM_SIM_REQUEST && i < n; i++) {
		if (!strikes(faults))
			continue;
		memset(requests[i].buffer, 0xfa, requests[i].length);
		requests[i].result = -EFAULT;
	}
}

void gmem_sim_set_fault(struct gmem_kernel *kernel, const struct gmem_fault *fault)
{
	to_sim(kernel)->faults = (struct sim_faults){ .fault.at = 0 };
	if (fault)
		to_sim(kernel)->faults.fault = *fault;
}

uint64_t gmem_sim_calls(const struct gmem_kernel *kernel, enum gmem_sim_call call)
{
	return to_sim(kernel)->faults.calls[call];
}
