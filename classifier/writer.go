package classifier

import "strings"

// writer adds what the writer says of themselves.
func (r *reader) writer(c Comment) {
	if name := r.field(c.Author); name != "" {
		r.put(kindName, "", name)
		words := strings.Fields(name)
		for _, w := range words {
			r.put(kindNameOf, "", w)
		}
		if len(words) >= longName {
			for _, w := range words {
				r.put(kindWord, "", w)
			}
			r.put(kindTrait, "name ", "long")
		}
	}
	if _, domain, ok := strings.Cut(r.field(c.Email), "@"); ok {
		r.put(kindWriter, "", domain)
	}
	if host, domain, _ := splitLink(strings.TrimSpace(c.URL)); host != "" {
		r.put(kindSite, "", host)
		if domain != host {
			r.put(kindSite, "", domain)
		}
		r.put(kindWebsite, "", "given")
		r.put(kindHost, "", host)
		r.put(kindDomain, "", domain)
		r.put(kindTLD, "", domain[strings.LastIndexByte(domain, '.')+1:])
	}
}

// field folds a short field: its words, with one space between them.
func (r *reader) field(s string) string {
	s, _ = plain(s[:min(len(s), maxValue)], func(string) {}, &shape{})
	return strings.Join(strings.Fields(strings.ToLower(s)), " ")
}
