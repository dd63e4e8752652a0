package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// perMail is the maximum number of comments in a mail.
const perMail = 10

// mails creates comments with hostile site names, page titles, author names and texts, and waits for the notification
// mails to a moderator. It checks the HTML of the mails as a mail client renders it.
func (m *matrix) mails(box *testkit.MailServer) {
	m.t.Helper()
	mail := func(choice string) {
		in := map[string]any{"mail": choice, "mail_from_score": 0}
		m.must(m.client.Call(m.t.Context(), http.MethodPatch, "/me", nil, in, nil))
	}
	fields := map[string][]string{}
	most := 0
	for _, field := range []string{"site", "title", "name", "body"} {
		fields[field] = m.given(field)
		most = max(most, len(fields[field]))
	}
	mail("none") // no mail for the comments that set titles
	for from := 0; from < most; from += perMail {
		m.siteOfMails(fmt.Sprint("mail", from), fields, from)
	}
	mail("each")
	var marks []string
	for from := 0; from < most; from += perMail {
		key := fmt.Sprint("mail", from)
		for n := from; n < min(from+perMail, most); n++ {
			mark := fmt.Sprintf("(mail %d)", n)
			in := map[string]any{"page": map[string]string{"url": fmt.Sprintf("https://%s.example/%d", key, n)},
				"author": map[string]string{"name": nthOrHarmless(fields["name"], n)}, "body": mark + " " + nthOrHarmless(fields["body"], n)}
			if m.try(http.MethodPost, "/sites/"+key+"/comments", nil, in, nil) {
				marks = append(marks, squeeze(mark))
				m.keep("mail", "name", "", "mail", mailed(nthOrHarmless(fields["name"], n)))
				m.keep("mail", "body", "", "mail", mailed(nthOrHarmless(fields["body"], n)))
			}
		}
	}
	var html strings.Builder
	testkit.Within(m.t, 2*time.Minute, "the mails come", func() bool {
		html.Reset()
		for _, mail := range box.Mails() {
			_, page, err := mail.Parts()
			m.must(err)
			html.WriteString(page)
		}
		all := squeeze(html.String())
		return !slices.ContainsFunc(marks, func(mark string) bool { return !strings.Contains(all, mark) })
	})
	var all []output
	for n, mail := range box.Mails() {
		_, page, err := mail.Parts()
		m.must(err)
		all = append(all, output{fmt.Sprintf("mail %d", n), page})
	}
	var words strings.Builder
	for _, f := range m.inspectFrames(all, asMail) {
		words.WriteString(f.Words)
	}
	m.count("mail", strings.ReplaceAll(words.String(), "\u2060", ""), "", "mail")
}

// siteOfMails creates a site with a hostile name and pages with hostile titles. One comment per page sets its title.
func (m *matrix) siteOfMails(key string, fields map[string][]string, from int) {
	m.t.Helper()
	m.must(m.client.Call(m.t.Context(), http.MethodPost, "/sites", nil,
		map[string]any{"key": key, "name": key, "origin": []string{"https://" + key + ".example"}}, nil))
	for n := range perMail {
		name := nthOrHarmless(fields["site"], from+n)
		if m.try(http.MethodPatch, "/sites/"+key, nil, map[string]string{"name": name}, nil) {
			m.keep("mail", "site", "", "mail", mailed(name))
			break
		}
	}
	var refs []testkit.CommentRef
	for n := from; n < min(from+perMail, len(fields["title"])); n++ {
		title := nthOrHarmless(fields["title"], n)
		in := map[string]any{"page": map[string]string{"url": fmt.Sprintf("https://%s.example/%d", key, n), "title": title},
			"author": map[string]string{"name": "N"}, "body": fmt.Sprintf("A text that brings a title, %d", n)}
		var c testkit.PostResult
		if m.try(http.MethodPost, "/sites/"+key+"/comments", nil, in, &c) {
			refs = append(refs, testkit.CommentRef{ID: c.ID, Version: c.Version})
			m.keep("mail", "title", "", "mail", mailed(title))
		}
	}
	m.must(m.client.Call(m.t.Context(), http.MethodPost, "/sites/"+key+"/moderation/decisions", nil,
		map[string]any{"action": "approve", "comments": refs}, nil))
}

// nthOrHarmless returns the nth string, or a harmless one if there are fewer.
func nthOrHarmless(all []string, n int) string {
	if n < len(all) {
		return all[n]
	}
	return fmt.Sprint("Nothing ", n)
}

// mailed returns the start of a text, as a mail shows it.
func mailed(text string) string {
	letters := []rune(strings.ReplaceAll(text, "\u2060", ""))
	return string(letters[:min(len(letters), 200)])
}
