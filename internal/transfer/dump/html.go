package dump

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation/markup"
)

const maxContainers = 7 // nested lists and quotes that package markup shows

// sourceOf converts HTML to Markdown that looks the same. Elements without Markdown (headings, tables, colours) become
// their text; pictures and frames become their addresses. With lines, line breaks in the text are kept. It takes linear
// time.
func sourceOf(text string, lines bool) string {
	if !strings.ContainsAny(text, "<&\r\n*_`[~\\") && !startsBlock(text) {
		return text
	}
	c := converter{lines: lines}
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken: // the end; a string causes no other error
			c.end()
			return string(c.out)
		case html.TextToken:
			c.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			c.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			c.close(string(name))
		}
	}
}

// A container is an open quote or list.
type container struct {
	name   string // blockquote, ul, ol
	indent string // prefix of its lines after the first
}

// A mark is an open emphasis. at is the offset of its sign, or -1 while it is empty. There is one mark for each sign;
// depth counts its nested elements.
type mark struct {
	sign      string
	at, depth int
}

// A converter is the state of one conversion.
type converter struct {
	out   []byte
	lines bool // keep line breaks

	breaks int    // line breaks to write before the next visible text
	bullet string // list marker to write before it
	space  bool   // white space to write before it

	containers []container
	tooDeep    int // open containers that are too deep to be shown
	marks      []mark
	skipped    string           // the open element whose text is dropped, or ""
	code       *strings.Builder // text of the open code element, or nil
	codeIn     string           // pre or code
	link       *link
}

// A link is an open link.
type link struct {
	href string
	from int // where its text begins in out, or -1
	raw  strings.Builder
}

var (
	blocks = map[string]int{ // line breaks around block elements
		"p": 2, "div": 1, "section": 1, "article": 1, "h1": 2, "h2": 2, "h3": 2, "h4": 2, "h5": 2, "h6": 2, "tr": 1,
		"table": 2, "hr": 2, "dl": 2, "dt": 1, "dd": 1, "figure": 2, "center": 1, "address": 1, "form": 1,
	}
	emphases = map[string]string{
		"b": "**", "strong": "**", "i": "*", "em": "*", "cite": "*", "del": "~~", "s": "~~", "strike": "~~",
	}
)

// start handles a start tag.
func (c *converter) start(t html.Token) {
	switch {
	case c.skipped != "" || c.code != nil:
		if c.code != nil && t.Data == "br" {
			c.code.WriteByte('\n')
		}
	case t.Data == "script" || t.Data == "style":
		if t.Type == html.StartTagToken {
			c.skipped = t.Data
		}
	case t.Data == "br":
		c.breaks++
		c.space = false
	case emphases[t.Data] != "":
		c.emphasize(emphases[t.Data])
	case t.Data == "pre" || t.Data == "code":
		if t.Type == html.StartTagToken {
			c.code, c.codeIn = &strings.Builder{}, t.Data
		}
	case t.Data == "a":
		c.endLink()
		if href, ok := markup.Href(attribute(t, "href")); ok {
			c.link = &link{href: strings.NewReplacer("(", "%28", ")", "%29").Replace(href), from: -1}
		}
	case t.Data == "img", t.Data == "iframe", t.Data == "video", t.Data == "embed":
		c.picture(t)
	case t.Data == "blockquote", t.Data == "ul", t.Data == "ol":
		c.enter(t.Data)
	case t.Data == "li":
		c.item()
	case blocks[t.Data] > 0:
		c.block(blocks[t.Data])
	}
}

// close handles an end tag.
func (c *converter) close(name string) {
	switch {
	case c.skipped != "":
		if c.skipped == name {
			c.skipped = ""
		}
	case c.code != nil:
		if c.codeIn == name {
			c.endCode()
		}
	case name == "a":
		c.endLink()
	case emphases[name] != "":
		c.deemphasize(emphases[name])
	case name == "blockquote", name == "ul", name == "ol":
		c.leave(name)
	case name == "li":
		c.block(1)
		c.bullet = ""
	case blocks[name] > 0:
		c.block(blocks[name])
	}
}

func (c *converter) end() {
	if c.code != nil {
		c.endCode()
	}
	c.block(0)
}

// block ends a block. Emphasis does not span blocks: it ends here, and starts again after the block.
func (c *converter) block(breaks int) {
	c.endLink()
	c.unmark(0)
	if len(c.out) > 0 {
		c.breaks = max(c.breaks, breaks)
	}
	c.space = false
}

func (c *converter) openMark(sign string) int {
	return slices.IndexFunc(c.marks, func(m mark) bool { return m.sign == sign })
}

func (c *converter) emphasize(sign string) {
	if i := c.openMark(sign); i >= 0 {
		c.marks[i].depth++
		return
	}
	c.marks = append(c.marks, mark{sign: sign, at: -1, depth: 1})
}

func (c *converter) deemphasize(sign string) {
	i := c.openMark(sign)
	if i < 0 {
		return
	}
	if c.marks[i].depth--; c.marks[i].depth == 0 {
		c.unmark(i)
		c.marks = slices.Delete(c.marks, i, i+1)
	}
}

// unmark closes the marks from i on. They open again before the next visible text.
func (c *converter) unmark(i int) {
	for n := len(c.marks) - 1; n >= i; n-- {
		if c.marks[n].at >= 0 {
			c.out = append(c.out, c.marks[n].sign...)
		}
		c.marks[n].at = -1
	}
}

func (c *converter) enter(name string) {
	c.block(2)
	if len(c.containers) == maxContainers {
		c.tooDeep++
		return
	}
	if name != "blockquote" && len(c.containers) > 0 && c.containers[len(c.containers)-1].name != "blockquote" {
		c.breaks = min(c.breaks, 1)
	}
	indent := map[string]string{"blockquote": "> ", "ul": "  ", "ol": "   "}[name]
	c.containers = append(c.containers, container{name, indent})
}

func (c *converter) leave(name string) {
	if c.tooDeep > 0 {
		c.tooDeep--
		c.block(1)
		return
	}
	for i := len(c.containers) - 1; i >= 0; i-- {
		if c.containers[i].name == name {
			c.containers = c.containers[:i]
			c.block(2)
			c.bullet = ""
			return
		}
	}
}

func (c *converter) item() {
	c.block(1)
	if n := len(c.containers); n > 0 && c.tooDeep == 0 {
		switch c.containers[n-1].name {
		case "ul":
			c.bullet = "- "
		case "ol":
			c.bullet = "1. "
		}
	}
}

// picture writes the address of a picture or frame, or the character of an emoji picture.
func (c *converter) picture(t html.Token) {
	alt := strings.TrimSpace(attribute(t, "alt"))
	if strings.Contains(attribute(t, "class"), "emoji") || strings.Contains(attribute(t, "class"), "smiley") {
		c.text(alt)
		return
	}
	href, ok := markup.Href(attribute(t, "src"))
	if !ok || c.link != nil {
		c.text(alt)
		return
	}
	c.space = true
	c.write(href)
	c.space = true
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text writes text with decoded entities.
func (c *converter) text(text string) {
	if c.skipped != "" {
		return
	}
	if c.code != nil {
		c.code.WriteString(text)
		return
	}
	if c.link != nil {
		c.link.raw.WriteString(text)
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for text != "" {
		end := strings.IndexFunc(text, unicode.IsSpace)
		if end != 0 {
			if end < 0 {
				end = len(text)
			}
			c.write(c.escaped(text[:end]))
			text = text[end:]
			continue
		}
		blank := len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
		if n := strings.Count(text[:blank], "\n"); c.lines && n > 0 {
			if n > 1 {
				c.block(2)
			} else {
				c.breaks = max(c.breaks, 1)
			}
		} else {
			c.space = true
		}
		text = text[blank:]
	}
}

// write writes visible text, after pending line breaks, marks and white space.
func (c *converter) write(s string) {
	if s == "" {
		return
	}
	c.lead()
	for i := range c.marks {
		if c.marks[i].at < 0 {
			c.marks[i].at = len(c.out)
			c.out = append(c.out, c.marks[i].sign...)
		}
	}
	if c.link != nil && c.link.from < 0 {
		c.link.from = len(c.out)
	}
	c.out = append(c.out, s...)
}

// lead writes pending line breaks, the prefixes of containers, and white space.
func (c *converter) lead() {
	first := len(c.out) == 0
	if c.breaks > 0 || first {
		prefix := ""
		for _, in := range c.containers {
			prefix += in.indent
		}
		if !first {
			for range min(c.breaks, 2) - 1 {
				c.out = append(c.out, '\n')
				c.out = append(c.out, strings.TrimRight(prefix, " ")...)
			}
			c.out = append(c.out, '\n')
		}
		if c.bullet != "" {
			last := c.containers[len(c.containers)-1].indent
			prefix = strings.TrimSuffix(prefix, last) + c.bullet
		}
		c.out = append(c.out, prefix...)
	} else if c.space {
		c.out = append(c.out, ' ')
	}
	c.breaks, c.bullet, c.space = 0, "", false
}

// endLink closes the open link, if there is one. A link whose text is its address becomes the bare address.
func (c *converter) endLink() {
	l := c.link
	c.link = nil
	if l == nil {
		return
	}
	raw := strings.TrimSpace(l.raw.String())
	for i, m := range c.marks {
		if l.from >= 0 && m.at >= l.from { // opened within the link
			c.unmark(i)
			break
		}
	}
	switch {
	case l.from < 0:
		c.write(l.href)
	case raw == l.href || strings.TrimSuffix(raw, "/") == strings.TrimSuffix(l.href, "/"):
		c.out = append(c.out[:l.from], l.href...)
	case shortened(raw, l.href):
		c.out = append(c.out[:l.from], l.href...)
	default:
		text := string(c.out[l.from:])
		c.out = append(c.out[:l.from], "["+strings.ReplaceAll(text, "\n", " ")+"]("+l.href+")"...)
	}
}

// shortened reports whether a link's text is the beginning of its address and an ellipsis.
func shortened(text, href string) bool {
	text, cut := strings.CutSuffix(text, "...")
	if !cut {
		text, cut = strings.CutSuffix(text, "…")
	}
	_, bare, _ := strings.Cut(href, "://")
	return cut && len(text) > 8 && (strings.HasPrefix(href, text) || strings.HasPrefix(bare, text))
}

// endCode writes the open code element as a code block or a code span.
func (c *converter) endCode() {
	code, in := c.code.String(), c.codeIn
	c.code = nil
	fence := longestRun(code, '`')
	if in == "pre" {
		if code = strings.Trim(code, "\n"); strings.TrimSpace(code) == "" {
			return
		}
		sign := strings.Repeat("`", max(3, fence+1))
		c.block(2)
		for _, line := range strings.Split(sign+"\n"+code+"\n"+sign, "\n") {
			c.lead()
			c.out = append(c.out, line...)
			c.breaks = 1
		}
		c.block(2)
		return
	}
	if code = strings.Join(strings.Fields(code), " "); code == "" {
		return
	}
	sign := strings.Repeat("`", fence+1)
	if strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") {
		code = " " + code + " "
	}
	if c.link != nil {
		c.link.raw.WriteString(code)
	}
	c.write(sign + code + sign)
}

// longestRun returns the length of the longest run of a character.
func longestRun(s string, of rune) (most int) {
	n := 0
	for _, r := range s {
		if n++; r != of {
			n = 0
		}
		most = max(most, n)
	}
	return most
}
