package classifier

import "strings"

// author adds the tokens of the author's name, e-mail and website.
func (r *reader) author(c Comment) {
	if name := r.field(c.Author); name != "" {
		r.put(kindName, "", name)
		words := strings.Fields(name)
		for _, w := range words {
			r.put(kindNameWord, "", w)
		}
		if len(words) >= longName {
			for _, w := range words {
				r.put(kindWord, "", w)
			}
			r.put(kindTrait, "name ", "long")
		}
	}
	if _, domain, ok := strings.Cut(r.field(c.Email), "@"); ok {
		r.put(kindAuthorMail, "", domain)
	}
	if host, domain, _ := splitLink(strings.TrimSpace(c.URL)); host != "" {
		r.put(kindAuthorSite, "", host)
		if domain != host {
			r.put(kindAuthorSite, "", domain)
		}
		r.put(kindHasWebsite, "", "given")
		r.put(kindHost, "", host)
		r.put(kindDomain, "", domain)
		r.put(kindTLD, "", domain[strings.LastIndexByte(domain, '.')+1:])
	}
}

// field returns a short field normalised, in lower case, with one space between its words.
func (r *reader) field(s string) string {
	s, _ = normalise(s[:min(len(s), maxValue)], func(string) {}, &shape{})
	return strings.Join(strings.Fields(strings.ToLower(s)), " ")
}
