#!/bin/sh
# Reads the ten pictures in data/ with two nets: scripts/demo.sh CREMA
set -eu
crema=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
