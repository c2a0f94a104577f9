#!/bin/sh
# Builds the guestbook's images into FOLDER (default: images/ beside this script, *.tar): `zeroplane image load FOLDER/*.tar` brings them into a cluster.
# web:2 is web:1 saying another version, for rolling updates.
set -eu
cd "$(dirname "$0")"
out=${1:-images}
node=../../node_modules/.bin/node
mkdir -p "$out"
$node ../../scripts/image.ts images/redis.json "$out/redis.tar"
$node ../../scripts/image.ts images/web.json "$out/web-1.tar"
sed -e 's/guestbook-web:1/guestbook-web:2/' -e 's/GUESTBOOK_VERSION=1/GUESTBOOK_VERSION=2/' images/web.json >images/web-2.json
trap 'rm -f images/web-2.json' EXIT
$node ../../scripts/image.ts images/web-2.json "$out/web-2.tar"
ls -l "$out"/*.tar
