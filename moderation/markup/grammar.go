package markup

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/aitys/aitys/classifier/address"
)

const (
	maxContainers = 7  // nested lists and quotes
	maxParens     = 32 // nested, in a link's destination
)

// grammar is Markdown without elements that comments must not have (HTML, images, headings, tables, thematic breaks),
// and without those that surprise people who do not know Markdown (indented code, link reference definitions).
var grammar = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(shallow{parser.NewListParser()}, 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
		util.Prioritized(indented{parser.NewParagraphParser()}, 1000),
	),
	parser.WithInlineParsers(
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(links{parser.NewLinkParser()}, 200),
		util.Prioritized(parser.NewAutoLinkParser(), 300),
		util.Prioritized(parser.NewEmphasisParser(), 500),
		util.Prioritized(extension.NewStrikethroughParser(), 500),
		util.Prioritized(autolinks{}, 999),
	),
)

// shallow limits the nesting of a container parser. Deeper containers are text, so a line of ten thousand ">" costs no
// more than any other.
type shallow struct{ parser.BlockParser }

func (s shallow) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		if n.Kind() == ast.KindList || n.Kind() == ast.KindBlockquote {
			depth++
		}
	}
	if depth >= maxContainers {
		return nil, parser.NoChildren
	}
	return s.BlockParser.Open(parent, r, pc)
}

// indented lets a paragraph parser accept lines that are indented like code. Otherwise no parser would accept them,
// and they would be lost.
type indented struct{ parser.BlockParser }

func (indented) CanAcceptIndentedLine() bool { return true }

// links is goldmark's parser of links and images, without its repeated scan of the line for thousands of brackets.
type links struct{ parser.InlineParser }

func (l links) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if len(line) > 1 && line[0] == ']' && line[1] == '(' && !destinationEnds(line[2:]) {
		return nil
	}
	return l.InlineParser.Parse(parent, block, pc)
}

func (l links) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	l.InlineParser.(parser.CloseBlocker).CloseBlock(parent, block, pc)
}

// destinationEnds reports whether a link destination at the start of line ends within maxHref bytes and maxParens
// levels.
func destinationEnds(line []byte) bool {
	depth := 0
	for _, c := range line[:min(len(line), maxHref)] {
		switch {
		case util.IsSpace(c):
			return true
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
		if depth < 0 {
			return true
		}
		if depth > maxParens {
			return false
		}
	}
	return false
}

// autolinks links the web addresses that package address finds, and e-mail addresses.
type autolinks struct{}

// addressesKey is the context key of all addresses in the source, in order.
var addressesKey = parser.NewContextKey()

// parse parses a source as a comment.
func parse(source []byte) ast.Node {
	pc := parser.NewContext()
	pc.Set(addressesKey, address.Find(string(source)))
	return grammar.Parse(text.NewReader(source), parser.WithContext(pc))
}

// Trigger returns all punctuation and white space. goldmark starts parsers at a letter only at the start of a line or
// after another element.
func (autolinks) Trigger() []byte { return []byte(" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") }

func (autolinks) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, segment := block.PeekLine()
	if segment.Padding > 0 {
		return nil
	}
	all := pc.Get(addressesKey).([]address.Address)
	i, _ := slices.BinarySearchFunc(all, segment.Start, func(a address.Address, at int) int { return cmp.Compare(a.From, at) })
	if i < len(all) && all[i].To <= segment.Stop {
		from, to := all[i].From-segment.Start, all[i].To-segment.Start
		if !hasTrigger(line[:from]) {
			return autolink(ast.AutoLinkURL, parent, block, from, to)
		}
		line = line[:from] // may start with an e-mail address
	}
	from := 0
	if slices.Contains([]byte(" *_~("), line[0]) {
		from = 1
	}
	if size := email(line[from:]); size > 0 {
		return autolink(ast.AutoLinkEmail, parent, block, from, from+size)
	}
	return nil
}

// hasTrigger reports whether a line has, after its first character, another one at which goldmark starts a parser.
func hasTrigger(line []byte) bool {
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line) && util.IsPunct(line[i+1]):
			i++
		case i > 0 && (util.IsPunct(line[i]) || util.IsSpace(line[i])):
			return true
		}
	}
	return false
}

// email returns the length of the e-mail address at the start of a line, or 0.
func email(line []byte) int {
	if len(line) == 0 || util.IsPunct(line[0]) {
		return 0
	}
	size := util.FindEmailIndex(line)
	if size < 0 {
		return 0
	}
	size = len(bytes.TrimRight(line[:size], "."))
	if _, domain, _ := bytes.Cut(line[:size], []byte("@")); bytes.IndexByte(domain, '.') < 0 {
		return 0
	}
	if size < len(line) && (line[size] == '-' || line[size] == '_') {
		return 0
	}
	return size
}

// autolink consumes the text before an address and the address, and returns its link.
func autolink(kind ast.AutoLinkType, parent ast.Node, block text.Reader, from, to int) ast.Node {
	line, segment := block.PeekLine()
	if from > 0 {
		ast.MergeOrAppendTextSegment(parent, segment.WithStop(segment.Start+from))
	}
	n := ast.NewAutoLink(kind, ast.NewTextSegment(text.NewSegment(segment.Start+from, segment.Start+to)))
	if kind == ast.AutoLinkURL && line[from]|0x20 == 'w' {
		n.Protocol = []byte("http")
	}
	block.Advance(to)
	return n
}
