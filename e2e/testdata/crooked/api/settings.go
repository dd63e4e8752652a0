package api

// Settings has a sentence in another language. A comment may say часы.
var Settings = map[string]string{"open_hours": "часы"}
