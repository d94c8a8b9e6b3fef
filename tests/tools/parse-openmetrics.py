#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads OpenMetrics from standard input with the parser of python3-prometheus-client, and prints
each family: its type, its name, its unit. Fails where the text is not what the specification asks
for, or a sample has a timestamp."""
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

for family in text_string_to_metric_families(sys.stdin.read()):
    if not family.documentation or not family.samples:
        sys.exit(f"{family.name}: without help or without samples")
    for sample in family.samples:
        if sample.timestamp is not None:
            sys.exit(f"{sample.name}: it has a timestamp")
    print(family.type, family.name, family.unit or "-")
