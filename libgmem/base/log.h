/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the kernel's log says why: each command finds the lines of the kernel that are named in
 * tests/hosts/kernel-lines, which a test holds against it.
 */
#ifndef GMEM_BASE_LOG_H
#define GMEM_BASE_LOG_H

#define GMEM_LOG_KVM "dmesg | grep -iE 'kvm|vmx|svm'"
#define GMEM_LOG_TDX "dmesg | grep -iE 'tdx|seamcall'"
#define GMEM_LOG_SNP "dmesg | grep -iE 'sev|snp|amd-vi|ccp'"
#define GMEM_LOG_MEMORY "dmesg | grep -iE 'memory failure|hardware error'"

#endif
