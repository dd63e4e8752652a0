package i18n

import (
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/number"
)

// Number formats a quantity: 9,318 in English, and 9 318 in Russian and Kazakh, with a narrow no-break space.
func (c *Catalog) Number(n int) string {
	if n >= 0 && n < 1000 { // the common case; the same in every language
		return strconv.Itoa(n)
	}
	return c.decimal(n)
}

// Float formats a number with at most six fraction digits.
func (c *Catalog) Float(v float64) string {
	return c.decimal(v, number.MaxFractionDigits(6))
}

// Fixed formats a number with the given number of fraction digits: 17.9 in English, 17,9 in Russian and Kazakh.
func (c *Catalog) Fixed(v float64, digits int) string {
	return c.decimal(v, number.Scale(digits))
}

// Signed is Fixed with a plus sign or a minus sign (U+2212) of the same width.
func (c *Catalog) Signed(v float64, digits int) string {
	sign := "+"
	if v < 0 {
		sign = "−"
	}
	return sign + c.Fixed(math.Abs(v), digits)
}

// Date formats the date of a time.
func (c *Catalog) Date(t time.Time) string {
	return c.T("date.year", "day", t.Day(), "month", c.Month("date.months.full", t), "year", strconv.Itoa(t.Year()))
}

// Month returns the name of a time's month. The sentence key has the twelve names, separated by spaces.
func (c *Catalog) Month(key string, t time.Time) string {
	return strings.Fields(c.T(key))[t.Month()-1]
}

func (c *Catalog) decimal(v any, how ...number.Option) string {
	return strings.ReplaceAll(c.numbers.Sprint(number.Decimal(v, how...)), "\u00a0", "\u202f")
}

// Duration formats a duration, with two units from an hour up: 2 d 5 h, 1 h 50 min, 20 min. The minimum is one second.
func (c *Catalog) Duration(d time.Duration) string {
	const day = 24 * time.Hour
	units := []struct {
		key string
		of  time.Duration
	}{{"span.d", day}, {"span.h", time.Hour}, {"span.min", time.Minute}, {"span.s", time.Second}}
	d = max(d, time.Second)
	for _, u := range units {
		if d < u.of {
			continue
		}
		text, rest := c.T(u.key, "n", int(d/u.of)), d%u.of
		switch {
		case u.of == day && rest >= time.Hour:
			text += " " + c.T("span.h", "n", int(rest/time.Hour))
		case u.of == time.Hour && rest >= time.Minute:
			text += " " + c.T("span.min", "n", int(rest/time.Minute))
		}
		return text
	}
	return ""
}
