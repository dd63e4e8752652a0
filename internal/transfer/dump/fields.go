package dump

import (
	"html"
	"regexp"
	"strconv"
	"strings"
)

// A fieldType says how a source stores a field.
type fieldType uint8

const (
	plainText  fieldType = iota // text as it is
	htmlText                    // one line of text as HTML: entities, and sometimes tags
	webAddress                  // an address in which & may be written as an entity
	message                     // the comment itself, as HTML or Markdown; package markup decodes it
)

// MaxMessage is the maximum length of a comment's text in bytes. Longer comments are not imported.
const MaxMessage = 64 << 10

// maxField is the maximum length of other fields in bytes. It is above the limits of all imported fields.
const maxField = 4 << 10

// The fields that are read, by format, and how each source stores them. XML and JSON are decoded before.
var (
	wordPressPost = map[string]fieldType{
		"link": plainText, "title": htmlText, "wp:post_id": plainText, "wp:post_date_gmt": plainText,
		"wp:comment_status": plainText, "wp:status": plainText, "wp:post_parent": plainText, "wp:post_type": plainText,
		"wp:post_password": plainText,
	}
	wordPressComment = map[string]fieldType{
		"wp:comment_id": plainText, "wp:comment_author": htmlText, "wp:comment_author_email": htmlText,
		"wp:comment_author_url": webAddress, "wp:comment_author_IP": plainText, "wp:comment_date": plainText,
		"wp:comment_date_gmt": plainText, "wp:comment_content": message, "wp:comment_approved": plainText,
		"wp:comment_type": plainText, "wp:comment_parent": plainText,
	}
	disqusThreadFields = map[string]fieldType{
		"link": plainText, "title": htmlText, "createdAt": plainText, "isClosed": plainText, "isDeleted": plainText,
	}
	disqusPost = map[string]fieldType{
		"message": message, "createdAt": plainText, "isDeleted": plainText, "isSpam": plainText, "isApproved": plainText,
		"ipAddress": plainText,
	}
	disqusAuthor = map[string]fieldType{"name": htmlText, "email": htmlText}
	issoFields   = map[string]fieldType{
		"uri": plainText, "title": plainText, "remote_addr": plainText, "text": message, "author": htmlText,
		"email": htmlText, "website": webAddress,
	}
	remark42Fields = map[string]fieldType{
		"user.name": htmlText, "title": htmlText, "locator.url": webAddress, "text": message, "orig": message,
	}
	commentoFields = map[string]fieldType{
		"name": plainText, "email": plainText, "link": plainText, "url": plainText, "markdown": message, "html": message,
	}
)

// Known elements that are not imported. Unknown ones are counted.
var (
	wordPressUnread = names(`title link description pubDate language generator image cloud docs ttl lastBuildDate
		managingEditor webMaster copyright guid category author comments enclosure source wp:wxr_version wp:base_site_url
		wp:base_blog_url wp:author wp:category wp:tag wp:term wp:termmeta wp:post_date wp:post_modified
		wp:post_modified_gmt wp:ping_status wp:post_name wp:menu_order wp:is_sticky wp:attachment_url wp:postmeta
		wp:comment_user_id wp:commentmeta`)
	disqusUnread = names(`category id forum message author ipAddress username isAnonymous likes dislikes numReports
		isFlagged isHighlighted isEdited isJuliaFlagged points media parent thread feed slug identifiers clean_title`)
)

func names(list string) map[string]bool {
	all := map[string]bool{}
	for _, name := range strings.Fields(list) {
		all[name] = true
	}
	return all
}

// limit returns how many bytes of a field to keep. A message gets one more, which shows that it is too long.
func (t fieldType) limit() int {
	if t == message {
		return MaxMessage + 1
	}
	return maxField
}

// of returns the text of a stored field.
func (t fieldType) of(stored string) string {
	switch t {
	case htmlText:
		return entity.ReplaceAllStringFunc(inlineTag.ReplaceAllString(stored, ""), html.UnescapeString)
	case webAddress:
		return escapedAnd.ReplaceAllString(stored, "&")
	}
	return stored
}

var (
	// Without its semicolon it may be something else: "Salt&parsley" is no ¶.
	entity     = regexp.MustCompile(`&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});`)
	escapedAnd = regexp.MustCompile(`&(?:amp|#0*38|#[xX]0*26);`)
	inlineTag  = regexp.MustCompile(`(?i)</?(?:a|abbr|b|bdi|big|br|cite|code|del|em|font|i|ins|kbd|mark|q|s|small|span|` +
		`strike|strong|sub|sup|tt|u|wbr)(?:\s[^<>]*)?/?>`)
	reference = regexp.MustCompile(`^&#(?:([0-9]+)|[xX]([0-9a-fA-F]+));$`)
)

// unfitReference reports whether a reference names a character that XML does not allow.
func unfitReference(text []byte) bool {
	found := reference.FindSubmatch(text)
	if found == nil {
		return false
	}
	digits, base := string(found[1]), 10
	if digits == "" {
		digits, base = string(found[2]), 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return err != nil || n > 0x10FFFF || UnfitForXML(rune(n)) || n >= 0xD800 && n < 0xE000
}

// kept returns a field cut to its limit.
func (t fieldType) kept(stored string) string {
	if len(stored) > t.limit() {
		return strings.Clone(stored[:t.limit()])
	}
	return stored
}
