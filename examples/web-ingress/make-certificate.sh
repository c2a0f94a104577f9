#!/bin/sh
# A certificate for the two hosts, signed by itself, as Secret shop-tls (kubectl and openssl are needed). Browsers will warn of it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=shop.example \
  -addext subjectAltName=DNS:shop.example,DNS:docs.example \
  -keyout "$folder/tls.key" -out "$folder/tls.crt" 2>/dev/null
kubectl create secret tls shop-tls --cert="$folder/tls.crt" --key="$folder/tls.key" --dry-run=client -o yaml | kubectl apply -f -
