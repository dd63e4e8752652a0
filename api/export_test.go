package api

import "github.com/labstack/echo/v4"

// Routes lists what the router answers, so that no route is left out of a table.
func (s *Server) Routes() []*echo.Route { return s.echo.Routes() }

// Panics adds a route that panics.
func (s *Server) Panics(path string) {
	s.echo.GET(path, func(echo.Context) error { panic("a secret cause") })
}
