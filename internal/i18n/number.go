package i18n

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/number"
)

// Number writes a quantity: 9,318 in English, 9 318 in Russian and Kazakh, with a narrow space that
// does not break.
func (c *Catalog) Number(n int) string {
	if n >= 0 && n < 1000 { // as nearly all are, and it is the same in every language
		return strconv.Itoa(n)
	}
	return c.decimal(n)
}

// Float writes a number with as many digits as it has, at most six behind the comma.
func (c *Catalog) Float(v float64) string {
	return c.decimal(v, number.MaxFractionDigits(6))
}

// Fixed writes a number with so many digits behind the comma: 17.9 in English, 17,9 in Russian and
// Kazakh.
func (c *Catalog) Fixed(v float64, digits int) string {
	return c.decimal(v, number.Scale(digits))
}

// Signed is Fixed with a plus, or a minus as wide as one.
func (c *Catalog) Signed(v float64, digits int) string {
	sign := "+"
	if v < 0 {
		sign = "−"
	}
	return sign + c.Fixed(math.Abs(v), digits)
}

// Date writes the day of a time.
func (c *Catalog) Date(t time.Time) string {
	return c.T("date.year", "day", t.Day(), "month", c.Month("date.months.full", t), "year", strconv.Itoa(t.Year()))
}

// Month is the month of a time, out of the twelve words that stand under key.
func (c *Catalog) Month(key string, t time.Time) string {
	return strings.Fields(c.T(key))[t.Month()-1]
}

func (c *Catalog) decimal(v any, how ...number.Option) string {
	return strings.ReplaceAll(c.numbers.Sprint(number.Decimal(v, how...)), "\u00a0", "\u202f")
}

// Span writes a time in its two largest units: 2 d 5 h, 1 h 50, 20 min.
func (c *Catalog) Span(d time.Duration) string {
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
			text += fmt.Sprintf(" %02d", rest/time.Minute)
		}
		return text
	}
	return ""
}
