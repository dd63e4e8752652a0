package api

import "github.com/labstack/echo/v4"

// Routes lists what the router answers, so that no route is left out of a table.
func (s *Server) Routes() []*echo.Route { return s.echo.Routes() }

// Panics adds a route that panics.
func (s *Server) Panics(path string) {
	s.echo.GET(path, func(echo.Context) error { panic("a secret cause") })
}

// Work is what rendering has cost so far.
type Work struct{ Encodes, Gzips int64 }

// Work returns the counters of the cache of pages.
func (s *Server) Work() Work { return Work{s.pages.encodes.Load(), s.pages.gzips.Load()} }
