/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_LINUX_BPF_LOAD_H
#define GMEM_LINUX_BPF_LOAD_H

/* Calls load(arg), and keeps libbpf from printing meanwhile. Returns what load returns. */
int gmem_bpf_load_silently(int (*load)(void *arg), void *arg);

#endif
