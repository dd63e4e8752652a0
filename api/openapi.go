package api

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
)

// The specification is written by hand in openapi.yaml; openapi.json is the same, for
// programs, made by `go test ./api -run TestTheSpecificationIsCurrent -update`.
//
//go:embed openapi.json
var openapiJSON []byte

func (s *Server) openapi(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Access-Control-Allow-Origin", "*") // it is public, and tools read it from anywhere
	h.Set("Cache-Control", "public, max-age=300")
	return c.Blob(http.StatusOK, "application/json", openapiJSON)
}
