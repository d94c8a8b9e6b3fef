/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands that find the reason in the kernel's log. tests/hosts/kernel-lines lists the lines that
 * each command must find, and a test compares both.
 */
#ifndef GMEM_BASE_LOG_H
#define GMEM_BASE_LOG_H

#define GMEM_LOG_KVM "dmesg | grep -iE 'kvm|vmx|svm'"
#define GMEM_LOG_TDX "dmesg | grep -iE 'tdx|seamcall'"
#define GMEM_LOG_SNP "dmesg | grep -iE 'sev|snp|amd-vi|ccp'"
#define GMEM_LOG_ARM64 "dmesg | grep -iE 'vhe mode|cpu features: detected'"
#define GMEM_LOG_MEMORY "dmesg | grep -iE 'memory failure|hardware error'"

#endif
