package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/runenames"
)

// kept are Cyrillic letters that the table leaves out because they are common in their languages.
const kept = "йёїўіәғқңөұүһ"

// form matches the Unicode name of a variant of a Latin letter. Its group is the letter.
var form = regexp.MustCompile(
	`^LATIN (?:SMALL |CAPITAL |LETTER |DOTLESS |SCRIPT |BLACKLETTER |INSULAR |OPEN |LONG )+([A-Z])(?: WITH .*)?$`)

// confusables reads Unicode's confusables.txt from standard input and prints classifier/confusables.txt: each character
// that looks like an English or Russian letter, with that letter.
func confusables() error {
	prototypes, version, err := readPrototypes()
	if err != nil {
		return err
	}
	latin := prototypes.letters("abcdefghijklmnopqrstuvwxyz")
	cyrillic := prototypes.letters("абвгдежзиклмнопрстуфхцчшщъыьэюя")
	all := prototypes.characters()
	var table []string
	for _, r := range all {
		s := prototypes.skeleton(r)
		if n := named(r); n != "" && latin[s] == 0 {
			s = n
		}
		if l, c := latin[s], cyrillic[s]; l != 0 || c != 0 {
			table = append(table, fmt.Sprintf("%04X%c%c", r, orHyphen(l), orHyphen(c)))
		}
	}
	fmt.Printf(`# Characters that look like a letter of English or Russian: code point, the letter in each, or a hyphen.
# Made by `+"`cd bench && go run . confusables`"+` of Unicode Security Mechanisms for UTS #39, confusables.txt,
# version %s, © Unicode, Inc., https://www.unicode.org/Public/security/%s/confusables.txt, and of the
# names and decompositions of the Unicode Character Database.
# Terms of use and licence: https://www.unicode.org/terms_of_use.html
`, version, version)
	for some := range slices.Chunk(table, 14) {
		fmt.Println(strings.Join(some, " "))
	}
	return nil
}

// prototypes maps characters to their prototypes of UTS #39.
type prototypes map[rune]string

func readPrototypes() (p prototypes, version string, err error) {
	p = prototypes{}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		line := strings.TrimPrefix(lines.Text(), "\ufeff")
		if v, ok := strings.CutPrefix(line, "# Version: "); ok {
			version = v
		}
		fields := strings.Split(line, ";")
		if len(fields) < 3 || strings.HasPrefix(line, "#") {
			continue
		}
		from, err := points(fields[0])
		if err != nil {
			return nil, "", err
		}
		to, err := points(fields[1])
		if err != nil {
			return nil, "", err
		}
		if len(from) == 1 {
			p[from[0]] = string(to)
		}
	}
	if len(p) == 0 {
		return nil, "", fmt.Errorf("standard input is not Unicode's confusables.txt")
	}
	return p, version, lines.Err()
}

// skeleton returns the skeleton of r (UTS #39, section 4) without combining marks.
func (p prototypes) skeleton(r rune) string {
	var b strings.Builder
	for _, d := range norm.NFD.String(string(r)) {
		if to, ok := p[d]; ok {
			b.WriteString(to)
		} else {
			b.WriteRune(d)
		}
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.M, r) {
			return -1
		}
		return r
	}, norm.NFD.String(b.String()))
}

// letters returns the letters of an alphabet by their skeletons.
func (p prototypes) letters(alphabet string) map[string]rune {
	twins := map[string]rune{}
	for _, r := range alphabet + strings.ToUpper(alphabet) {
		if s := p.skeleton(r); twins[s] == 0 {
			twins[s] = unicode.ToLower(r)
		}
	}
	return twins
}

// characters returns the characters that may look like another letter: those with a prototype, letters with marks, and
// variants of Latin letters, which Unicode's file does not list.
func (p prototypes) characters() (all []rune) {
	for r := rune(0x80); r < 0x20000; r++ {
		_, has := p[r]
		has = has || unicode.IsLetter(r) && (norm.NFD.String(string(r)) != string(r) || named(r) != "")
		basic := 0x400 <= r && r <= 0x45F && norm.NFD.String(string(r)) == string(r)
		if has && !basic && !unicode.Is(unicode.M, r) && !strings.ContainsRune(kept, unicode.ToLower(r)) {
			all = append(all, r)
		}
	}
	return all
}

// named returns the Latin letter that r is a variant of by its Unicode name, or "".
func named(r rune) string {
	if m := form.FindStringSubmatch(runenames.Name(r)); m != nil {
		return strings.ToLower(m[1])
	}
	return ""
}

func orHyphen(r rune) rune {
	if r == 0 {
		return '-'
	}
	return r
}

func points(s string) (all []rune, err error) {
	for _, p := range strings.Fields(s) {
		n, err := strconv.ParseUint(p, 16, 32)
		if err != nil {
			return nil, err
		}
		all = append(all, rune(n))
	}
	return all, nil
}
