#!/bin/sh
# Builds the shop's image into FOLDER (default: images/ beside this script): `zeroplane image load FOLDER/shop.tar` brings it into a cluster.
set -eu
cd "$(dirname "$0")"
out=${1:-images}
mkdir -p "$out"
../../node_modules/.bin/node ../../scripts/image.ts images/shop.json "$out/shop.tar"
ls -l "$out"/shop.tar
