package classifier

import "testing"

func TestFoldWord_ReadsDigitsAsLetters(t *testing.T) {
	for typed, want := range map[string]string{
		"ка3ино": "казино", "каз1но": "каз1но", "р4б0та": "работа", "4еловек": "человек", "д3ньги": "деньги",
		"в3рн3м": "вернем",
		"0плата": "оплата", "н0": "н0", "эт0": "это", "3ара60ток": "заработок", "р@бот@": "работа", "ве4ер": "вечер",
		"p4ssw0rd": "password", "c4sin0": "casino", "fr33ly": "freely", "7his": "this", "ca$h": "cash",
		"kaзин0": "казино",
	} {
		if got := foldedText(typed); got != want {
			t.Errorf("%q is read as %q, want %q", typed, got, want)
		}
	}
}

func TestFoldWord_KeepsNumbers(t *testing.T) {
	for _, word := range []string{
		"1ші", "3інші", "5те", "10ға", "5тілік", "5ти", "2024жылы", "қазақ100", "3й", "4го",
		"4th", "3rd", "7pm", "mp3", "covid19", "ps5", "100k", "5000тг",
	} {
		if got := foldedText(word); got != word {
			t.Errorf("%q is read as %q", word, got)
		}
	}
}
