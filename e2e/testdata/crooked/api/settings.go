package api

// Settings are by name. A comment may say часы.
var Settings = map[string]string{"open_hours": "часы"}

// Answer holds what follows from a setting, which is no place of it.
type Answer struct {
	Hours string `json:"open_hours"`
}
