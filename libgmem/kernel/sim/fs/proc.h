/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files with content that is made when they are opened; paths.c has their names. */
#ifndef SIM_FS_PROC_H
#define SIM_FS_PROC_H

#include "kernel/sim/internal.h"

typedef void sim_generate(struct gmem_sim *sim, struct sim_text *text);

/* proc_memory.c */
sim_generate sim_proc_meminfo;
sim_generate sim_sys_node0_meminfo;
sim_generate sim_sys_node1_meminfo;
sim_generate sim_proc_iomem;
sim_generate sim_proc_zoneinfo;
sim_generate sim_proc_vmstat;
ssize_t sim_kpageflags(struct gmem_sim *sim, void *buffer, size_t length, uint64_t offset);

/* proc_host.c */
sim_generate sim_proc_osrelease;
sim_generate sim_proc_version;
sim_generate sim_proc_cmdline;
sim_generate sim_proc_interrupts;
sim_generate sim_proc_cpuinfo;
sim_generate sim_config;
sim_generate sim_sys_vmcoreinfo;
sim_generate sim_sys_lockdown;
sim_generate sim_sys_btf;
sim_generate sim_sys_tdx_version;
sim_generate sim_sys_misc;
sim_generate sim_sys_misc_used;
sim_generate sim_sys_nodes;
sim_generate sim_sys_node0_cpus;
sim_generate sim_sys_node0_distance;
sim_generate sim_sys_node1_cpus;
sim_generate sim_sys_node1_distance;
sim_generate sim_sys_cpus;
sim_generate sim_proc_status;
sim_generate sim_proc_comm;
sim_generate sim_proc_mounts;
sim_generate sim_yes;
sim_generate sim_sys_halt_poll;
sim_generate sim_sys_kvm_refcnt;
sim_generate sim_two;
sim_generate sim_zero;
sim_generate sim_nothing;
sim_generate sim_sys_pstore;

/* proc_self.c */
sim_generate sim_proc_maps;
void sim_proc_fdinfo(const struct sim_file *file, struct sim_text *text);

#endif
