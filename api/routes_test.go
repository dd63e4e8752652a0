package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitys/aitys/api/web"
)

// TestRoutes_MatchSpecification compares the route tables with openapi.yaml.
func TestRoutes_MatchSpecification(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{}
	const site = "/api/v1/sites/:site"
	for prefix, routes := range map[string][]web.Route{
		site: s.readerRoutes(), site + "/moderation": slices.Concat(s.moderatorRoutes(), s.siteAdminRoutes()),
		"/api/v1": s.adminRoutes(),
	} {
		for _, r := range routes {
			method, path, _ := strings.Cut(r.Path, " ")
			parts := strings.Split(prefix+path, "/")
			for i, part := range parts {
				if name, is := strings.CutPrefix(part, ":"); is {
					parts[i] = "{" + name + "}"
				}
			}
			item := doc.Paths.Value(strings.Join(parts, "/"))
			if item == nil || item.GetOperation(method) == nil {
				t.Errorf("%s%s is not in openapi.yaml", prefix, r.Path)
				continue
			}
			op := item.GetOperation(method)
			codes, _ := op.Extensions["x-codes"].([]any)
			same := func(what string, row, spec bool) {
				t.Helper()
				if row != spec {
					t.Errorf("%s%s: %s: the route says %v, openapi.yaml says %v", prefix, r.Path, what, row, spec)
				}
			}
			same("takes an Idempotency-Key", r.Takes&web.Key != 0,
				op.Parameters.GetByInAndName("header", "Idempotency-Key") != nil)
			same("takes JSON", r.Takes&(web.JSON|web.LongJSON) != 0, op.RequestBody != nil)
			if r.Limit != (web.Rate{}) {
				same("is limited", true, slices.Contains(codes, any("rate.limited")))
			}
			if r.Caller == web.Staff || r.Caller == web.SiteStaff || r.Bearer != "" {
				same("needs credentials", true, slices.Contains(codes, any("auth.needed")))
			}
		}
	}
}
