package api

import "github.com/labstack/echo/v4"

// Routes returns the routes of the router, so that tests can check that every route is in a table.
func (s *Server) Routes() []*echo.Route { return s.echo.Routes() }

// Panics adds a route that panics.
func (s *Server) Panics(path string) {
	s.echo.GET(path, func(echo.Context) error { panic("a secret cause") })
}

// Work counts encodings and compressions of pages.
type Work struct{ Encodes, Gzips int64 }

// Work returns the counters of the cache of pages.
func (s *Server) Work() Work { return Work{s.pages.encodes.Load(), s.pages.gzips.Load()} }
