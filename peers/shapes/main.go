// Writes lib/api/data/shapes.json: for every type that the API serves, its fields in the order, with the Go types and the
// omission rules that kube-apiserver decodes and encodes them by. Run in peers/: go run ./shapes ../lib/api/data
package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// Types with their own JSON form.
var special = map[string]bool{
	"io.k8s.apimachinery.pkg.apis.meta.v1.Time":                                             true,
	"io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime":                                        true,
	"io.k8s.apimachinery.pkg.apis.meta.v1.Duration":                                         true,
	"io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1":                                         true,
	"io.k8s.apimachinery.pkg.api.resource.Quantity":                                         true,
	"io.k8s.apimachinery.pkg.util.intstr.IntOrString":                                       true,
	"io.k8s.apimachinery.pkg.runtime.RawExtension":                                          true,
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON":                         true,
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray":       true,
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool":        true,
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": true,
}

// Request options are read from queries, not from bodies.
var skippedKinds = map[string]bool{"ListOptions": true, "GetOptions": true, "CreateOptions": true, "UpdateOptions": true, "PatchOptions": true}

type shapes map[string][]string

// definition is the type's name in the OpenAPI document.
func definition(t reflect.Type) string {
	path := strings.TrimPrefix(t.PkgPath(), "k8s.io/")
	return "io.k8s." + strings.ReplaceAll(path, "/", ".") + "." + t.Name()
}

func (s shapes) typeText(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + s.typeText(t.Elem())
	case reflect.Struct:
		s.add(t)
		return definition(t)
	}
	// A named type is written `v1.PullPolicy=string`.
	named := ""
	if t.PkgPath() != "" {
		named = t.String() + "="
	}
	switch t.Kind() {
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return named + "bytes"
		}
		return named + "[]" + s.typeText(t.Elem())
	case reflect.Map:
		return named + "map " + s.typeText(t.Elem())
	}
	return named + t.Kind().String()
}

func (s shapes) add(t reflect.Type) {
	name := definition(t)
	if _, known := s[name]; known || special[name] {
		return
	}
	s[name] = []string{}
	s[name] = append(s[name], s.fields(t, "")...)
}

// fields gives `NAME? TYPE` for a field omitted when empty, `NAME?0` when it is also omitted at its zero value, `NAME!` otherwise.
// A field of an embedded struct is written `EMBEDDED/NAME`: the decoder's messages name the struct.
func (s shapes) fields(t reflect.Type, prefix string) (out []string) {
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		if (field.Anonymous && name == "") || strings.Contains(options, "inline") {
			embedded := field.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			out = append(out, s.fields(embedded, prefix+field.Name+"/")...)
			continue
		}
		mark := "!"
		if strings.Contains(options, "omitempty") {
			mark = "?"
		}
		if strings.Contains(options, "omitzero") {
			mark += "0"
		}
		out = append(out, prefix+name+mark+" "+s.typeText(field.Type))
	}
	return out
}

type discovery struct {
	Api, Apis struct {
		Items []struct {
			Metadata struct{ Name string }
			Versions []struct{ Version string }
		}
	}
}

func served(data string) map[schema.GroupVersion]bool {
	text, err := os.ReadFile(filepath.Join(data, "discovery.json"))
	must(err)
	var d discovery
	must(json.Unmarshal(text, &d))
	versions := map[schema.GroupVersion]bool{}
	for _, group := range append(d.Api.Items, d.Apis.Items...) {
		for _, version := range group.Versions {
			versions[schema.GroupVersion{Group: group.Metadata.Name, Version: version.Version}] = true
		}
	}
	return versions
}

func main() {
	must(apiextensionsv1.AddToScheme(scheme.Scheme))
	must(apiregistrationv1.AddToScheme(scheme.Scheme))
	versions := served(os.Args[1])
	found, kinds := shapes{}, map[string]string{}
	for gvk, t := range scheme.Scheme.AllKnownTypes() {
		meta := strings.HasSuffix(t.PkgPath(), "/meta/v1")
		if !versions[gvk.GroupVersion()] || skippedKinds[gvk.Kind] || (meta && gvk.Group != "") {
			continue
		}
		found.add(t)
		kinds[gvk.Group+"/"+gvk.Version+"/"+gvk.Kind] = definition(t)
	}
	for _, object := range []any{metav1.PartialObjectMetadata{}, metav1.PartialObjectMetadataList{}} {
		t := reflect.TypeOf(object)
		found.add(t)
		kinds["meta.k8s.io/v1/"+t.Name()] = definition(t)
	}
	text, err := json.MarshalIndent(map[string]any{"kinds": kinds, "shapes": found}, "", " ")
	must(err)
	must(os.WriteFile(filepath.Join(os.Args[1], "shapes.json"), append(text, '\n'), 0o644))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
