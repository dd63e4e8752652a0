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

// pagesName is the folder in which the pages lie. A page's files are named by a hash of its address, so that the same
// page has the same names in each copy.
const pagesName = "pages"

func nameOf(url string) string {
	sum := sha256.Sum256([]byte(url))
	return path.Join(pagesName, hex.EncodeToString(sum[:10]))
}

// A file is one that is being written.
type file struct {
	*bufio.Writer
	to *os.File
}

func create(dir, name string) (file, error) {
	f, err := os.Create(filepath.Join(dir, filepath.FromSlash(name)))
	return file{bufio.NewWriterSize(f, 32<<10), f}, err
}

// close has the disk have all of it: the list that is written last names no page that a crash could take.
func (f file) close() error { return errors.Join(f.Flush(), f.to.Sync(), f.to.Close()) }

// A sheet is a page on its way: as JSON, in the form of the service's list of comments, and as HTML, which wants no
// script. Both grow comment by comment.
type sheet struct {
	c          *copying
	page       site.Page
	w          *i18n.Catalog
	name       string
	json, html file
	sum        hash.Hash
	out        io.Writer // of the JSON, into its sum too
	some       bool      // there are comments in it
	levels     int       // of lists that are open in the HTML
}

// What stands before the comments of a page's JSON.
type head struct {
	Page struct {
		URL   string `json:"url"`
		Title string `json:"title"`
		Open  bool   `json:"open"`
		Count int    `json:"count"`
	} `json:"page"`
	Settings any `json:"settings"`
}

// sheet begins a page. Its first comments say in which language.
func (c *copying) sheet(p site.Page, count int, first []comment.Comment) (*sheet, error) {
	s := &sheet{c: c, page: p, w: language(first), name: nameOf(p.URL), sum: sha256.New()}
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

// language is that of most of some comments.
func language(list []comment.Comment) *i18n.Catalog {
	best, votes := i18n.Languages[0].Key, map[string]int{}
	for _, m := range list {
		if votes[m.Lang]++; i18n.In(m.Lang) != nil && votes[m.Lang] > votes[best] {
			best = m.Lang
		}
	}
	return i18n.In(best)
}

// put writes comments, in the order of the thread.
func (s *sheet) put(list []comment.Comment) error {
	for _, m := range list {
		said, err := json.Marshal(s.c.Comment(m, s.page.URL))
		if err != nil {
			return err
		}
		if s.some {
			said = append([]byte{','}, said...)
		}
		s.some = true
		if _, err := s.out.Write(said); err != nil {
			return err
		}
		if err := s.say(m); err != nil {
			return err
		}
	}
	return nil
}

// say writes a comment as HTML: below the last one, beside it, or beside one that it answers.
func (s *sheet) say(m comment.Comment) error {
	switch {
	case m.Depth >= s.levels: // a list more; a parent is always here, and one level up
		_, _ = s.html.WriteString("<ol>")
		s.levels++
	default:
		_, _ = s.html.WriteString("</li>" + strings.Repeat("</ol></li>", s.levels-1-m.Depth))
		s.levels = m.Depth + 1
	}
	return templates.ExecuteTemplate(s.html, "comment", s.comment(m)) // what a write failed of, close says
}

// end finishes both files and enters the page in the list.
func (s *sheet) end(in *index) error {
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

// abandon closes the files.
func (s *sheet) abandon() error { return errors.Join(s.json.close(), s.html.close()) }

// An index is the page from which people find the others.
type index struct{ file }

func (c *copying) index() (*index, error) {
	f, err := create(c.dir, "index.html")
	if err != nil {
		return nil, err
	}
	in := &index{f}
	w := i18n.In(i18n.Languages[0].Key)
	for _, l := range i18n.Languages { // the language that the site has rules in, else the first
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

func (in *index) put(s *sheet) error {
	return templates.ExecuteTemplate(in, "entry", struct{ File, Title string }{s.name + ".html", s.page.Name()})
}

func (in *index) close() error {
	return errors.Join(templates.ExecuteTemplate(in, "foot", nil), in.file.close())
}
