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
var form = regexp.MustCompile(`^(?:(?:NEGATIVE |CROSSED |SQUARED |CIRCLED |PARENTHESIZED )*LATIN|REGIONAL INDICATOR SYMBOL) ` +
	`(?:SMALL |CAPITAL |LETTER |DOTLESS |SCRIPT |BLACKLETTER |INSULAR |OPEN |LONG |TURNED |REVERSED |SIDEWAYS )+` +
	`([A-Z])(?: WITH .*| BAR| ROTUNDA)?$`)

// spelled matches the Unicode name of a letter of a script that disguises mix with look-alikes. A letter that looks like
// no Latin one is taken for the first letter of its name, the group.
var spelled = regexp.MustCompile(`^(?:ARMENIAN|COPTIC|CHEROKEE|LISU)(?: SMALL| CAPITAL)? LETTER ([A-Z])`)

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
		if latin[s] == 0 && latin[prototypes.skeleton(unicode.ToUpper(r))] != 0 {
			s = prototypes.skeleton(unicode.ToUpper(r))
		}
		l, c := latin[s], cyrillic[s]
		if n := named(r, form); n != 0 && l == 0 {
			l = n
		}
		if n := named(r, spelled); n != 0 && l == 0 || n == 'i' && l == 'l' {
			l = n
		}
		if l != 0 && c == 0 {
			c = cyrillic[prototypes.skeleton(l)]
		}
		if l != 0 || c != 0 {
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
		has = has || unicode.IsLetter(r) && norm.NFD.String(string(r)) != string(r) ||
			named(r, form) != 0 || named(r, spelled) != 0
		basic := 0x400 <= r && r <= 0x45F && norm.NFD.String(string(r)) == string(r)
		if has && !basic && !unicode.Is(unicode.M, r) && !strings.ContainsRune(kept, unicode.ToLower(r)) {
			all = append(all, r)
		}
	}
	return all
}

// named returns the letter in the Unicode name of r if pattern matches the name, or 0.
func named(r rune, pattern *regexp.Regexp) rune {
	if m := pattern.FindStringSubmatch(runenames.Name(r)); m != nil {
		return rune(m[1][0]) - 'A' + 'a'
	}
	return 0
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
