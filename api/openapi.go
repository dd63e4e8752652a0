package api

import (
	_ "embed"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
)

// The specification is written by hand in openapi.yaml; openapi.json, for programs, and docs.html, for
// people, are the same, made by `go test ./api -run TestTheSpecificationIsCurrent -update`.
//
//go:embed openapi.json
var openapiJSON []byte

var openapiFile = web.NewFile("application/json", openapiJSON)

func (s *Server) openapi(c echo.Context) error {
	// It is public, and tools read it from anywhere.
	c.Response().Header().Set("Access-Control-Allow-Origin", "*")
	return openapiFile.Serve(c, fiveMinutes)
}
