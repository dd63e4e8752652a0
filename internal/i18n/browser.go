package i18n

import (
	"cmp"
	"strings"
)

// Browser says what a browser calls itself in as few words as tell it from another.
func (c *Catalog) Browser(agent string) string {
	first := func(names ...string) string {
		for _, n := range names {
			if sign, name, _ := strings.Cut(n, "="); strings.Contains(agent, sign) {
				return cmp.Or(name, sign)
			}
		}
		return ""
	}
	browser := first("Firefox", "Edg=Edge", "OPR=Opera", "YaBrowser=Yandex", "Chrome", "Safari")
	system := first("Android", "iPhone", "iPad", "Windows", "Mac OS=macOS", "CrOS=ChromeOS", "Linux")
	if browser == "" || system == "" {
		return cmp.Or(agent, c.T("sessions.unknown"))
	}
	return c.T("sessions.on", "browser", browser, "system", system)
}
