package ground

// defaultRules stand above the form of a site that wrote none of its own.
var defaultRules = map[string]string{
	"en": "All comments are reviewed by a moderator. Do not submit your comment more than once or it may be " +
		"identified as spam. Please treat others with respect. Comments containing hate speech, obscenity, and " +
		"personal attacks will not be approved.",
	"ru": "Все комментарии проверяет модератор. Не отправляйте один и тот же комментарий повторно, иначе его могут " +
		"принять за спам. Пожалуйста, относитесь к другим с уважением. Комментарии, содержащие язык вражды, " +
		"непристойности и личные нападки, не будут одобрены.",
	"kk": "Барлық пікірді модератор тексереді. Пікіріңізді қайта жібермеңіз, әйтпесе ол спам деп танылуы мүмкін. " +
		"Өзгелерге құрметпен қараңыз. Өшпенділік тілі, әдепсіз сөздер мен жеке басқа тиісу бар пікірлер жарияланбайды.",
}

// RulesText returns the rules in a language: the site's own, else the default. A language
// other than en, ru and kk is read in English.
func (s Settings) RulesText(lang string) string {
	if _, known := defaultRules[lang]; !known {
		lang = "en"
	}
	if own := s.Rules[lang]; own != "" {
		return own
	}
	return defaultRules[lang]
}
