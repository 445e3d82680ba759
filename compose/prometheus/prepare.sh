#!/bin/sh
# Lay out what Prometheus loads: the generated configuration and rules, and this stack's targets
# beside them, which cannot be mounted into a folder that is mounted read-only itself. What promtool
# refuses replaces nothing: the last good files stay. A Prometheus that runs watches the folder of
# its targets, so the folder itself stays, and each file is replaced in one step.
#   prepare.sh GENERATED TARGETS FOLDER
set -eu
generated=$1 targets=$2 folder=$3
next=$folder/.next
rm -rf "$next"
mkdir -p "$next/targets"
cp "$generated"/prometheus.yml "$generated"/*.rules.yml "$next"
cp "$targets"/*.json "$next/targets"
promtool check config "$next/prometheus.yml"
mkdir -p "$folder/targets"
for file in "$folder"/* "$folder"/targets/*; do
    [ ! -f "$file" ] || [ -f "$next${file#"$folder"}" ] || rm "$file"
done
mv -f "$next"/targets/* "$folder/targets"
rmdir "$next/targets"
mv -f "$next"/* "$folder"
rmdir "$next"
