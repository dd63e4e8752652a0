package static

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// pagesName is the folder of the pages.
const pagesName = "pages"

// nameOf returns the name of a page's files without extension. It is a hash of the address, the same in each copy.
func nameOf(url string) string {
	sum := sha256.Sum256([]byte(url))
	return path.Join(pagesName, hex.EncodeToString(sum[:10]))
}

// A file is a file being written.
type file struct {
	*bufio.Writer
	to *os.File
}

func create(dir, name string) (file, error) {
	f, err := os.Create(filepath.Join(dir, filepath.FromSlash(name)))
	return file{bufio.NewWriterSize(f, 32<<10), f}, err
}

// close flushes and syncs the file, so that every page in the list, which is written last, survives a crash.
func (f file) close() error { return errors.Join(f.Flush(), f.to.Sync(), f.to.Close()) }

// A pageWriter writes a page comment by comment, as JSON in the form of the service's comment list, and as HTML without
// script.
type pageWriter struct {
	c           *copier
	page        site.Page
	w           *i18n.Catalog
	name        string
	json, html  file
	sum         hash.Hash
	out         io.Writer // writes to json and sum
	hasComments bool      // a comment was written
	levels      int       // number of open lists in the HTML
}

// head is the start of a page's JSON, before the comments.
type head struct {
	Page struct {
		URL   string `json:"url"`
		Title string `json:"title"`
		Open  bool   `json:"open"`
		Count int    `json:"count"`
	} `json:"page"`
	Settings any `json:"settings"`
}

// newPage begins a page. It is in the main language of the first comments.
func (c *copier) newPage(p site.Page, count int, first []comment.Comment) (*pageWriter, error) {
	s := &pageWriter{c: c, page: p, w: language(first), name: nameOf(p.URL), sum: sha256.New()}
	var err error
	if s.json, err = create(c.dir, s.name+".json"); err != nil {
		return nil, err
	}
	if s.html, err = create(c.dir, s.name+".html"); err != nil {
		return nil, errors.Join(err, s.json.close())
	}
	s.out = io.MultiWriter(s.json, s.sum)
	var h head
	h.Page.URL, h.Page.Title, h.Page.Count = p.URL, p.Name(), count
	h.Settings = c.Settings(c.site, s.w)
	said, err := json.Marshal(h)
	if err != nil {
		return nil, errors.Join(err, s.abandon())
	}
	_, err = s.out.Write(append(bytes.TrimSuffix(said, []byte("}")), `,"comments":[`...))
	err = errors.Join(err, templates.ExecuteTemplate(s.html, "head", s.view(count)))
	if err != nil {
		return nil, errors.Join(err, s.abandon())
	}
	return s, nil
}

// language returns the most frequent language of comments that the service has texts in, or the first one.
func language(list []comment.Comment) *i18n.Catalog {
	best, votes := i18n.Languages[0].Key, map[string]int{}
	for _, m := range list {
		if votes[m.Lang]++; i18n.In(m.Lang) != nil && votes[m.Lang] > votes[best] {
			best = m.Lang
		}
	}
	return i18n.In(best)
}

// put writes comments. They must be in the order of the thread.
func (s *pageWriter) put(list []comment.Comment) error {
	for _, m := range list {
		said, err := json.Marshal(s.c.Comment(m, s.page.URL))
		if err != nil {
			return err
		}
		if s.hasComments {
			said = append([]byte{','}, said...)
		}
		s.hasComments = true
		if _, err := s.out.Write(said); err != nil {
			return err
		}
		if err := s.writeHTML(m); err != nil {
			return err
		}
	}
	return nil
}

// writeHTML writes a comment as HTML. It opens or closes lists to reach the comment's depth.
func (s *pageWriter) writeHTML(m comment.Comment) error {
	switch {
	case m.Depth >= s.levels: // open a list: the parent is always in the copy, one level up
		_, _ = s.html.WriteString("<ol>")
		s.levels++
	default:
		_, _ = s.html.WriteString("</li>" + strings.Repeat("</ol></li>", s.levels-1-m.Depth))
		s.levels = m.Depth + 1
	}
	return templates.ExecuteTemplate(s.html, "comment", s.comment(m)) // close returns errors of earlier writes
}

// end finishes both files and adds the page to the list and the index.
func (s *pageWriter) end(in *index) error {
	_, err := io.WriteString(s.out, `],"next":null}`)
	if s.levels > 0 {
		_, _ = s.html.WriteString("</li></ol>" + strings.Repeat("</li></ol>", s.levels-1))
	}
	err = errors.Join(err, templates.ExecuteTemplate(s.html, "foot", nil))
	if err = errors.Join(err, s.abandon()); err != nil {
		return err
	}
	s.c.pages[s.page.URL] = map[string]any{"file": s.name + ".json", "sha256": hex.EncodeToString(s.sum.Sum(nil))}
	return in.put(s)
}

// abandon closes both files.
func (s *pageWriter) abandon() error { return errors.Join(s.json.close(), s.html.close()) }

// An index writes the HTML page that links to all pages.
type index struct{ file }

func (c *copier) index() (*index, error) {
	f, err := create(c.dir, "index.html")
	if err != nil {
		return nil, err
	}
	in := &index{f}
	w := i18n.In(i18n.Languages[0].Key)
	for _, l := range i18n.Languages { // the first language in which the site has rules, else the first of all
		if c.site.Settings.Rules[l.Key] != "" {
			w = i18n.In(l.Key)
			break
		}
	}
	v := view{Catalog: w, Heading: c.site.Name, Note: w.T("copy.of", "date", w.Date(c.report.At))}
	if err := templates.ExecuteTemplate(in, "head", v); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return in, nil
}

func (in *index) put(s *pageWriter) error {
	return templates.ExecuteTemplate(in, "entry", struct{ File, Title string }{s.name + ".html", s.page.Name()})
}

func (in *index) close() error {
	return errors.Join(templates.ExecuteTemplate(in, "foot", nil), in.file.close())
}
