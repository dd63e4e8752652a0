package classifier

import "strings"

// Pairs of look-alike letters, from and to, compiled by eye from the fonts of common systems. Upper and lower case
// differ: Latin B looks like Cyrillic В, b like ь.
const (
	latinToCyrillic = "AА aа BВ bь CС cс EЕ eе HН hһ IІ iі JЈ jј KК kк MМ mм OО oо PР pр SЅ sѕ TТ tт XХ xх YУ yу " +
		"ƏӘ əә ƟӨ ɵө uи gд nп rг wш"
	cyrillicToLatin = "АA аa ВB вb СC сc ЕE еe НH нh ІI іi ЈJ јj КK кk МM мm ОO оo РP рp ЅS ѕs ТT тt ХX хx УY уy " +
		"ҺH һh ӏl ӀI ԁd ԛq ԝw гr үy ҮY ьb Ьb пn әə"
	greekToLatin    = "ΑA αa ΒB βb ΓG γy ΕE εe ΖZ ΗH ηn ΙI ιi ΚK κk ΜM ΝN νv ΟO οo ΡP ρp σo ςs ΤT τt ΥY υu ΧX χx ωw πn"
	greekToCyrillic = "ΑА αа ΒВ βв ΓГ γу ΕЕ εе ΖЗ ΗН ηп ΙІ ιі ΚК κк ΜМ ΟО οо ΡР ρр σо ςѕ ΤТ τт ΥУ υи ΧХ χх ωш πп"
	// small capitals, Armenian
	oddToLatin = "ɑa ɡg ıi ɩi ʟl ɴn ʀr ʏy ɪi ʙb ɢg ʜh ᴀa ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz ꜰf ꜱs օo ոn " +
		"սu հh ցg"
)

var (
	toLatin    = pairs(cyrillicToLatin, greekToLatin, oddToLatin)
	toCyrillic = pairs(latinToCyrillic, greekToCyrillic)
)

// pairs parses lists of two-letter pairs into a map from the first letter to the second.
func pairs(lists ...string) map[rune]rune {
	m := map[rune]rune{}
	for _, list := range lists {
		for p := range strings.FieldsSeq(list) {
			two := []rune(p)
			m[two[0]] = two[1]
		}
	}
	return m
}

// lookAlike returns the letter of a script, cyrillic or else latin, that r looks like, or r.
func lookAlike(r rune, to script) rune {
	m := toLatin
	if to == cyrillic {
		m = toCyrillic
	}
	if l, ok := m[r]; ok {
		return l
	}
	return r
}

// Skeleton replaces each letter with the Latin letter that it looks like. Texts that look the same have the same
// skeleton, as in Unicode Technical Standard 39.
func Skeleton(s string) string {
	return strings.Map(func(r rune) rune { return lookAlike(r, latin) }, s)
}

// ConfusableSkeleton is Skeleton for names. It also replaces characters of other alphabets with the Latin letters that
// Unicode's table of confusables gives.
func ConfusableSkeleton(s string) string {
	return strings.Map(func(r rune) rune {
		if l := lookAlike(r, latin); l != r || keyboardLetter(r) {
			return l
		}
		if t := confusableMap()[r]; t.latin != 0 {
			return t.latin
		}
		return r
	}, s)
}
