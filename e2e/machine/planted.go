//go:build planted

package machine

// ownTags are the tags that this test was built with: the binary gets them too.
var ownTags = []string{"planted"}
