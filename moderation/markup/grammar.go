package markup

import (
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

const (
	maxContainers = 7  // lists and quotes in one another
	maxParens     = 32 // in one another, in a link's destination
)

// grammar is Markdown without what a comment must not do (HTML, images, headings, tables,
// lines across) and without what surprises who never heard of Markdown (code by indenting,
// link definitions that vanish).
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
		util.Prioritized(extension.NewLinkifyParser(
			extension.WithLinkifyAllowedProtocols([]string{"http:", "https:"})), 999),
	),
)

// shallow keeps a parser of containers from nesting them without end: what would be too deep
// is text, and a line of ten thousand ">" costs no more than another.
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

// indented keeps a parser of paragraphs from passing over what is indented like code, which nobody would show then.
type indented struct{ parser.BlockParser }

func (indented) CanAcceptIndentedLine() bool { return true }

// links is goldmark's parser of links and images without the images, and without its reading
// of the whole line for each of thousands of openings.
type links struct{ parser.InlineParser }

func (links) Trigger() []byte { return []byte{'[', ']'} }

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

// destinationEnds reports whether a destination that begins here comes to an end within reason.
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
