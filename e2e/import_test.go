package e2e

import (
	"fmt"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// chooseFile chooses a file with a content in the field with a label.
func chooseFile(tab *testkit.Tab, label, name, content string) error {
	return tab.Holds(fmt.Sprintf(`(() => {
		const field = [...document.querySelectorAll("input[type=file]")].find(e => e.labels[0]?.textContent === %q)
		const chosen = new DataTransfer()
		chosen.items.add(new File([%q], %q))
		field.files = chosen.files
		return field.files.length === 1
	})()`, label, content, name))
}

// An owner imports a file of the old blog, and readers see its comments. The page has no script for it.
func TestImport_OwnerChecksAndImportsFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const file = `<?xml version="1.0"?><rss xmlns:wp="http://wordpress.org/export/1.2/"><channel><item>` +
		`<title>Post</title><link>https://old.example/post</link><wp:comment><wp:comment_id>1</wp:comment_id>` +
		`<wp:comment_author>Ann</wp:comment_author><wp:comment_date_gmt>2020-01-01 00:00:00</wp:comment_date_gmt>` +
		`<wp:comment_content>Said on the old blog.</wp:comment_content><wp:comment_approved>1</wp:comment_approved></wp:comment>` +
		`</item></channel></rss>`
	tab := w.tab(390, 844, false)
	w.signIn(tab, email)
	w.steps(tab,
		func() error { return tab.Go(w.service.URL + "/moderate/blog/settings/data") },
		func() error { return chooseFile(tab, "File", "old-blog.xml", file) },
		func() error { return tab.Click("button", "Check the file") },
		func() error { return tab.See("heading", "Import from WordPress") },
		func() error {
			return tab.Holds(`document.querySelector("main").textContent.includes("There are no new comments")`)
		},
		func() error { return tab.Type("textbox", "New address", w.blog.URL) },
		func() error { return tab.Click("button", "Check again") },
		func() error { return tab.Click("button", "Import 1 comment") },
		func() error {
			return tab.Holds(`document.querySelector("main").textContent.includes("The import is complete.")`)
		},
		func() error { return tab.Go(fmt.Sprintf("%s/sites/blog/page?url=%s/post", w.service.URL, w.blog.URL)) },
		func() error { return tab.Holds(`document.body.textContent.includes("Said on the old blog.")`) },
	)
}
