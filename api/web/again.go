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

// idempotencyKey reads the header; nil without one. The route is the path with its ids, so that a
// key used for two comments names two requests.
func idempotencyKey(c echo.Context, site int64, account string, in any) (*txn.Key, error) {
	values, sent := c.Request().Header["Idempotency-Key"]
	if !sent {
		return nil, nil
	}
	if len(values) != 1 || !GoodKey(values[0]) {
		return nil, problem.Field("Idempotency-Key",
			"An Idempotency-Key has 16 to 128 random characters, letters and digits.")
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("hash the body: %w", err)
	}
	sum := sha256.Sum256(body)
	route := c.Request().Method + " " + c.Request().URL.Path
	return &txn.Key{Site: site, Route: route, Account: account, Value: values[0], Body: sum[:]}, nil
}

// Replayed says that an answer repeats an earlier one.
func Replayed(c echo.Context, again bool) {
	if again {
		c.Response().Header().Set("Idempotency-Replayed", "true")
	}
}

// Limit reads how many entries are wanted; 0 when it is left to the list.
func Limit(c echo.Context) (int, error) {
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
