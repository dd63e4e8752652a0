package web

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/txn"
)

// idempotencyKey parses the Idempotency-Key header. It returns nil if there is none. The route in the key is the path
// with its ids, so the same key used for two comments names two requests.
func idempotencyKey(c echo.Context, site int64, account string, in any) (*txn.IdempotencyKey, error) {
	values, sent := c.Request().Header["Idempotency-Key"]
	if !sent {
		return nil, nil
	}
	if len(values) != 1 || !ValidKey(values[0]) {
		return nil, problem.Field("Idempotency-Key",
			"An Idempotency-Key has 16 to 128 random characters, letters and digits.")
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("hash the body: %w", err)
	}
	sum := sha256.Sum256(body)
	route := c.Request().Method + " " + c.Request().URL.Path
	return &txn.IdempotencyKey{Site: site, Route: route, Account: account, Value: values[0], Body: sum[:]}, nil
}

// MarkReplayed sets the Idempotency-Replayed header if the response repeats an earlier one.
func MarkReplayed(c echo.Context, again bool) {
	if again {
		c.Response().Header().Set("Idempotency-Replayed", "true")
	}
}

// ParseLimit parses the query parameter limit. It returns 0 if there is none; the list then applies its default.
func ParseLimit(c echo.Context) (int, error) {
	given := c.QueryParam("limit")
	if given == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n == 0 {
		return 0, problem.Query("limit", "A limit is a number, 1 or more.")
	}
	return n, nil
}
