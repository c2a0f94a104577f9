#!/bin/sh
# Builds the example's image into FOLDER (default: images/ beside this script): `zeroplane image load FOLDER/redis.tar` brings it into a cluster.
set -eu
cd "$(dirname "$0")"
out=${1:-images}
mkdir -p "$out"
../../node_modules/.bin/node ../../scripts/image.ts images/redis.json "$out/redis.tar"
ls -l "$out"/*.tar
