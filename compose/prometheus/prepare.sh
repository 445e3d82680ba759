#!/bin/sh
# Lay out what Prometheus loads: the generated configuration and rules, and this stack's targets
# beside them, which cannot be mounted into a folder that is mounted read-only itself. What promtool
# refuses replaces nothing: the last good files stay.
#   prepare.sh GENERATED TARGETS FOLDER
set -eu
generated=$1 targets=$2 folder=$3
next=$folder/.next
rm -rf "$next"
mkdir -p "$next/targets"
cp "$generated"/prometheus.yml "$generated"/*.rules.yml "$next"
cp "$targets"/*.json "$next/targets"
promtool check config "$next/prometheus.yml"
rm -rf "${folder:?}"/*
mv "$next"/* "$folder"
rmdir "$next"
