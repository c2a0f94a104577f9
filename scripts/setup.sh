#!/bin/sh
# Brings a clone to where it runs: npm packages, Debian packages, bundles. Does nothing that is done already.
set -eu
cd "$(dirname "$0")/.."

step() {
  echo "zeroplane: $1" >&2
}

# npm writes node_modules/.package-lock.json last.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  step 'installing npm packages'
  # Not `npm ci`: it refuses a lockfile without the entries of platforms that our packages have no use for.
  npm install --no-save --no-fund --no-audit --loglevel=error >&2
  touch node_modules/.package-lock.json
fi

# What nodes are made of. `zeroplane up` says what is missing where it cannot be installed from here.
packages=''
need() {
  command -v "$1" >/dev/null 2>&1 || packages="$packages $2"
}
PATH="$PATH:/usr/sbin:/sbin"
need containerd containerd
need runc runc
need ip iproute2
need nft nftables
need conntrack conntrack
need mount mount
[ -x /usr/lib/cni/ptp ] || packages="$packages containernetworking-plugins"
if [ -n "$packages" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  step "installing Debian packages:$packages"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2
  # shellcheck disable=SC2086 # a list of words
  apt-get install --yes --no-install-recommends -qq $packages >&2
fi

if [ ! -e dist/zeroplane.js ] || [ -n "$(find bin lib functions agent scripts/build.ts package.json -newer dist/zeroplane.js -print -quit)" ]; then
  step 'building'
  node_modules/.bin/node scripts/build.ts
fi
