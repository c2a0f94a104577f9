//go:build tools

// Package helm pins helm in a module of its own: it is built against an older Kubernetes client than the peers.
package helm

import _ "helm.sh/helm/v3/cmd/helm"
