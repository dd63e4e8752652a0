package i18n

import (
	"cmp"
	"strings"
)

// BrowserName returns a short name for a User-Agent header, such as "Firefox on Linux". It returns an unknown agent
// unchanged.
func (c *Catalog) BrowserName(agent string) string {
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
